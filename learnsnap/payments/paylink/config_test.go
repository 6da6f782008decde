package paylink_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylink"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
)

func TestAWrongConfigIsRefused(t *testing.T) {
	good := paylink.Config{APIID: "id", SecretKey: "sesame", CallbackURL: "https://quiz.example/paid"}
	_, err := paylink.New(good)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		spoil func(*paylink.Config)
		want  string
	}{
		"no id":               {func(c *paylink.Config) { c.APIID = "" }, "my.paylink.sa"},
		"no key":              {func(c *paylink.Config) { c.SecretKey = "" }, "my.paylink.sa"},
		"no host":             {func(c *paylink.Config) { c.BaseURL = "restapi.paylink.sa" }, paylink.Production},
		"a password in it":    {func(c *paylink.Config) { c.BaseURL = "https://a:sesame@restapi.paylink.sa" }, paylink.Production},
		"a query":             {func(c *paylink.Config) { c.BaseURL = "https://restapi.paylink.sa?key=sesame" }, paylink.Production},
		"no URL":              {func(c *paylink.Config) { c.BaseURL = "https://\x00" }, paylink.Production},
		"plain http":          {func(c *paylink.Config) { c.BaseURL = "http://restapi.paylink.sa" }, "must be https"},
		"no callback":         {func(c *paylink.Config) { c.CallbackURL, c.CancelURL = "", "https://quiz.example" }, "callback URL"},
		"a callback by path":  {func(c *paylink.Config) { c.CallbackURL, c.CancelURL = "/paid", "https://quiz.example" }, "callback URL"},
		"a cancel URL by ftp": {func(c *paylink.Config) { c.CancelURL = "ftp://quiz.example" }, "cancel URL"},
	} {
		bad := good
		c.spoil(&bad)
		client, err := paylink.New(bad)
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "sesame", name)
		require.Nil(t, client, name)
	}
}

func TestMoneyIsRealEverywhereButInTests(t *testing.T) {
	for url, want := range map[string]bool{
		"": true, paylink.Production: true, paylink.Sandbox: false, paylink.Sandbox + "/": false, "https://RESTPILOT.paylink.sa": false,
		"http://127.0.0.1:8080": false, "http://localhost:1": false, "http://[::1]:1": false, "https://pay.example": true,
		"https://restpilot.paylink.sa.example": true, "https://localhost.example": true, "https://\x00": true,
	} {
		require.Equal(t, want, paylink.Live(url), url)
	}
}

func TestABaseURLMayEndInASlash(t *testing.T) {
	fake := paylinktest.NewServer(t)
	conf := config(fake)
	conf.BaseURL += "/"
	require.NoError(t, open(t, conf).Check(t.Context()))
	require.Equal(t, []string{"POST /api/auth"}, fake.Requests())
}
