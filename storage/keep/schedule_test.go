//go:build unix

package keep_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage/keep"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// prove restores into a scratch folder, as the server does.
func prove(t *testing.T) func(context.Context, *keep.Archive) error {
	return func(ctx context.Context, a *keep.Archive) error {
		scratch, err := sqlite.Open(ctx, sqlite.Config{Dir: t.TempDir()})
		if err != nil {
			return err
		}
		_, err = keep.Copy(ctx, scratch, a, keep.Config{})
		return errors.Join(err, scratch.Close())
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestABackupCountsOnceItWasRestored(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	furnish(t, source, 4)
	now := time.Date(2026, 11, 27, 6, 0, 0, 123456789, time.UTC)
	bad := error(nil)
	good := prove(t)
	c := keep.ScheduleConfig{Dir: filepath.Join(t.TempDir(), "backups"), Keep: 2, Source: source, Now: func() time.Time { return now },
		Prove: func(ctx context.Context, a *keep.Archive) error { return errors.Join(bad, good(ctx, a)) }}
	s, err := keep.NewSchedule(c)
	require.NoError(t, err)
	require.Zero(t, s.Proved())

	bad = errors.New("the scratch disk is full")
	dir, err := s.Backup(t.Context())
	require.ErrorIs(t, err, bad)
	require.Zero(t, s.Proved())
	require.Equal(t, []string{"learnsnap-20261127T060000Z"}, names(t, c.Dir), "it is kept for a look")
	require.NoError(t, openArchive(t, dir).Verify(t.Context(), keep.Config{}))

	bad = nil
	for range 3 {
		now = now.Add(time.Hour)
		_, err = s.Backup(t.Context())
		require.NoError(t, err)
		require.WithinDuration(t, now, s.Proved(), time.Second)
	}
	require.Equal(t, []string{"learnsnap-20261127T080000Z", "learnsnap-20261127T090000Z"}, names(t, c.Dir), "the newest two that are proved")

	bad = errors.New("the scratch disk is full again")
	now = now.Add(time.Hour)
	_, err = s.Backup(t.Context())
	require.ErrorIs(t, err, bad)
	require.Len(t, names(t, c.Dir), 3, "what fails removes nothing")

	again, err := keep.NewSchedule(c)
	require.NoError(t, err)
	require.Equal(t, s.Proved(), again.Proved(), "another process knows too")
	_, err = s.Backup(t.Context())
	require.Error(t, err, "two of one second")
}

func TestARunMakesABackupAtOnceWhereThereIsNone(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	proved := make(chan struct{}, 1)
	good := prove(t)
	s, err := keep.NewSchedule(keep.ScheduleConfig{Dir: t.TempDir(), Source: source,
		Prove: func(ctx context.Context, a *keep.Archive) error { proved <- struct{}{}; return good(ctx, a) }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-proved
	require.Eventually(t, func() bool { return !s.Proved().IsZero() }, time.Minute, 5*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
}

func TestProcessesThatShareAFolderShareItsBackups(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	now := time.Date(2026, 11, 27, 6, 0, 0, 0, time.UTC)
	c := keep.ScheduleConfig{Dir: t.TempDir(), Source: source, Prove: prove(t), Now: func() time.Time { return now }}
	one, err := keep.NewSchedule(c)
	require.NoError(t, err)
	other, err := keep.NewSchedule(c)
	require.NoError(t, err)
	_, err = one.Backup(t.Context())
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- other.Run(ctx) }()
	require.Eventually(t, func() bool { return other.Proved().Equal(now) }, time.Minute, 5*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
	require.Len(t, names(t, c.Dir), 1)
}

func TestABackupIsDueThoughTheClockWasSetBack(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	var now atomic.Int64 // of the clock, in seconds
	now.Store(time.Date(2026, 11, 27, 6, 0, 0, 0, time.UTC).Unix())
	c := keep.ScheduleConfig{Dir: t.TempDir(), Every: time.Hour, Source: source, Prove: prove(t), Now: func() time.Time { return time.Unix(now.Load(), 0) }}
	s, err := keep.NewSchedule(c)
	require.NoError(t, err)
	_, err = s.Backup(t.Context())
	require.NoError(t, err)

	now.Add(-2 * 3600)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	require.Eventually(t, func() bool { return s.Proved().Unix() == now.Load() }, time.Minute, 5*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
	require.Equal(t, []string{"learnsnap-20261127T040000Z", "learnsnap-20261127T060000Z"}, names(t, c.Dir), "one, and no more before it is due")
}
