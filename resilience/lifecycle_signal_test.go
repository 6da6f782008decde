//go:build unix

package resilience_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// TestSignalChild is no test: it is the program that the tests of signals start.
func TestSignalChild(t *testing.T) {
	stops := os.Getenv("RESILIENCE_CHILD")
	if stops == "" {
		t.Skip("only for the tests that start it")
	}
	l := resilience.NewLifecycle(resilience.LifecycleConfig{StopWithin: time.Hour, Log: slog.New(slog.NewTextHandler(os.Stdout, nil))})
	l.Add("worker", func(ctx context.Context) error {
		<-ctx.Done()
		if stops == "never" {
			select {}
		}
		return nil
	})
	fmt.Println("result", l.RunUntilSignal(context.Background()))
}

// child starts the program and returns what waits for a line of it.
func child(t *testing.T, stops string) (cmd *exec.Cmd, until func(part string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, os.Args[0], "-test.run=^TestSignalChild$")
	cmd.Env = append(os.Environ(), "RESILIENCE_CHILD="+stops)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	return cmd, func(part string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), part) {
				return
			}
		}
		t.Fatalf("the child ended without %q", part)
	}
}

func TestOneSignalEndsInGoodOrder(t *testing.T) {
	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			cmd, until := child(t, "at once")
			until("msg=ready")
			require.NoError(t, cmd.Process.Signal(signal))
			until("msg=stopping why=")
			until("msg=stopped member=worker")
			until("msg=ended took=")
			until("result <nil>")
			require.NoError(t, cmd.Wait())
		})
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			cmd, until := child(t, "never")
			until("msg=ready")
			require.NoError(t, cmd.Process.Signal(signal))
			until("msg=stopping why=")
			require.NoError(t, cmd.Process.Signal(signal))
			require.Error(t, cmd.Wait())
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			require.True(t, status.Signaled(), "a shell sees 128 and the signal's number")
			require.Equal(t, signal, status.Signal())
		})
	}
}
