package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLogLineCarriesTheRequestOfItsContext(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{}))
	ctx := telemetry.WithRequestID(context.Background(), "req-1")

	log.InfoContext(ctx, "created", "pages", 3)
	require.Equal(t, "req-1", line(t, &out)[telemetry.RequestIDKey])

	log.With("session", "s1").InfoContext(ctx, "ready")
	got := line(t, &out)
	require.Equal(t, "req-1", got[telemetry.RequestIDKey])
	require.Equal(t, "s1", got["session"])

	log.Info("started")
	require.NotContains(t, line(t, &out), telemetry.RequestIDKey)
}

func TestLogLevelCanBeChangedLater(t *testing.T) {
	var out bytes.Buffer
	var level slog.LevelVar
	log := slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{Level: &level}))
	log.Debug("unseen")
	require.Empty(t, out.String())
	level.Set(slog.LevelDebug)
	log.Debug("seen")
	require.Equal(t, "seen", line(t, &out)["msg"])
}

func TestSecretsAreNotWritten(t *testing.T) {
	link, err := url.Parse("postgres://app:hunter2@db/quiz?sslmode=require&token=hunter2")
	require.NoError(t, err)
	header := http.Header{"Authorization": {"Bearer hunter2"}, "X-Device-Token": {"hunter2"}, "Accept": {"application/json"}}
	for name, attr := range map[string]slog.Attr{
		"by name":              slog.String("token", "hunter2"),
		"in camel case":        slog.String("deviceTokenSecret", "hunter2"),
		"in the environment":   slog.String("GEMINI_API_KEY", "hunter2"),
		"in one word":          slog.String("apikey", "hunter2"),
		"as bytes":             slog.Any("secret", []byte("hunter2")),
		"as a number":          slog.Int("pin", 22),
		"in a group":           slog.Group("request", slog.String("Cookie", "hunter2")),
		"in a secret's group":  slog.Group("credentials", slog.String("value", "hunter2")),
		"in a header":          slog.Any("header", header),
		"in an address":        slog.Any("address", link),
		"in a database's name": slog.String("DATABASE_URL", "postgres://app:hunter2@db"),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{})).LogAttrs(t.Context(), slog.LevelInfo, "m", attr)
			require.NotContains(t, out.String(), "hunter2")
			require.NotContains(t, out.String(), "22,")
			require.Regexp(t, `\[redacted\]|xxxxx`, out.String())
			require.Equal(t, []string{"Bearer hunter2"}, header["Authorization"], "the caller's header is left alone")
		})
	}
}

func TestHarmlessNamesAreWritten(t *testing.T) {
	for _, name := range []string{"keyPoints", "monkey", "authors", "route", "requestId", "keyboard", "tokenizer", "signatureAlgorithm", "pages"} {
		require.False(t, telemetry.SecretName(name), name)
	}
}

// line decodes the one line that was written, and empties out.
func line(t *testing.T, out *bytes.Buffer) map[string]any {
	t.Helper()
	var got map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	out.Reset()
	return got
}
