package ai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Prices is what models take, by [Model].Name ("provider/model"). It is a plain
// map: take [DefaultPrices] and change what you know better, or write your own.
type Prices map[string]Price

// A Price is what one model takes. Its JSON is flat:
// {"input":2,"output":10,"cacheRead":0.2,"over":200000,"long":{"input":4,"output":20}}.
type Price struct {
	Rates

	// Over is the number of input tokens (cached ones included) above which the
	// whole request is charged at Long; 0 means that there is no such tier. A Long
	// without an Input rate is not known, and neither is the cost then.
	Over int   `json:"over,omitzero"`
	Long Rates `json:"long,omitzero"`

	// AsOf is the day (or month) on which this was the price: "2026-10-27".
	AsOf string `json:"asOf,omitzero"`
}

// Rates are in US dollars per million tokens. A cache rate of 0 means that there is
// none of its own: such tokens are charged as Input.
type Rates struct {
	Input      float64 `json:"input"`
	Output     float64 `json:"output"` // reasoning included
	CacheRead  float64 `json:"cacheRead,omitzero"`
	CacheWrite float64 `json:"cacheWrite,omitzero"` // kept for five minutes, where that makes a difference
}

// ParsePrices reads prices as a JSON object by name:
// {"openai/gpt-6-luna":{"input":0.1,"output":0.5}}. A member that is not known and a
// rate below 0 are errors: a price that is half read would be a wrong one.
func ParsePrices(data []byte) (Prices, error) {
	var p Prices
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("parse prices: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("parse prices: something follows the object")
	}
	for model, price := range p {
		if price.Over < 0 || price.Rates.negative() || price.Long.negative() {
			return nil, fmt.Errorf("parse prices: %q: a number below 0", model)
		}
	}
	return p, nil
}

func (r Rates) negative() bool { return min(r.Input, r.Output, r.CacheRead, r.CacheWrite) < 0 }

// Free reports whether a model is known to take nothing.
func (p Prices) Free(model string) bool {
	price, ok := p.find(model)
	return ok && price.Rates == Rates{} && price.Long == Rates{}
}

// Cost returns what a reply with this usage costs in US dollars; ok is false when
// the model's price is not known. The model is named as by [Model].Name; "#2",
// which [Failover] adds to a second key of one provider, and the date of a
// snapshot ("-20251001", "-2025-10-01") make no difference, where that name has no
// price of its own. Nothing else does: a model whose name only begins the same is
// another model.
func (p Prices) Cost(model string, u Usage) (usd float64, ok bool) {
	price, ok := p.find(model)
	if !ok {
		return 0, false
	}
	rates := price.Rates
	if price.Over > 0 && u.Input > price.Over {
		if rates = price.Long; rates.Input == 0 {
			return 0, false
		}
	}
	plain := max(0, u.Input-u.CacheRead-u.CacheWrite)
	usd = float64(plain)*rates.Input + float64(u.Output)*rates.Output +
		float64(u.CacheRead)*orElse(rates.CacheRead, rates.Input) +
		float64(u.CacheWrite)*orElse(rates.CacheWrite, rates.Input)
	return usd / 1e6, true
}

func orElse(rate, other float64) float64 {
	if rate == 0 {
		return other
	}
	return rate
}

func (p Prices) find(model string) (Price, bool) {
	if price, ok := p[model]; ok {
		return price, true
	}
	name, _, _ := strings.Cut(model, "#")
	if price, ok := p[name]; ok {
		return price, true
	}
	for _, layout := range []string{"-20060102", "-2006-01-02"} {
		if at := len(name) - len(layout); at > 0 {
			if _, err := time.Parse(layout, name[at:]); err == nil {
				price, ok := p[name[:at]]
				return price, ok
			}
		}
	}
	return Price{}, false
}
