//go:build linux

package sqlite_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// disk mounts a disk of the given megabytes.
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)); err != nil {
		t.Skipf("this test mounts a small disk, which needs root: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

func TestAFullDiskLosesNothingAndHeals(t *testing.T) {
	dir := disk(t, 12)
	ballast := filepath.Join(dir, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 4<<20), 0o600))
	store := open(t, dir)
	const sessions = 8
	claims := [sessions]int64{}
	for i := range sessions {
		id := fmt.Sprint("s", i)
		require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: id, Owner: "amal"}, false))
		s, err := store.ClaimSession(t.Context(), id)
		require.NoError(t, err)
		claims[i] = s.Claim
	}

	// Until the disk is full, half of them with items of a page, half with large ones.
	var kept [sessions]int
	var appenders sync.WaitGroup
	for i := range sessions {
		appenders.Go(func() {
			body := make([]byte, 4000+(i%2)*96_000)
			for {
				it := storage.Item{Seq: kept[i] + 1, Kind: "page", JSON: body}
				if err := store.AppendItem(t.Context(), fmt.Sprint("s", i), claims[i], it); err != nil {
					return
				}
				kept[i]++
			}
		})
	}
	appenders.Wait()
	requireItems(t, store, kept[:])

	_, err := store.PutBlob(t.Context(), "s0", io.LimitReader(zeros{}, 16<<20))
	require.ErrorIs(t, err, syscall.ENOSPC)
	left, err := os.ReadDir(filepath.Join(dir, "blobs", ".unfinished"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoDirExists(t, filepath.Join(dir, "blobs", "s0"))
	requireItems(t, store, kept[:]) // reading goes on

	require.NoError(t, os.Remove(ballast))
	for i := range sessions {
		kept[i]++
		it := storage.Item{Seq: kept[i], Kind: "page", JSON: []byte(`{}`)}
		require.NoError(t, store.AppendItem(t.Context(), fmt.Sprint("s", i), claims[i], it), "room again, no restart")
	}
	require.NoError(t, store.Check(t.Context()))
	require.NoError(t, store.Close())
	store = open(t, dir)
	require.NoError(t, store.Check(t.Context()))
	requireItems(t, store, kept[:])
}

func requireItems(t *testing.T, store *sqlite.Store, kept []int) {
	t.Helper()
	for i, n := range kept {
		s, err := store.Session(t.Context(), fmt.Sprint("s", i))
		require.NoError(t, err)
		require.Equal(t, n, s.Items, s.ID)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestAFullDiskStopsNoWorker(t *testing.T) {
	dir := disk(t, 8)
	store := open(t, dir)
	require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: "a", Owner: "amal"}, false))
	ballast := filepath.Join(dir, "ballast")
	ctx, cancel := context.WithCancel(t.Context())
	attempts := make(chan int, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- store.Work(ctx, storage.WorkConfig{MaxAttempts: 1}, func(_ context.Context, j storage.Job) error {
			f, err := os.Create(ballast)
			attempts <- j.Attempt
			if err == nil {
				_, err = io.Copy(f, zeros{}) // until the disk is full
				_ = f.Close()
			}
			return later{err}
		})
	}()
	require.Equal(t, 1, <-attempts)
	require.NoError(t, os.Remove(ballast))
	require.Equal(t, 1, <-attempts, "the queue could not write for a while, and goes on")
	require.NoError(t, os.Remove(ballast))
	cancel()
	require.NoError(t, <-ended)
}

// later is an error to come back from soon.
type later struct{ error }

func (later) RetryAfter() time.Duration { return time.Millisecond }

func TestAReadOnlyFolderIsRefused(t *testing.T) {
	dir := disk(t, 8)
	require.NoError(t, open(t, dir).Close())
	require.NoError(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	_, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	require.ErrorContains(t, err, "writable by this user")
	_, err = sqlite.Open(t.Context(), sqlite.Config{Dir: filepath.Join(dir, "new")})
	require.ErrorContains(t, err, "writable by this user")
	require.NoError(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT, ""))
	open(t, dir)
}

func TestAPutIsStreamed(t *testing.T) {
	store := open(t, t.TempDir())
	largest := 0
	r := readFunc(func(p []byte) (int, error) {
		largest = max(largest, len(p))
		return len(p), nil
	})
	_, err := store.PutBlob(t.Context(), "a", io.MultiReader(io.LimitReader(r, 8<<20), strings.NewReader("end")))
	require.NoError(t, err)
	require.LessOrEqual(t, largest, 64<<10)
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
