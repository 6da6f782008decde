//go:build unix

package postgres_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

// childURL makes the test binary a process that the tests kill.
const childURL = "LEARNSNAP_POSTGRES_CHILD"

// childHolds makes it hold on to the jobs that it finds, and do nothing else.
const childHolds = "LEARNSNAP_POSTGRES_CHILD_HOLDS"

// child is what such a process does.
func child(ctx context.Context, u string) error {
	store, err := postgres.Open(ctx, postgres.Config{URL: u, AcquireWithin: time.Minute})
	if err != nil {
		return err
	}
	if os.Getenv(childHolds) != "" {
		return store.Work(ctx, storage.WorkConfig{Workers: 100}, func(ctx context.Context, _ storage.Job) error {
			<-ctx.Done()
			return ctx.Err()
		})
	}
	return storagetest.Live(ctx, store, os.Stdout)
}

func TestKilledProcessesLoseNothing(t *testing.T) { crash(t, 20) }

func TestDrillKilledProcessesLoseNothing(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("200 kills; set LEARNSNAP_DRILL=1 to run them")
	}
	crash(t, 200)
}

func crash(t *testing.T, kills int) {
	u := server.Database(t)
	require.NoError(t, open(t, u).Close())
	storagetest.Crash(t, storagetest.CrashConfig{
		Kills: kills, Processes: 2,
		Command: func() *exec.Cmd { return childOf(t, u) },
		Open:    func(t *testing.T) storage.Store { return open(t, u) },
	})
}

func childOf(t testing.TB, u string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childURL+"="+u)
	cmd.Stderr = os.Stderr
	return cmd
}
