package payments

import (
	"crypto/rand"
	"log/slog"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Checkout is what a buyer fills in.
type Checkout struct {
	Pack   string `json:"pack"`            // [Pack.ID]
	Name   string `json:"name"`            // as the invoice shows it
	Mobile string `json:"mobile"`          // a Saudi mobile number, however it is written
	Email  string `json:"email,omitempty"` // optional
}

// An Order is a checkout that was found good: what is sold, to whom, for how much. Its
// buyer's name, number and address are personal data and stand in no error of this
// package.
type Order struct {
	Number   string  // ours, unique for ever
	Pack     string  // [Pack.ID]
	Pages    int     // credited when it is paid
	Amount   Halalas // to be paid
	Currency string  // [SAR]
	Name     string
	Mobile   string // "05" and eight digits
	Email    string // "" when none was given
}

// LogValue implements [slog.LogValuer]: it shows what was ordered and not by whom.
func (o Order) LogValue() slog.Value {
	return slog.GroupValue(slog.String("number", o.Number), slog.String("pack", o.Pack), slog.String("amount", o.Amount.String()))
}

// An InvalidError says which field of a [Checkout] is wrong. It does not hold what was
// filled in.
type InvalidError struct {
	Field string // "pack", "name", "mobile" or "email", as in JSON
	Why   string
}

func (e *InvalidError) Error() string { return "checkout: " + e.Field + ": " + e.Why }

// Bounds of a checkout's fields: names in characters, addresses in bytes (RFC 5321).
const (
	maxName  = 100
	maxEmail = 254
)

// Order checks a checkout, brings its fields into their normal form and returns an
// order with a fresh number. Its only error is an [*InvalidError], for the first field
// that is wrong.
func (p Packs) Order(c Checkout) (Order, error) {
	pack, ok := p.Find(c.Pack)
	if !ok {
		return Order{}, &InvalidError{"pack", "it is not on offer"}
	}
	name, ok := normalName(c.Name)
	if !ok {
		return Order{}, &InvalidError{"name", "want a name of up to 100 characters, with a letter in it"}
	}
	mobile, ok := NormalMobile(c.Mobile)
	if !ok {
		return Order{}, &InvalidError{"mobile", "want a Saudi mobile number, as in 0512345678"}
	}
	email, ok := normalEmail(c.Email)
	if !ok {
		return Order{}, &InvalidError{"email", "want an address, as in name@example.com, or none"}
	}
	return Order{
		Number: newNumber(), Pack: pack.ID, Pages: pack.Pages, Amount: pack.Price, Currency: SAR,
		Name: name, Mobile: mobile, Email: email,
	}, nil
}

// newNumber returns an order number that nobody can guess: whoever knows one can ask
// for nothing with it, but need not be able to count our orders either.
func newNumber() string { return "LS-" + rand.Text() }

// NormalMobile returns a Saudi mobile number as "05" and eight digits. It takes the
// forms in which people write them: with or without +966, 00966 or the 0, with spaces,
// dashes and brackets, in Arabic, Persian or full-width digits.
func NormalMobile(text string) (string, bool) {
	if len(text) > 100 {
		return "", false
	}
	var digits strings.Builder
	plus := false
	for _, r := range text {
		switch d, ok := digitOf(r); {
		case ok:
			digits.WriteByte('0' + d)
		case r == '+' && !plus && digits.Len() == 0:
			plus = true
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Pd, r) || strings.ContainsRune("().", r):
			// how numbers are set apart, and the marks that Arabic text puts around them
		default:
			return "", false
		}
	}
	rest, abroad := digits.String(), plus
	if !abroad {
		rest, abroad = strings.CutPrefix(rest, "00")
	}
	if home, ok := strings.CutPrefix(rest, "966"); ok {
		rest = home
	} else if abroad {
		return "", false // another country
	}
	rest = strings.TrimPrefix(rest, "0")
	if len(rest) != 9 || rest[0] != '5' {
		return "", false
	}
	return "0" + rest, true
}

// digitOf returns the value of a decimal digit of the scripts that keyboards here write.
func digitOf(r rune) (byte, bool) {
	for _, zero := range []rune{'0', '٠', '۰', '０'} {
		if r >= zero && r <= zero+9 {
			return byte(r - zero), true
		}
	}
	return 0, false
}

func normalName(text string) (string, bool) {
	if len(text) > 8*maxName || !utf8.ValidString(text) {
		return "", false
	}
	letters, control := false, false
	text = strings.Map(func(r rune) rune {
		letters = letters || unicode.IsLetter(r)
		control = control || unicode.IsControl(r) && !unicode.IsSpace(r)
		if unicode.Is(unicode.Cf, r) {
			return -1 // marks of direction turn what stands behind them on an invoice
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	return text, letters && !control && utf8.RuneCountInString(text) <= maxName
}

func normalEmail(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", true
	}
	address, err := mail.ParseAddress(text)
	ok := len(text) <= maxEmail && err == nil && address.Address == text
	return text, ok
}
