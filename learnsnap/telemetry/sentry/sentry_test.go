package sentry_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry/sentry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An event is what the tests look at of one.
type event struct {
	Message, Level, Release, Environment string
	Tags                                 map[string]string
	Contexts                             map[string]map[string]any
	Exception                            []struct {
		Type, Value string
		Stacktrace  struct {
			Frames []struct {
				Function, Filename string
				ContextLine        string `json:"context_line"`
			}
		}
	}
}

// A receiver takes envelopes: lines of JSON, the third of which is the event.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	events []event
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		from := io.Reader(q.Body)
		if q.Header.Get("Content-Encoding") == "gzip" {
			unpacked, err := gzip.NewReader(q.Body)
			if err != nil {
				t.Error(err)
				return
			}
			from = unpacked
		}
		body, err := io.ReadAll(from)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies = append(r.bodies, string(body))
		lines := bytes.Split(body, []byte("\n"))
		var got event
		if len(lines) < 3 || json.Unmarshal(lines[2], &got) != nil {
			t.Errorf("no envelope: %s", body)
		}
		r.events = append(r.events, got)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) dsn() string {
	return strings.Replace(r.URL, "http://", "http://publickey@", 1) + "/7"
}

// run runs a reporter to its end while do reports.
func run(t *testing.T, reporter *sentry.Reporter, do func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- reporter.Run(ctx) }()
	do()
	cancel()
	require.NoError(t, <-ended)
}

const said = "sara@example.com +966512345678 token=hunter2 ما عاصمة مصر"

func TestErrorsAndPanicsAreReportedScrubbed(t *testing.T) {
	got := newReceiver(t)
	reporter, err := sentry.New(sentry.Config{DSN: got.dsn(), Release: "1.2.3", Environment: "test"})
	require.NoError(t, err)
	log := slog.New(telemetry.NewLogHandler(nil, telemetry.LogConfig{Also: reporter.Handlers()}))
	ctx := telemetry.WithRequestID(context.Background(), "req-1")
	run(t, reporter, func() {
		log.WarnContext(ctx, "no event")
		log.With("session", "s1").WithGroup("g").ErrorContext(ctx, "quiz failed", "page", 3, "said", said, "pin", "hunter2")
		log.ErrorContext(ctx, "write "+said, "error", fmt.Errorf("disk: %w", errors.New(said)), "code", "INTERNAL")
		slog.New(reporter.Handlers()[0]).Error(said, "x", said, "apiKey", "hunter2") // past the log's own scrubbing
		func() {
			defer func() { reporter.Panic(ctx, recover()) }()
			panic(said)
		}()
	})
	require.Len(t, got.events, 4)
	first, second, bare, panicked := got.events[0], got.events[1], got.events[2], got.events[3]
	require.Equal(t, "quiz failed", first.Message)
	require.Equal(t, "error", first.Level)
	require.Equal(t, "1.2.3", first.Release)
	require.Equal(t, "test", first.Environment)
	require.Equal(t, map[string]string{"requestId": "req-1", "session": "s1"}, first.Tags)
	require.Equal(t, "3", first.Contexts["attributes"]["g.page"])
	require.Equal(t, telemetry.Redacted, first.Contexts["attributes"]["g.pin"])
	require.Contains(t, first.Exception[0].Stacktrace.Frames[0].Function, "TestErrorsAndPanicsAreReportedScrubbed")
	require.Equal(t, "INTERNAL", second.Tags["code"])
	require.Equal(t, "disk: [redacted] [redacted] token=[redacted] [text]", second.Exception[0].Value)
	require.Equal(t, telemetry.Redacted, bare.Contexts["attributes"]["apiKey"])
	require.Equal(t, "fatal", panicked.Level)
	require.Equal(t, "panic", panicked.Exception[0].Type)
	frames := panicked.Exception[0].Stacktrace.Frames
	require.Contains(t, frames[len(frames)-1].Function+frames[len(frames)-2].Function, "TestErrorsAndPanicsAreReportedScrubbed")
	for _, body := range got.bodies {
		for _, word := range []string{"sara", "512345678", "hunter2", "عاصمة", `"context_line"`, `"ip_address"`, `"request"`} {
			require.NotContains(t, body, word)
		}
	}
}

func TestStormOfErrorsIsReportedInPart(t *testing.T) {
	got := newReceiver(t)
	reporter, err := sentry.New(sentry.Config{DSN: got.dsn(), PerMinute: 3})
	require.NoError(t, err)
	run(t, reporter, func() {
		for range 1000 {
			slog.New(reporter.Handlers()[0]).Error("storm")
		}
	})
	require.Len(t, got.events, 3)
}

func TestFlushIsGivenUp(t *testing.T) {
	began := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server sees the client leave
		began <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	reporter, err := sentry.New(sentry.Config{
		DSN: strings.Replace(server.URL, "http://", "http://key@", 1) + "/7", Flush: time.Millisecond,
	})
	require.NoError(t, err)
	for range 50 {
		reporter.Panic(t.Context(), "x")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- reporter.Run(ctx) }()
	<-began
	cancel()
	require.NoError(t, <-ended, "though the server never answers")
}

func TestWithoutADSNNothingIsReported(t *testing.T) {
	reporter, err := sentry.New(sentry.Config{})
	require.NoError(t, err)
	require.Empty(t, reporter.Handlers())
	run(t, reporter, func() { reporter.Panic(t.Context(), "x") })

	_, err = sentry.New(sentry.Config{DSN: "https://hunter2"})
	require.ErrorContains(t, err, "DSN")
	require.NotContains(t, err.Error(), "hunter2")
}
