package sqlite_test

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

// child is what a killed process does.
func child(ctx context.Context, dir string) error {
	store, err := sqlite.Open(ctx, sqlite.Config{Dir: dir, Wait: time.Minute})
	if err != nil {
		return err
	}
	return storagetest.Live(ctx, store, os.Stdout)
}

func childOf(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestAKilledProcessLosesNothing(t *testing.T) { crash(t, 20) }

func TestDrillAKilledProcessLosesNothing(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("200 kills; set LEARNSNAP_DRILL=1 to run them")
	}
	crash(t, 200)
}

func crash(t *testing.T, kills int) {
	dir := t.TempDir()
	storagetest.Crash(t, storagetest.CrashConfig{
		Kills:   kills,
		Command: func() *exec.Cmd { return childOf(t, dir) },
		Open:    func(t *testing.T) storage.Store { return open(t, dir) },
	})
	_, err := open(t, dir).SweepBlobs(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	left, err := os.ReadDir(filepath.Join(dir, "blobs", ".unfinished"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAnInterruptedFirstOpenIsDoneByTheNext(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		cmd := childOf(t, dir)
		require.NoError(t, cmd.Start())
		time.Sleep(rand.N(100 * time.Millisecond)) // the moment is the test's input
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // "signal: killed"
		require.Equal(t, -1, cmd.ProcessState.ExitCode(), "it was killed; it did not fail")
		require.NoError(t, open(t, dir).Check(t.Context()))
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	cmd := childOf(t, dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()
	_, err = bufio.NewReader(out).ReadString('\n') // it has opened the store
	require.NoError(t, err)
	_, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Wait: time.Minute})
	require.ErrorContains(t, err, "process "+strconv.Itoa(cmd.Process.Pid), "it says which")
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait() // "signal: killed"
	open(t, dir)   // a killed process gives the folder back
}
