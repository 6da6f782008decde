package resilience_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// The memory is taken from the system itself: what a library maps counts like the
// heap, and what the race detector keeps beside the heap would stay after it.
func TestWatchdogSeesMemoryThatIsReallyTaken(t *testing.T) {
	first, stop := watch(t, resilience.WatchdogConfig{Every: time.Millisecond})
	require.Eventually(t, func() bool { return !first.Report().At.IsZero() }, 10*time.Second, time.Millisecond)
	used, limit := first.Report().Used, first.Report().Limit
	stop()
	require.Positive(t, used)
	require.Greater(t, limit, used, "a machine's memory at least")

	const taken = 256 << 20
	w, stop := watch(t, resilience.WatchdogConfig{
		Limit: used + taken, Warn: -1, Shed: float64(used+taken/2) / float64(used+taken), Restart: -1,
		Every: time.Millisecond, Settle: time.Millisecond,
	})
	defer stop()
	require.Eventually(t, func() bool { return !w.Report().At.IsZero() }, 10*time.Second, time.Millisecond)
	require.Equal(t, resilience.MemoryOK, w.State())
	block, err := syscall.Mmap(-1, 0, taken, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	for i := 0; i < len(block); i += 1024 {
		block[i] = 1 // only memory that was touched is there
	}
	require.Eventually(t, func() bool { return w.State() == resilience.MemoryShed }, 10*time.Second, time.Millisecond, "%+v", w.Report())
	require.NoError(t, syscall.Munmap(block))
	require.Eventually(t, func() bool { return w.State() == resilience.MemoryOK }, 10*time.Second, time.Millisecond, "%+v", w.Report())
}

// TestMemoryChild is no test: it is a program that takes memory as fast as it can, to
// which the drill gives too little.
func TestMemoryChild(t *testing.T) {
	group, mode := os.Getenv("RESILIENCE_CGROUP"), os.Getenv("RESILIENCE_MODE")
	if group == "" {
		t.Skip("only for the drill that starts it")
	}
	require.NoError(t, os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0o644))
	life := resilience.NewLifecycle(resilience.LifecycleConfig{})
	w := resilience.NewWatchdog(resilience.WatchdogConfig{RestartAfter: 2 * time.Second, OnChange: func(_, to resilience.MemoryState) {
		if to == resilience.MemoryRestart {
			life.Stop(resilience.ErrMemory)
		}
	}})
	limit, err := w.Limit()
	require.NoError(t, err)
	debug.SetMemoryLimit(limit / 10 * 9)
	life.Add("memory", w.Run)
	var held [][]byte
	life.Add("work", func(ctx context.Context) error {
		for began := time.Now(); ctx.Err() == nil; time.Sleep(40 * time.Millisecond) {
			if _, err := w.Enter(ctx); mode == "gated" && err != nil {
				if time.Since(began) > 3*time.Second {
					life.Stop(nil)
				}
				continue
			}
			if mode == "leaks" && len(held) == 30 {
				continue // too much for good, and no more
			}
			block := make([]byte, 8<<20)
			for i := 0; i < len(block); i += 4096 {
				block[i] = 1
			}
			if mode == "wastes" && len(held) == 10 {
				if held = held[:0]; time.Since(began) > 4*time.Second {
					life.Stop(nil)
				}
			}
			held = append(held, block)
		}
		return nil
	})
	err = life.Run(context.Background())
	runtime.KeepAlive(held)
	fmt.Println("result", w.State(), err)
	os.Exit(0) // PASS would follow
}

// TestDrillWatchdogActsBeforeTheKernel gives programs a real memory cgroup of 300 MB.
// One that asks nobody is killed. One that asks the watchdog before it takes more
// lives, one that has too much for good ends in good order, and one that makes garbage
// only is left alone.
func TestDrillWatchdogActsBeforeTheKernel(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("set LEARNSNAP_DRILL=1: it takes a quarter of a minute")
	}
	for mode, want := range map[string]string{
		"greedy": "signal: killed",
		"gated":  "result shed <nil>\n",
		"leaks":  "result restart memory near its limit\n",
		"wastes": "result ok <nil>\n",
	} {
		t.Run(mode, func(t *testing.T) {
			group, limit := filepath.Join("/sys/fs/cgroup/memory", "resilience-drill"), "memory.limit_in_bytes"
			if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
				group, limit = filepath.Join("/sys/fs/cgroup", "resilience-drill"), "memory.max"
			}
			if err := os.Mkdir(group, 0o755); err != nil {
				t.Skip("no memory cgroup can be made here: ", err)
			}
			t.Cleanup(func() { require.NoError(t, os.Remove(group)) })
			if err := os.WriteFile(filepath.Join(group, limit), []byte("300000000"), 0o644); err != nil {
				t.Skip("no memory cgroup can be made here: ", err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestMemoryChild$")
			cmd.Env = append(os.Environ(), "RESILIENCE_CGROUP="+group, "RESILIENCE_MODE="+mode)
			out, err := cmd.Output()
			if err != nil {
				require.EqualError(t, err, want)
				return
			}
			require.Equal(t, want, string(out))
		})
	}
}
