package payments_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

func TestTheDefaultPacksAreThoseOfTheProduct(t *testing.T) {
	packs := payments.DefaultPacks()
	require.NoError(t, packs.Validate())
	shown, err := json.Marshal(packs)
	require.NoError(t, err)
	require.JSONEq(t, `[
		{"id":"basic","pages":10,"priceHalalas":500}, {"id":"popular","pages":25,"priceHalalas":1200},
		{"id":"best","pages":60,"priceHalalas":2500}, {"id":"family","pages":150,"priceHalalas":5500}]`, string(shown))
	packs[0].Price = 1
	require.EqualValues(t, 500, payments.DefaultPacks()[0].Price, "the caller owns the slice")
}

func TestAWrongListOfPacksIsRefused(t *testing.T) {
	good := payments.Pack{ID: "a", Pages: 1, Price: 500}
	for why, packs := range map[string]payments.Packs{
		"none is on offer": nil,
		"no id":            {good, {Pages: 1, Price: 500}},
		"stands twice":     {good, good},
		"0 pages":          {{ID: "a", Price: 500}},
		"a price of 0.00":  {{ID: "a", Pages: 1}},
		"a price of -5.00": {{ID: "a", Pages: 1, Price: -500}},
		"at most":          {{ID: "a", Pages: 1, Price: payments.MaxAmount + 1}},
	} {
		require.ErrorContains(t, packs.Validate(), why)
	}
}

func TestACheckoutBecomesAnOrder(t *testing.T) {
	packs := payments.DefaultPacks()
	in := payments.Checkout{Pack: "popular", Name: " أمل\u200f  الزهراني ", Mobile: "+966 50-123 4567", Email: " amal@example.com "}
	first, err := packs.Order(in)
	require.NoError(t, err)
	require.True(t, payments.IsNumber(first.Number))
	second, err := packs.Order(in)
	require.NoError(t, err)
	require.NotEqual(t, first.Number, second.Number)
	first.Number = ""
	require.Equal(t, payments.Order{
		Pack: "popular", Pages: 25, Amount: 1200, Currency: "SAR", Name: "أمل الزهراني", Mobile: "0501234567", Email: "amal@example.com",
	}, first)
}

func TestALogShowsWhatWasOrderedAndNotByWhom(t *testing.T) {
	order, err := payments.DefaultPacks().Order(payments.Checkout{Pack: "basic", Name: "Amal", Mobile: "0501234567", Email: "amal@example.com"})
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("paid", "order", order)
	require.Contains(t, log.String(), "order.number="+order.Number)
	for _, private := range []string{"Amal", "0501234567", "amal@"} {
		require.NotContains(t, log.String(), private)
	}
}

func TestAWrongCheckoutNamesItsField(t *testing.T) {
	good := payments.Checkout{Pack: "basic", Name: "Amal", Mobile: "0501234567"}
	cases := map[string]func(*payments.Checkout){}
	for _, pack := range []string{"", "BASIC", "gold"} {
		cases["pack "+pack] = func(c *payments.Checkout) { c.Pack = pack }
	}
	for _, name := range []string{"", " ", "123", "a\x00b", "a\x1bb", "\xff\xfe", strings.Repeat("س", 101), strings.Repeat("a", 5000)} {
		cases["name "+name] = func(c *payments.Checkout) { c.Name = name }
	}
	for _, email := range []string{"amal", "@", "a@", "Amal <a@example.com>", "a@b\r\nBcc: c@d", "a@b, c@d", strings.Repeat("a", 250) + "@b.sa"} {
		cases["email "+email] = func(c *payments.Checkout) { c.Email = email }
	}
	cases["mobile 1"] = func(c *payments.Checkout) { c.Mobile = "12345" }
	for name, spoil := range cases {
		field, given, _ := strings.Cut(name, " ")
		c := good
		spoil(&c)
		order, err := payments.DefaultPacks().Order(c)
		var invalid *payments.InvalidError
		require.True(t, errors.As(err, &invalid), "%q", name)
		require.Equal(t, field, invalid.Field, "%q", name)
		require.Zero(t, order)
		if len(given) > 3 {
			require.NotContains(t, err.Error(), given, "what a buyer typed is not told on")
		}
	}
}

func TestMobileNumbersAreTakenAsPeopleWriteThem(t *testing.T) {
	for _, text := range []string{
		"0501234567", "501234567", "966501234567", "+966501234567", "00966501234567", "+9660501234567", "9660501234567",
		"050 123 4567", "050-123-4567", "(050) 123.4567", "+966 (0) 50 123 4567", " 0501234567\n", "050\u00a0123\u00a04567", "050‑123–4567",
		"٠٥٠١٢٣٤٥٦٧", "۰۵۰۱۲۳۴۵۶۷", "０５０１２３４５６７", "\u202a+966 50 123 4567\u202c", "\u200f٠٥٠-١٢٣-٤٥٦٧",
	} {
		got, ok := payments.NormalMobile(text)
		require.True(t, ok, text)
		require.Equal(t, "0501234567", got, text)
	}
	for _, text := range []string{
		"", "05", "05012345678", "050123456", "0401234567", "0112345678", "+971501234567", "00971501234567", "+0501234567", "++966501234567",
		"966", "+966", "0501234567 ext 1", "05O1234567", "0501234567;", "050123456७", strings.Repeat("0", 1000), strings.Repeat(" ", 200) + "0501234567",
	} {
		got, ok := payments.NormalMobile(text)
		require.False(t, ok, text)
		require.Empty(t, got, text)
	}
}

func FuzzNormalMobile(f *testing.F) {
	for _, seed := range []string{"0501234567", "+966 50 123 4567", "٠٥٠١٢٣٤٥٦٧", "00966", "96605", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := payments.NormalMobile(text)
		if !ok {
			require.Empty(t, got)
			return
		}
		require.Regexp(t, `^05[0-9]{8}$`, got)
		again, ok := payments.NormalMobile(got)
		require.True(t, ok)
		require.Equal(t, got, again)
	})
}

func TestASecretIsNeverShown(t *testing.T) {
	s := payments.Secret("open sesame")
	for _, text := range printed(t, s) {
		require.NotContains(t, text, "sesame")
		require.Contains(t, text, "[secret]")
	}
	require.Equal(t, "open sesame", string(s))
	require.Empty(t, payments.Secret("").String())
}
