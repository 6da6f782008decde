package flags_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/flags"
)

// run runs a set until stop is called.
func run(t *testing.T, c flags.Config) (set *flags.Set, stop func()) {
	t.Helper()
	set, err := flags.New(c)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- set.Run(ctx) }()
	synctest.Wait()
	return set, func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name+".new", []byte(text), 0o644))
	require.NoError(t, os.Rename(name+".new", name))
}

func environment(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

func turn(flag string, on bool) flags.Override {
	return flags.Override{Flag: flag, On: on, Who: "amal", Why: "drill"}
}

func TestTheStrongestSourceHasTheLastWord(t *testing.T) {
	const name = flags.EnableCaching // on by default
	for title, c := range map[string]struct {
		env, file string
		override  *bool
		want      bool
		source    flags.Source
	}{
		"default":                        {want: true, source: flags.FromDefault},
		"environment over default":       {env: "off", want: false, source: flags.FromEnvironment},
		"empty environment says nothing": {env: "", want: true, source: flags.FromDefault},
		"override over environment":      {env: "off", override: new(true), want: true, source: flags.FromOverride},
		"file over override":             {env: "off", override: new(true), file: name + "=false", want: false, source: flags.FromFile},
		"file over environment":          {env: "0", file: name + "=1", want: true, source: flags.FromFile},
	} {
		t.Run(title, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "flags")
			if c.file != "" {
				write(t, file, c.file)
			}
			set, err := flags.New(flags.Config{File: file, Lookup: environment(map[string]string{name: c.env})})
			require.NoError(t, err)
			if c.override != nil {
				require.NoError(t, set.Override(t.Context(), turn(name, *c.override)))
			}
			require.Equal(t, c.want, set.Enabled(name))
			for _, f := range set.Report().Flags {
				if f.Name == name {
					require.Equal(t, c.source, f.Source)
				}
			}
			require.False(t, set.Enabled("NO_SUCH_FLAG"))
		})
	}
}

func TestNewSaysAllThatIsWrong(t *testing.T) {
	_, err := flags.New(flags.Config{Lookup: environment(map[string]string{flags.MaintenanceMode: "maybe", flags.ReadOnlyMode: "2"})})
	require.ErrorContains(t, err, `MAINTENANCE_MODE: "maybe" is neither true nor false`)
	require.ErrorContains(t, err, `READ_ONLY_MODE: "2" is neither true nor false`)
	_, err = flags.New(flags.Config{Flags: []flags.Flag{{Name: "lower"}, {Name: "A"}, {Name: "A"}}})
	require.ErrorContains(t, err, `flag "lower": the name must be`)
	require.ErrorContains(t, err, `flag "A": there are two of this name`)
}

func TestFileIsReadEverySecondAndABrokenOneIsNot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flags")
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		set, stop := run(t, flags.Config{File: file, Log: slog.New(slog.NewTextHandler(&out, nil))})
		require.Empty(t, set.Report().File.Error, "no file is no fault")
		for _, step := range []struct {
			text    string
			on      bool
			fault   string
			unknown []string
		}{
			{"\ufeff# night shift\r\n\r\n export MAINTENANCE_MODE = \"yes\" \r\n", true, "", nil},
			{"MAINTENANCE_MODE=fal", true, `line 1: MAINTENANCE_MODE: "fal" is neither true nor false`, nil},
			{"READ_ONLY_MODE=true\nMAINTENANCE_MODE", true, "line 2: want NAME=true", nil},
			{"MAINTENANCE_MODE=true\nMAINTENANCE_MODE=false", true, "is there twice", nil},
			{strings.Repeat("# padding\n", 7000), true, "more than 65536 bytes", nil},
			{"MAINTENANCE_MODE=0\nMAINTENANCE_MOOD=1\n", false, "", []string{"MAINTENANCE_MOOD"}},
			{"MAINTENANCE_MODE=on", true, "", nil},
			{"", false, "", nil},
		} {
			write(t, file, step.text)
			time.Sleep(time.Second + time.Millisecond)
			synctest.Wait()
			require.Equal(t, step.on, set.Enabled(flags.MaintenanceMode), step.text[:min(len(step.text), 60)])
			require.False(t, set.Enabled(flags.ReadOnlyMode), "half of a broken file is none")
			r := set.Report().File
			if step.fault == "" {
				require.Empty(t, r.Error)
			} else {
				require.Contains(t, r.Error, step.fault)
			}
			require.Equal(t, step.unknown, r.Unknown)
		}
		write(t, file, "MAINTENANCE_MODE=true")
		time.Sleep(time.Second + time.Millisecond)
		require.True(t, set.Enabled(flags.MaintenanceMode))
		require.NoError(t, os.Remove(file))
		time.Sleep(time.Second + time.Millisecond)
		require.False(t, set.Enabled(flags.MaintenanceMode), "taking the file away takes back what it said")
		require.NoError(t, os.Mkdir(file, 0o755))
		time.Sleep(time.Second + time.Millisecond)
		require.Contains(t, set.Report().File.Error, "not a regular file")
		stop()
		for _, want := range []string{`msg="flag turned" flag=MAINTENANCE_MODE on=true source=file`, `msg="flag file fails, its last word stands"`, `msg="flag file works again"`, `flags=[MAINTENANCE_MOOD]`} {
			require.Contains(t, out.String(), want)
		}
	})
}

func TestOverrideReachesEveryReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		here, stopHere := run(t, flags.Config{Store: store})
		there, stopThere := run(t, flags.Config{Store: store})
		require.NoError(t, here.Override(t.Context(), turn(flags.DisablePayments, true)))
		require.True(t, here.Enabled(flags.DisablePayments))
		synctest.Wait()
		require.True(t, there.Enabled(flags.DisablePayments), "at once, over the link")
		require.True(t, there.Report().Store.Listening)

		store.cut()
		store.set(func(s *shelf) { s.deaf = true })
		synctest.Wait()
		require.False(t, there.Report().Store.Listening)
		require.NoError(t, here.End(t.Context(), flags.DisablePayments, "amal", "over"))
		require.True(t, there.Enabled(flags.DisablePayments))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.False(t, there.Enabled(flags.DisablePayments), "by polling, without the link")
		require.True(t, there.Report().Store.Listening, "which is there again")
		stopHere()
		stopThere()
	})
}

func TestOverrideEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set, stop := run(t, flags.Config{Store: newShelf()})
		o := turn(flags.ReducedAIConcurrency, true)
		o.Until = time.Now().Add(time.Hour)
		require.NoError(t, set.Override(t.Context(), o))
		time.Sleep(time.Hour - time.Second)
		require.True(t, set.Enabled(o.Flag))
		require.Len(t, set.Overrides(), 1)
		require.Equal(t, "drill", set.Overrides()[0].Why)
		time.Sleep(2 * time.Second)
		require.False(t, set.Enabled(o.Flag))
		require.Empty(t, set.Overrides())
		stop()
	})
}

func TestOverrideThatIsNotTaken(t *testing.T) {
	store := newShelf()
	set, err := flags.New(flags.Config{Store: store})
	require.NoError(t, err)
	for want, o := range map[string]flags.Override{
		"unknown flag":              turn("NO_SUCH_FLAG", true),
		"who and why are required":  {Flag: flags.ReadOnlyMode, On: true, Who: "amal"},
		"is over already":           {Flag: flags.ReadOnlyMode, On: true, Who: "a", Why: "b", Until: time.Now().Add(-time.Second)},
		"say why in fewer words":    {Flag: flags.ReadOnlyMode, On: true, Who: "a", Why: strings.Repeat("b", flags.MaxOverride)},
		"override flag READ_ONLY_M": {Flag: flags.ReadOnlyMode},
	} {
		require.ErrorContains(t, set.Override(t.Context(), o), want)
	}
	require.ErrorIs(t, set.End(t.Context(), "NO_SUCH_FLAG", "a", "b"), flags.ErrUnknown)
	boom := errors.New("no route to host")
	store.refuse = boom
	require.ErrorIs(t, set.Override(t.Context(), turn(flags.ReadOnlyMode, true)), boom)
	require.ErrorIs(t, set.End(t.Context(), flags.ReadOnlyMode, "a", "b"), boom)
	require.ErrorIs(t, set.Load(t.Context()), boom)
	require.False(t, set.Enabled(flags.ReadOnlyMode))
	require.Empty(t, set.Overrides())
}

func TestAllButOverridingWorksWithTheStoreDown(t *testing.T) {
	for name, fault := range map[string]struct{ begin, end func(*shelf) }{
		"refusing": {func(s *shelf) { s.refuse = errors.New("starting up") }, func(s *shelf) { s.refuse = nil }},
		"silent":   {func(s *shelf) { s.hangs = true }, func(s *shelf) { s.hangs = false }},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "flags")
			synctest.Test(t, func(t *testing.T) {
				store := newShelf()
				set, stop := run(t, flags.Config{Store: store, File: file})
				o := turn(flags.DisableAIGeneration, true)
				o.Until = time.Now().Add(time.Minute)
				require.NoError(t, set.Override(t.Context(), o))
				store.set(fault.begin)
				store.cut()
				time.Sleep(10 * time.Second)
				require.NotEmpty(t, set.Report().Store.Error)
				require.True(t, set.Enabled(flags.DisableAIGeneration), "the last word stands")
				write(t, file, "MAINTENANCE_MODE=true")
				time.Sleep(time.Second + time.Millisecond)
				require.True(t, set.Enabled(flags.MaintenanceMode), "the file is read all the same")
				time.Sleep(time.Minute)
				require.False(t, set.Enabled(flags.DisableAIGeneration), "and ends come in time")

				late, stopLate := run(t, flags.Config{Store: store, File: file})
				require.True(t, late.Enabled(flags.MaintenanceMode), "also for one that starts now")
				store.set(fault.end)
				time.Sleep(10 * time.Second)
				require.Empty(t, set.Report().Store.Error)
				require.NotZero(t, late.Report().Store.At)
				require.NoError(t, set.Override(t.Context(), turn(flags.DisablePayments, true)))
				stop()
				stopLate()
			})
		})
	}
}

func TestAReadThatWasUnderWayDoesNotTurnAFlagBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		store.deaf = true
		set, stop := run(t, flags.Config{Store: store})
		slow := make(chan struct{})
		store.set(func(s *shelf) { s.slow = slow })
		time.Sleep(2 * time.Second)
		synctest.Wait() // a read has seen nothing and is on its way back
		require.NoError(t, set.Override(t.Context(), turn(flags.ReadOnlyMode, true)))
		store.set(func(s *shelf) { s.slow = nil })
		close(slow)
		synctest.Wait()
		require.True(t, set.Enabled(flags.ReadOnlyMode))
		stop()
	})
}

func TestStoredOverridesThatCannotBeRead(t *testing.T) {
	store := newShelf()
	set, err := flags.New(flags.Config{Store: store})
	require.NoError(t, err)
	require.NoError(t, set.Override(t.Context(), turn(flags.ReadOnlyMode, true)))
	for name, data := range map[string]string{
		"garbage":         `{"flag":`,
		"of another flag": `{"flag":"DISABLE_PAYMENTS","on":false}`,
		"too long":        `{"flag":"READ_ONLY_MODE","why":"` + strings.Repeat("b", flags.MaxOverride) + `"}`,
	} {
		store.rows[flags.ReadOnlyMode] = []byte(data)
		store.rows[flags.DisablePayments] = []byte(data)
		store.rows["A_LATER_VERSIONS_FLAG"] = []byte(data)
		require.Error(t, set.Load(t.Context()), name)
		require.True(t, set.Enabled(flags.ReadOnlyMode), "its last word stands")
		require.NotEmpty(t, set.Report().Store.Error)
	}
	store.rows = map[string][]byte{flags.DisablePayments: []byte(`{"flag":"DISABLE_PAYMENTS","on":true,"since":"a later version"}`)}
	require.NoError(t, set.Load(t.Context()))
	require.False(t, set.Enabled(flags.ReadOnlyMode))
	require.True(t, set.Enabled(flags.DisablePayments))
}

func TestChangesAreToldInOrderAlsoToOneWhoChanges(t *testing.T) {
	var set *flags.Set
	var told []string
	var audit []string
	set, err := flags.New(flags.Config{
		OnChange: func(c flags.Change) {
			told = append(told, fmt.Sprintf("%s %v %s", c.Flag, c.On, c.Source))
			if c.Flag == flags.MaintenanceMode && c.On {
				if err := set.Override(context.Background(), turn(flags.ReadOnlyMode, true)); err != nil {
					told = append(told, err.Error())
				}
			}
		},
		Audit: func(_ context.Context, e flags.Entry) {
			audit = append(audit, fmt.Sprintf("%s by %s: %s, was %v, is %v", e.Flag, e.Who, e.Why, e.Before != nil && e.Before.On, e.After != nil && e.After.On))
		},
	})
	require.NoError(t, err)
	require.NoError(t, set.Override(t.Context(), turn(flags.MaintenanceMode, true)))
	require.NoError(t, set.Override(t.Context(), turn(flags.MaintenanceMode, true))) // turns nothing
	require.NoError(t, set.End(t.Context(), flags.MaintenanceMode, "badr", "mended"))
	require.Equal(t, []string{"MAINTENANCE_MODE true override", "READ_ONLY_MODE true override", "MAINTENANCE_MODE false default"}, told)
	require.Equal(t, []string{
		"READ_ONLY_MODE by amal: drill, was false, is true",
		"MAINTENANCE_MODE by amal: drill, was false, is true",
		"MAINTENANCE_MODE by amal: drill, was true, is true",
		"MAINTENANCE_MODE by badr: mended, was true, is false",
	}, audit)
}

func TestManyTurnAndAskAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		changes := 0
		set, stop := run(t, flags.Config{Store: store, OnChange: func(flags.Change) { changes++ }}) // racy if two told at once
		var work sync.WaitGroup
		for i := range 4 {
			work.Go(func() {
				for j := range 50 {
					_ = set.Override(t.Context(), turn(flags.ReadOnlyMode, (i+j)%2 == 0))
					set.Enabled(flags.ReadOnlyMode)
					set.Report()
					time.Sleep(time.Millisecond)
				}
			})
		}
		work.Wait()
		require.NoError(t, set.Override(t.Context(), turn(flags.ReadOnlyMode, true)))
		time.Sleep(3 * time.Second)
		require.True(t, set.Enabled(flags.ReadOnlyMode))
		stop()
		require.Positive(t, changes)
	})
}

func TestDefaultsSayWhatTheyDo(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "FLAGS.md"))
	require.NoError(t, err)
	all := flags.Defaults()
	require.Len(t, all, 10)
	for _, f := range all {
		require.NotEmpty(t, f.Description, f.Name)
		require.NotEmpty(t, f.Effect, f.Name)
		state := "off"
		if f.Default {
			state = "on"
		}
		require.Contains(t, string(page), fmt.Sprintf("| `%s` | %s | %s | %s |", f.Name, state, f.Description, f.Effect), "docs/FLAGS.md must say the same")
	}
}

func BenchmarkEnabled(b *testing.B) {
	set, err := flags.New(flags.Config{})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if set.Enabled(flags.DisableAIGeneration) {
			b.Fatal("on")
		}
	}
}
