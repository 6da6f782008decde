package telemetry_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

func TestLogFilesChangeWithTheDayAndOldOnesGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	now := time.Date(2026, 2, 27, 23, 59, 0, 0, time.UTC)
	files, err := telemetry.OpenLogFiles(telemetry.LogFilesConfig{Dir: dir, Days: 2, Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer files.Close()
	log := slog.New(telemetry.NewLogHandler(nil, telemetry.LogConfig{Also: []slog.Handler{files.Handler()}}))
	for _, other := range []string{"server-2001-01-01.txt", "server-x.log", "other-2001-01-01.log"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, other), nil, 0o600))
	}

	log.Info("one", "token", "hunter2")
	log.Error("two")
	now = now.Add(time.Minute)
	log.Info("three")
	require.Contains(t, read(t, dir, "server-2026-02-27.log"), `"one"`)
	require.Contains(t, read(t, dir, "server-2026-02-27.log"), `"two"`)
	require.NotContains(t, read(t, dir, "server-2026-02-27.log"), "hunter2")
	require.Contains(t, read(t, dir, "error-2026-02-27.log"), `"two"`)
	require.NotContains(t, read(t, dir, "error-2026-02-27.log"), `"one"`)
	require.Contains(t, read(t, dir, "server-2026-02-28.log"), `"three"`)

	now = now.AddDate(0, 0, 1)
	log.Error("four")
	names := []string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{
		"error-2026-03-01.log", "other-2001-01-01.log",
		"server-2001-01-01.txt", "server-2026-02-28.log", "server-2026-03-01.log", "server-x.log",
	}, names, "two days are kept, and what is not ours")
}

func TestLogFilesGoOnWhereTheyWere(t *testing.T) {
	dir := t.TempDir()
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC) }
	for range 2 {
		files, err := telemetry.OpenLogFiles(telemetry.LogFilesConfig{Dir: dir, Now: now})
		require.NoError(t, err)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { slog.New(files.Handler()).Warn("line") })
		}
		all.Wait()
		require.NoError(t, files.Close())
	}
	require.Len(t, lines(read(t, dir, "server-2026-01-02.log")), 8)
	info, err := os.Stat(filepath.Join(dir, "server-2026-01-02.log"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestLogFilesTellAtTheStartWhatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, c := range []telemetry.LogFilesConfig{{}, {Dir: file}, {Dir: t.TempDir(), Name: "error"}, {Dir: t.TempDir(), Name: "../x"}} {
		_, err := telemetry.OpenLogFiles(c)
		require.ErrorContains(t, err, "log files")
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(data)
}

func lines(text string) []string { return slices.Collect(strings.Lines(text)) }
