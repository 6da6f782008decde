package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/julienschmidt/httprouter"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/storage"
)

// Inner benchmarks, for what stands around a handler has no door of its own.

// benchServer is a server as it is configured by itself, without its background work.
func benchServer(b *testing.B) (*server, http.Handler) {
	b.Helper()
	c, err := readConfig([]string{"DATA_DIR=" + b.TempDir()})
	require.NoError(b, err)
	logs, err := newLogs(b.Context(), c, io.Discard)
	require.NoError(b, err)
	engine, err := openStore(b.Context(), c, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	s, err := newServer(b.Context(), c, logs, engine)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.store.Close()) })
	h, err := s.handler()
	require.NoError(b, err)
	return s, h
}

// nothing is a ResponseWriter that costs nothing.
type nothing struct{ header http.Header }

func (n nothing) Header() http.Header         { return n.header }
func (n nothing) Write(p []byte) (int, error) { return len(p), nil }
func (n nothing) WriteHeader(int)             {}

// BenchmarkMiddleware is a request through everything that stands around a handler:
// id, protection, a limit for the address, log, metrics, objectives; and through
// httprouter alone.
func BenchmarkMiddleware(b *testing.B) {
	s, _ := benchServer(b)
	answer := func(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) error {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	plenty := func(limit.Policies) limit.Policy {
		return limit.Policy{Name: "bench", Limit: 1 << 40, Window: time.Minute}
	}
	rt := route{"GET", "/bench/:id", 0, 0, answer, plenty}
	bare, whole := httprouter.New(), httprouter.New()
	bare.GET(rt.pattern, func(w http.ResponseWriter, r *http.Request, p httprouter.Params) { _ = answer(w, r, p) })
	whole.GET(rt.pattern, s.observed(rt))
	protected := s.identified(http.NewCrossOriginProtection().Handler(whole))
	for name, h := range map[string]http.Handler{"bare": bare, "whole": protected} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/bench/1", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(nothing{http.Header{}}, r)
			}
		})
	}
}

// BenchmarkLive asks /health/live over loopback connections that stay open, and a
// handler of net/http alone that answers the same. It reports requests a second.
func BenchmarkLive(b *testing.B) {
	_, h := benchServer(b)
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status":"ok"}`+"\n") // the client reads it
	})
	for name, h := range map[string]http.Handler{"bare": bare, "whole": h} {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(h)
			defer server.Close()
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					b.Error(err)
					return
				}
				defer conn.Close()
				answer := make([]byte, 4096)
				for pb.Next() {
					if _, err := io.WriteString(conn, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
						b.Error(err)
						return
					}
					if _, err := conn.Read(answer); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}

// BenchmarkScrape is a scrape of /metrics with so many sessions behind it.
func BenchmarkScrape(b *testing.B) {
	const sessions = 10_000
	s, h := benchServer(b)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.metrics.Store(telemetry.StoreConfig{Store: s.store}).Run(ctx) }()
	defer func() {
		cancel()
		require.NoError(b, <-ended)
	}()
	var creators sync.WaitGroup
	const together = 100
	for i := range together {
		creators.Go(func() {
			for n := i; n < sessions; n += together {
				if err := s.store.CreateSession(ctx, storage.Session{ID: fmt.Sprint("s", n), Owner: "amal", Request: []byte(`{}`)}, false); err != nil {
					b.Error(err)
				}
			}
		})
	}
	creators.Wait()
	r := httptest.NewRequest("GET", "/metrics", nil)
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(b, http.StatusOK, w.Code)
		size = w.Body.Len()
	}
	b.ReportMetric(float64(size), "bytes")
}
