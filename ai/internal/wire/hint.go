package wire

import (
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// Hint returns how long an error reply asks to wait, from the most to the least
// exact of its hints; 0 means that it has none. Replies without an error carry
// such headers as well: never ask there.
func Hint(h http.Header, payload []byte, now time.Time) time.Duration {
	if ms, ok := number(h.Get("Retry-After-Ms")); ok {
		return seconds(ms / 1000)
	}
	if after := h.Get("Retry-After"); after != "" {
		if s, ok := number(after); ok {
			return seconds(s)
		}
		if at, err := http.ParseTime(after); err == nil {
			return max(0, at.Sub(now))
		}
	}
	if d := retryInfo(payload); d > 0 {
		return d
	}
	if m := tryAgain.FindSubmatch(payload); m != nil {
		return duration(string(m[1]))
	}
	return 0
}

var tryAgain = regexp.MustCompile(`(?i)(?:try again|retry) in ([0-9][0-9a-z.]*)`)

// retryInfo reads google.rpc.RetryInfo out of the details of an error.
func retryInfo(payload []byte) (delay time.Duration) {
	v, err := walk.Value(payload)
	if err != nil {
		return 0
	}
	if first := firstElement(v); first != nil {
		v = first
	}
	walk.Elements(walk.Find(walk.Find(v, "error"), "details"), func(d []byte) bool {
		delay = max(delay, duration(walk.Text(walk.Find(d, "retryDelay"))))
		return true
	})
	return delay
}

// duration reads "48s", "34.4s", "6m0s", "174ms" or plain seconds; anything else,
// and what is negative or absurd, is 0.
func duration(s string) time.Duration {
	s = strings.TrimRight(strings.TrimSpace(s), ".")
	if n, ok := number(s); ok {
		return seconds(n)
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > longest {
		return 0
	}
	return d
}

const longest = 7 * 24 * time.Hour

func number(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

func seconds(s float64) time.Duration {
	if s <= 0 || s > longest.Seconds() {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}

// OpenAILimits reads the x-ratelimit headers of OpenAI and of those who speak its
// protocol; nil means that there are none.
func OpenAILimits(h http.Header, _ time.Time) *resilience.Signal {
	window := func(name string) resilience.Window {
		return resilience.Window{
			Limit: count(h.Get("X-Ratelimit-Limit-" + name)),
			Left:  count(h.Get("X-Ratelimit-Remaining-" + name)),
			Reset: duration(h.Get("X-Ratelimit-Reset-" + name)),
		}
	}
	return signal(window("Requests"), window("Tokens"))
}

// AnthropicLimits reads the anthropic-ratelimit headers; nil means that there are
// none.
func AnthropicLimits(h http.Header, now time.Time) *resilience.Signal {
	window := func(name string) resilience.Window {
		w := resilience.Window{
			Limit: count(h.Get("Anthropic-Ratelimit-" + name + "-Limit")),
			Left:  count(h.Get("Anthropic-Ratelimit-" + name + "-Remaining")),
		}
		if at, err := time.Parse(time.RFC3339, h.Get("Anthropic-Ratelimit-"+name+"-Reset")); err == nil {
			w.Reset = max(0, at.Sub(now))
		}
		return w
	}
	tokens := window("Tokens")
	if tokens.Limit == 0 {
		tokens = window("Input-Tokens")
	}
	return signal(window("Requests"), tokens)
}

func signal(requests, tokens resilience.Window) *resilience.Signal {
	if requests.Limit == 0 && tokens.Limit == 0 {
		return nil
	}
	return &resilience.Signal{Requests: requests, Tokens: tokens}
}

func count(s string) int {
	n, ok := number(s)
	if !ok || n < 0 || n > math.MaxInt32 {
		return 0
	}
	return int(n)
}
