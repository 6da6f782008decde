package payments_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

const (
	v1     = `{"amount":150.0,"merchantEmail":"a@b.sa","transactionNo":"167845623412","merchantOrderNumber":"LS-1","orderStatus":"Paid"}`
	header = "Authorization: Bearer s3cret-of-the-shop"
	key    = "key-of-the-signature"
)

func signature(body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestProductionRefusesToStartUnprotected(t *testing.T) {
	for name, c := range map[string]struct {
		config payments.AuthenticatorConfig
		want   string // of the error; "" means none
	}{
		"nothing":                {payments.AuthenticatorConfig{Production: true}, "PAYLINK_WEBHOOK_HEADER or PAYLINK_WEBHOOK_SECRET"},
		"nothing, in a test":     {payments.AuthenticatorConfig{}, ""},
		"a header":               {payments.AuthenticatorConfig{Production: true, Header: header}, ""},
		"a signature":            {payments.AuthenticatorConfig{Production: true, HMAC: key}, ""},
		"both":                   {payments.AuthenticatorConfig{Production: true, Header: header, HMAC: key}, ""},
		"no value":               {payments.AuthenticatorConfig{Production: true, Header: "Authorization:"}, "a name and a value"},
		"no name":                {payments.AuthenticatorConfig{Header: ": Bearer x"}, "a name and a value"},
		"no colon":               {payments.AuthenticatorConfig{Header: "s3cret-of-the-shop"}, "a name and a value"},
		"a name that can't be":   {payments.AuthenticatorConfig{Header: "X Shop: s3cret-of-the-shop"}, "a name and a value"},
		"a short header":         {payments.AuthenticatorConfig{Production: true, Header: "X-Shop: hunter2"}, "at least 16"},
		"a short key":            {payments.AuthenticatorConfig{Production: true, HMAC: "hunter2"}, "at least 16"},
		"a short one, in a test": {payments.AuthenticatorConfig{Header: "X-Shop: hunter2"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := payments.NewAuthenticator(c.config)
			if c.want == "" {
				require.NoError(t, err)
				require.NotNil(t, a)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Nil(t, a)
			require.NotContains(t, err.Error(), "hunter2")
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
	_, err := payments.NewAuthenticator(payments.AuthenticatorConfig{Production: true})
	require.ErrorIs(t, err, payments.ErrUnprotected)
	_, err = new(payments.Authenticator).Accept(http.Header{}, strings.NewReader(v1))
	require.ErrorIs(t, err, payments.ErrForged, "one that nobody has configured lets nothing in")
}

func TestWebhooksAreAuthenticByHeaderSignatureOrBoth(t *testing.T) {
	auth := http.Header{"Authorization": {"Bearer s3cret-of-the-shop"}}
	signed := http.Header{"X-Paylink-Signature": {signature(v1)}}
	both := http.Header{"Authorization": auth["Authorization"], "X-Paylink-Signature": {strings.ToUpper(signature(v1))}}
	for name, c := range map[string]struct {
		config payments.AuthenticatorConfig
		header http.Header
		want   error
	}{
		"header":                     {payments.AuthenticatorConfig{Header: header}, auth, nil},
		"header set in small":        {payments.AuthenticatorConfig{Header: "authorization:Bearer s3cret-of-the-shop"}, auth, nil},
		"header missing":             {payments.AuthenticatorConfig{Header: header}, http.Header{}, payments.ErrForged},
		"header wrong":               {payments.AuthenticatorConfig{Header: header}, http.Header{"Authorization": {"Bearer s3cret-of-the-shoq"}}, payments.ErrForged},
		"header longer":              {payments.AuthenticatorConfig{Header: header}, http.Header{"Authorization": {"Bearer s3cret-of-the-shop2"}}, payments.ErrForged},
		"header empty":               {payments.AuthenticatorConfig{Header: header}, http.Header{"Authorization": {""}}, payments.ErrForged},
		"header in another case":     {payments.AuthenticatorConfig{Header: header}, http.Header{"Authorization": {"bearer S3CRET-of-the-shop"}}, payments.ErrForged},
		"header twice":               {payments.AuthenticatorConfig{Header: header}, http.Header{"Authorization": {"Bearer s3cret-of-the-shop", "x"}}, payments.ErrForged},
		"signature":                  {payments.AuthenticatorConfig{HMAC: key}, signed, nil},
		"signature missing":          {payments.AuthenticatorConfig{HMAC: key}, auth, payments.ErrForged},
		"signature of another body":  {payments.AuthenticatorConfig{HMAC: key}, http.Header{"X-Paylink-Signature": {signature("{}")}}, payments.ErrForged},
		"signature cut":              {payments.AuthenticatorConfig{HMAC: key}, http.Header{"X-Paylink-Signature": {signature(v1)[:62]}}, payments.ErrForged},
		"signature no hex":           {payments.AuthenticatorConfig{HMAC: key}, http.Header{"X-Paylink-Signature": {"sesame"}}, payments.ErrForged},
		"signature twice":            {payments.AuthenticatorConfig{HMAC: key}, http.Header{"X-Paylink-Signature": {signature(v1), signature(v1)}}, payments.ErrForged},
		"both":                       {payments.AuthenticatorConfig{Header: header, HMAC: key}, both, nil},
		"both wanted, header only":   {payments.AuthenticatorConfig{Header: header, HMAC: key}, auth, payments.ErrForged},
		"both wanted, signed only":   {payments.AuthenticatorConfig{Header: header, HMAC: key}, signed, payments.ErrForged},
		"nothing wanted, in a test":  {payments.AuthenticatorConfig{}, http.Header{}, nil},
		"nothing wanted and yet one": {payments.AuthenticatorConfig{}, auth, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := payments.NewAuthenticator(c.config)
			require.NoError(t, err)
			got, err := a.Accept(c.header, strings.NewReader(v1))
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				require.Zero(t, got)
				return
			}
			require.NoError(t, err)
			require.Equal(t, payments.Webhook{TransactionNo: "167845623412", OrderNumber: "LS-1", Status: payments.StatusPaid}, got)
		})
	}
}

func TestAWebhookIsReadOnlyAsFarAsItMustBe(t *testing.T) {
	a, err := payments.NewAuthenticator(payments.AuthenticatorConfig{Header: header})
	require.NoError(t, err)
	auth := http.Header{"Authorization": {"Bearer s3cret-of-the-shop"}}

	body := &counting{r: strings.NewReader(strings.Repeat("x", 2<<20))}
	_, err = a.Accept(http.Header{}, body)
	require.ErrorIs(t, err, payments.ErrForged)
	require.Zero(t, body.n, "a forged one is not read")

	_, err = a.Accept(auth, body)
	require.ErrorIs(t, err, payments.ErrTooLarge)
	require.Equal(t, payments.MaxWebhook+1, body.n)

	full := `{"transactionNo":"1","x":"` + strings.Repeat("x", payments.MaxWebhook-len(`{"transactionNo":"1","x":""}`)) + `"}`
	require.Len(t, full, payments.MaxWebhook)
	_, err = a.Accept(auth, strings.NewReader(full))
	require.NoError(t, err)

	broken := errors.New("connection lost")
	_, err = a.Accept(auth, io.MultiReader(strings.NewReader(v1[:20]), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)

	_, err = a.Accept(auth, strings.NewReader(v1[:40]))
	require.ErrorIs(t, err, payments.ErrMalformed)
}

type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestWebhooksAreDecodedLeniently(t *testing.T) {
	paid := payments.Webhook{TransactionNo: "167845623412", OrderNumber: "LS-1", Status: payments.StatusPaid}
	for name, c := range map[string]struct {
		body string
		want payments.Webhook
		err  error
	}{
		"version 1":                {v1, paid, nil},
		"version 2":                {`{"version":2,"transactionNo":"167845623412","merchantOrderNumber":"LS-1","orderStatus":"Paid","paymentDetails":{"x":[1]},"paymentErrors":[]}`, paid, nil},
		"a number":                 {`{"transactionNo":167845623412,"merchantOrderNumber":"LS-1","orderStatus":"PAID"}`, paid, nil},
		"other case":               {`{"TransactionNo":"167845623412","merchantordernumber":"LS-1","ORDERSTATUS":"paid"}`, paid, nil},
		"orderNumber":              {`{"transactionNo":"167845623412","orderNumber":"LS-1","orderStatus":"paid"}`, paid, nil},
		"a mark and space":         {"\xef\xbb\xbf\r\n " + v1 + "\n", paid, nil},
		"an unknown status":        {`{"transactionNo":"1","orderStatus":"Refunded"}`, payments.Webhook{TransactionNo: "1"}, nil},
		"a status of another sort": {`{"transactionNo":"1","orderStatus":7}`, payments.Webhook{TransactionNo: "1"}, nil},
		"an order alone":           {`{"merchantOrderNumber":"LS-1"}`, payments.Webhook{OrderNumber: "LS-1"}, nil},
		"an order of no ours":      {`{"transactionNo":"1","merchantOrderNumber":"طلب 7"}`, payments.Webhook{TransactionNo: "1"}, nil},
		"only an order of no ours": {`{"merchantOrderNumber":"طلب 7"}`, payments.Webhook{}, payments.ErrMalformed},
		"a settlement":             {`{"settlementNumber":"7","reconciledOrders":[]}`, payments.Webhook{}, payments.ErrNoPayment},
		"an empty object":          {`{}`, payments.Webhook{}, payments.ErrNoPayment},
		"nulls":                    {`{"transactionNo":null,"merchantOrderNumber":null}`, payments.Webhook{}, payments.ErrNoPayment},
		"a path":                   {`{"transactionNo":"../admin"}`, payments.Webhook{}, payments.ErrMalformed},
		"a fraction":               {`{"transactionNo":1.5e11}`, payments.Webhook{}, payments.ErrMalformed},
		"a negative number":        {`{"transactionNo":-1}`, payments.Webhook{}, payments.ErrMalformed},
		"too long":                 {`{"transactionNo":"` + strings.Repeat("1", 65) + `"}`, payments.Webhook{}, payments.ErrMalformed},
		"truncated":                {v1[:50], payments.Webhook{}, payments.ErrMalformed},
		"something behind":         {v1 + v1, payments.Webhook{}, payments.ErrMalformed},
		"an array":                 {`[` + v1 + `]`, payments.Webhook{}, payments.ErrMalformed},
		"null":                     {`null`, payments.Webhook{}, payments.ErrMalformed},
		"nothing":                  {``, payments.Webhook{}, payments.ErrMalformed},
		"a form":                   {`transactionNo=1`, payments.Webhook{}, payments.ErrMalformed},
		"deep":                     {strings.Repeat(`{"a":`, 12000), payments.Webhook{}, payments.ErrMalformed},
		"2 MB":                     {strings.Repeat(" ", 2<<20), payments.Webhook{}, payments.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := payments.DecodeWebhook([]byte(c.body))
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func FuzzDecodeWebhook(f *testing.F) {
	for _, seed := range []string{v1, `{}`, `[]`, `null`, `{"transactionNo":167845623412}`, `{"transactionNo":"../x"}`, `{"merchantOrderNumber":["LS-1"]}`, "\xef\xbb\xbf{}", `{"transactionNo":"1","TRANSACTIONNO":"2"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := payments.DecodeWebhook(body)
		if err != nil {
			require.Zero(t, got)
			require.True(t, errors.Is(err, payments.ErrMalformed) || errors.Is(err, payments.ErrNoPayment) || errors.Is(err, payments.ErrTooLarge))
			return
		}
		require.False(t, got.TransactionNo == "" && got.OrderNumber == "")
		for _, name := range []string{got.TransactionNo, got.OrderNumber} {
			require.True(t, name == "" || payments.IsNumber(name))
		}
	})
}
