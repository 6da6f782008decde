package limit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit"
	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
)

func openPostgres(t testing.TB, url string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{URL: url})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestTwoProcessesShareOneLimitInPostgres(t *testing.T) {
	url := server.Database(t)
	a, b := limit.NewShared(limit.SharedConfig{Limits: openPostgres(t, url)}), limit.NewShared(limit.SharedConfig{Limits: openPostgres(t, url)})
	allowed := 0
	for range 10 {
		for _, s := range []limit.Store{a, b} {
			got, err := s.Take(t.Context(), "a", 10, time.Hour)
			require.NoError(t, err)
			if got.Allowed {
				allowed++
			}
		}
	}
	require.Equal(t, 10, allowed)
}

// failing is a database that is away for its first sweeps.
type failing struct {
	storage.Limits
	sweeps int
}

func (f *failing) SweepLimits(context.Context) (int, error) {
	f.sweeps++
	if f.sweeps <= 3 || f.sweeps == 5 {
		return 0, errors.New("away")
	}
	return 0, nil
}

func TestSweepingGoesOnThroughFailures(t *testing.T) {
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		database := &failing{}
		s := limit.NewShared(limit.SharedConfig{Limits: database, Log: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute+time.Second)
		defer cancel()
		require.ErrorIs(t, s.Run(ctx), context.DeadlineExceeded)
		require.Equal(t, 10, database.sweeps)
	})
	require.Equal(t, 2, strings.Count(log.String(), "\n"), "once for each time that it begins to fail")
}

func BenchmarkPostgres(b *testing.B) {
	s := limit.NewShared(limit.SharedConfig{Limits: openPostgres(b, server.Database(b))})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Take(b.Context(), "create:device:1", 1<<30, time.Hour); err != nil {
			b.Fatal(err)
		}
	}
}
