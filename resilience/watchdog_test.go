package resilience_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// gauge is memory that a test sets, in percent of the limit.
type gauge struct {
	percent atomic.Int64
	broken  atomic.Bool
}

func (g *gauge) read() (used, limit int64, err error) {
	if g.broken.Load() {
		return 0, 0, errors.New("no /proc")
	}
	return g.percent.Load(), 100, nil
}

func TestWatchdogStates(t *testing.T) {
	type step struct {
		percent int64
		stays   time.Duration
		want    resilience.MemoryState
	}
	for name, steps := range map[string][]step{
		"rises at once, to shed at most": {
			{50, time.Second, resilience.MemoryOK},
			{65, time.Second, resilience.MemoryWarn},
			{75, time.Second, resilience.MemoryShed},
			{10, 5 * time.Second, resilience.MemoryShed},
			{99, time.Second, resilience.MemoryShed},
		},
		"restarts only for what lasts": {
			{90, 29 * time.Second, resilience.MemoryShed},
			{80, 2 * time.Second, resilience.MemoryShed},
			{90, 29 * time.Second, resilience.MemoryShed},
			{90, 3 * time.Second, resilience.MemoryRestart},
		},
		"falls after a while, and not for a moment": {
			{80, time.Second, resilience.MemoryShed},
			{60, 8 * time.Second, resilience.MemoryShed},
			{71, time.Second, resilience.MemoryShed}, // above 75 less the margin: the wait begins anew
			{60, 8 * time.Second, resilience.MemoryShed},
			{50, 4 * time.Second, resilience.MemoryOK},
		},
		"falls step by step": {
			{80, time.Second, resilience.MemoryShed},
			{66, 12 * time.Second, resilience.MemoryWarn},
			{61, time.Minute, resilience.MemoryWarn}, // within the margin
			{59, 12 * time.Second, resilience.MemoryOK},
		},
		"comes back from restart if nobody acts": {
			{90, 32 * time.Second, resilience.MemoryRestart},
			{81, time.Minute, resilience.MemoryRestart},
			{76, 12 * time.Second, resilience.MemoryShed},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g gauge
				w, stop := watch(t, resilience.WatchdogConfig{Read: g.read})
				defer stop()
				for i, s := range steps {
					g.percent.Store(s.percent)
					time.Sleep(s.stays)
					synctest.Wait()
					require.Equal(t, s.want.String(), w.State().String(), "step %d", i)
				}
			})
		})
	}
}

// watch runs a watchdog until stop is called.
func watch(t *testing.T, c resilience.WatchdogConfig) (w *resilience.Watchdog, stop func()) {
	t.Helper()
	w = resilience.NewWatchdog(c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	return w, func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

func TestWatchdogRefusesNewWorkAndTellsOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gauge
		var told []string
		w, stop := watch(t, resilience.WatchdogConfig{
			Read: g.read, RetryAfter: 7 * time.Second,
			OnChange: func(from, to resilience.MemoryState) { told = append(told, from.String()+" to "+to.String()) },
		})
		defer stop()
		g.percent.Store(70)
		time.Sleep(time.Second)
		synctest.Wait()
		under, err := w.Enter(t.Context())
		require.NoError(t, err, "a warning refuses nobody")
		g.percent.Store(80)
		time.Sleep(time.Second)
		synctest.Wait()
		_, err = w.Enter(t.Context())
		require.ErrorIs(t, err, resilience.ErrMemory)
		after, ok := resilience.RetryAfter(err)
		require.True(t, ok)
		require.Equal(t, 7*time.Second, after)
		require.EqualError(t, err, "memory: memory near its limit, try again in 7s")
		under(nil)
		require.Equal(t, []string{"ok to warn", "warn to shed"}, told)

		g.broken.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, resilience.MemoryShed, w.State(), "not knowing is no reason to change")
		text, err := json.Marshal(w.Report())
		require.NoError(t, err)
		require.Contains(t, string(text), `{"state":"shed","usedBytes":80,"limitBytes":100,"share":0.8,"at":"2000-`)
		require.Equal(t, "no /proc", w.Report().Error)
	})
}

func TestWatchdogWithoutALimitOrSwitchedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := 0
		for _, c := range []resilience.WatchdogConfig{
			{Read: func() (int64, int64, error) { return 1 << 40, 0, nil }},
			{Limit: -1, Read: func() (int64, int64, error) { read++; return 100, 100, nil }},
			{Warn: -1, Shed: -1, Restart: -1, Read: func() (int64, int64, error) { return 100, 100, nil }},
		} {
			w, stop := watch(t, c)
			time.Sleep(time.Hour)
			require.Equal(t, resilience.MemoryOK, w.State())
			stop()
		}
		require.Zero(t, read)
	})
}

func TestWatchdogFindsTheSmallestLimit(t *testing.T) {
	const mib = 1 << 20
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, c := range map[string]struct {
		files fstest.MapFS
		own   int64
		want  int64
	}{
		"v2, in a container": {fstest.MapFS{
			"proc/self/cgroup":          file("0::/\n"),
			"proc/self/mountinfo":       file("30 23 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n"),
			"sys/fs/cgroup/memory.max":  file("268435456\n"),
			"sys/fs/cgroup/memory.stat": file("anon 1\ninactive_file 5\n"),
		}, 0, 256 * mib},
		"v2, a service whose slice is smaller": {fstest.MapFS{
			"proc/self/cgroup":                                file("0::/app.slice/quiz.service\n"),
			"proc/self/mountinfo":                             file("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
			"sys/fs/cgroup/app.slice/memory.max":              file("104857600\n"),
			"sys/fs/cgroup/app.slice/memory.current":          file("3\n"),
			"sys/fs/cgroup/app.slice/quiz.service/memory.max": file("max\n"),
		}, 0, 100 * mib},
		"v2, no limit: the configuration's": {fstest.MapFS{
			"proc/self/cgroup":           file("0::/a\n"),
			"proc/self/mountinfo":        file("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
			"sys/fs/cgroup/a/memory.max": file("max\n"),
		}, 512 * mib, 512 * mib},
		"the configuration's is the smallest": {fstest.MapFS{
			"proc/self/cgroup":         file("0::/\n"),
			"proc/self/mountinfo":      file("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
			"sys/fs/cgroup/memory.max": file("268435456\n"),
		}, 64 * mib, 64 * mib},
		"v1, only the container's part is mounted": {fstest.MapFS{
			"proc/self/cgroup":                           file("11:cpu,cpuacct:/docker/ab\n5:memory:/docker/ab\n0::/docker/ab\n"),
			"proc/self/mountinfo":                        file("40 30 0:30 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n41 30 0:31 / /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("134217728\n"),
		}, 0, 128 * mib},
		"v1, a limit above that cannot be seen": {fstest.MapFS{
			"proc/self/cgroup":                           file("5:memory:/\n"),
			"proc/self/mountinfo":                        file("40 30 0:30 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"),
			"sys/fs/cgroup/memory/memory.stat":           file("cache 0\nhierarchical_memory_limit 33554432\n"),
		}, 0, 32 * mib},
		"v1, no limit: the machine's": {fstest.MapFS{
			"proc/self/cgroup":                           file("5:memory:/x\n"),
			"proc/self/mountinfo":                        file("40 30 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"),
			"proc/meminfo":                               file("MemFree: 1 kB\nMemTotal:       1048576 kB\n"),
		}, 0, 1024 * mib},
		"a path from another namespace": {fstest.MapFS{
			"proc/self/cgroup":         file("0::/../../elsewhere\n"),
			"proc/self/mountinfo":      file("30 23 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
			"sys/fs/cgroup/memory.max": file("268435456\n"),
		}, 0, 256 * mib},
		"nothing at all": {fstest.MapFS{}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := resilience.NewWatchdog(resilience.WatchdogConfig{Files: c.files, Limit: c.own})
			got, err := w.Limit()
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestWatchdogCountsTheWholeContainer(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	files := fstest.MapFS{
		"proc/self/statm":              file("100 20 4 0 0 0 0\n"), // 16 pages of our own
		"proc/self/cgroup":             file("0::/\n"),
		"proc/self/mountinfo":          file("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
		"sys/fs/cgroup/memory.max":     file("1073741824\n"),
		"sys/fs/cgroup/memory.current": file("1000000000\n"), // a child process, and pages of files
		"sys/fs/cgroup/memory.stat":    file("anon 1\ninactive_file 100000000\n"),
	}
	w, stop := watch(t, resilience.WatchdogConfig{Files: files, Every: time.Millisecond, RestartAfter: time.Hour})
	require.Eventually(t, func() bool { return w.State() == resilience.MemoryShed }, 10*time.Second, time.Millisecond)
	stop()
	require.EqualValues(t, 900000000, w.Report().Used)

	files["proc/self/statm"] = file("garbage")
	broken, stop := watch(t, resilience.WatchdogConfig{Files: files, Every: time.Millisecond})
	require.Eventually(t, func() bool { return broken.Report().Error != "" }, 10*time.Second, time.Millisecond)
	stop()
	require.Contains(t, broken.Report().Error, "read /proc/self/statm")
}

// FuzzWatchdogFiles feeds what the kernel writes, and what it doesn't.
func FuzzWatchdogFiles(f *testing.F) {
	f.Add("0::/\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "1\n", "5 4 3", "MemTotal: 3 kB")
	f.Add("5:memory:/a/../..\n", "40 30 0:30 /a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "max", "", "MemTotal: -1")
	f.Add("0::", "1 2 3 4 / - cgroup2 a b", "9223372036854775807", "9 9 9", "MemTotal: 9223372036854775807 kB")
	f.Fuzz(func(t *testing.T, groups, mounts, number, statm, meminfo string) {
		files := fstest.MapFS{}
		for name, text := range map[string]string{
			"proc/self/cgroup": groups, "proc/self/mountinfo": mounts, "proc/self/statm": statm, "proc/meminfo": meminfo,
			"sys/fs/cgroup/memory.max": number, "sys/fs/cgroup/memory.current": number, "sys/fs/cgroup/memory.stat": "inactive_file " + number,
			"sys/fs/cgroup/memory/memory.limit_in_bytes": number,
		} {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
		limit, err := resilience.NewWatchdog(resilience.WatchdogConfig{Files: files}).Limit()
		require.GreaterOrEqual(t, limit, int64(0))
		if err != nil {
			require.Zero(t, limit)
		}
	})
}

func BenchmarkWatchdogEnter(b *testing.B) {
	w := resilience.NewWatchdog(resilience.WatchdogConfig{})
	b.ReportAllocs()
	for b.Loop() {
		done, err := w.Enter(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		done(nil)
	}
}

func BenchmarkWatchdogRead(b *testing.B) {
	w := resilience.NewWatchdog(resilience.WatchdogConfig{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Limit(); err != nil {
			b.Fatal(err)
		}
	}
}

// A program that is short of memory refuses new work, and is started anew in good order
// before the kernel kills it.
func ExampleWatchdog() {
	life := resilience.NewLifecycle(resilience.LifecycleConfig{})
	memory := resilience.NewWatchdog(resilience.WatchdogConfig{
		RestartAfter: time.Millisecond,
		Every:        time.Millisecond,
		Read:         func() (used, limit int64, err error) { return 97, 100, nil }, // left out, it is the process' own
		OnChange: func(_, to resilience.MemoryState) {
			fmt.Println(to)
			if to == resilience.MemoryRestart {
				life.Stop(resilience.ErrMemory)
			}
		},
	})
	life.Add("memory", memory.Run)
	fmt.Println(life.Run(context.Background()))
	_, err := memory.Enter(context.Background()) // the first of the gates before new work
	fmt.Println(err)
	// Output:
	// shed
	// restart
	// memory near its limit
	// memory: memory near its limit, try again in 10s
}
