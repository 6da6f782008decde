package paylink_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
)

// said gathers what was told, by any goroutine.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestSecretsAndBuyersAreNeverTold goes through faults whose replies repeat what was
// sent, and greps all errors, logs and URLs.
func TestSecretsAndBuyersAreNeverTold(t *testing.T) {
	fake := paylinktest.NewServer(t)
	told := &said{}
	conf := config(fake)
	conf.Log = slog.New(slog.NewJSONHandler(told, &slog.HandlerOptions{Level: slog.LevelDebug}))
	conf.Retries = 1
	client := open(t, conf)
	o := order(t)
	secrets := []string{paylinktest.APIID, paylinktest.SecretKey, o.Name, o.Mobile, o.Email}
	tell := func(err error) {
		require.Error(t, err)
		fmt.Fprintf(told, "%v %+v %#v\n", err, err, err)
		secrets = append(secrets, fake.Tokens()...)
	}
	create := func() error {
		_, err := client.Create(t.Context(), o)
		return err
	}

	wrong := conf
	wrong.SecretKey = "another-secret-key-9d2f"
	tell(open(t, wrong).Check(t.Context())) // the fake repeats the credentials
	require.NoError(t, client.Check(t.Context()))
	secrets = append(secrets, fake.Tokens()...)
	echo := "4111111111111111 " + strings.Join(secrets, " or ")
	for _, step := range []paylinktest.Step{paylinktest.Lost(), paylinktest.Half(), paylinktest.DoneBut(500), paylinktest.Refuse(400, echo), paylinktest.Refuse(500, echo)} {
		o.Number += "x"
		fake.Script(paylinktest.AddInvoice, step)
		tell(create())
	}
	fake.Script(paylinktest.AddInvoice, paylinktest.Expired(), paylinktest.Expired())
	tell(create())
	o.Mobile = "" // refused, with the name in the message
	tell(create())
	_, err := client.Invoice(t.Context(), "17")
	tell(err)

	// net/http quotes a reply that is no HTTP.
	nonsense := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			fmt.Fprintf(conn, "%s\r\n", body)
			conn.Close()
		}
	}))
	t.Cleanup(nonsense.Close)
	conf.BaseURL = nonsense.URL
	tell(open(t, conf).Check(t.Context()))

	conf.APIID = "" // not a secret; yet no error repeats it
	fmt.Fprintf(told, "%v %+v %#v\n", conf, conf, conf)
	encoded, err := json.Marshal(map[string]any{"key": conf.SecretKey})
	require.NoError(t, err)
	all := told.String() + string(encoded) + strings.Join(fake.Requests(), "\n")
	require.Contains(t, all, "performing request", "the log was written")
	for _, secret := range append(secrets, string(wrong.SecretKey), "4111111111111111") {
		if secret != "" {
			require.NotContains(t, all, secret)
		}
	}
}
