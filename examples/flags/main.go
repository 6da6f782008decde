// Command flags turns a switch in every way there is, and asks it directly, through
// OpenFeature, and with another OpenFeature provider in front. It needs nothing and
// ends by itself.
//
//	go run ./examples/flags
//	MAINTENANCE_MODE=true go run ./examples/flags
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"
	"github.com/open-feature/go-sdk/openfeature/memprovider"

	"github.com/learnsnap/learnsnap-go/flags"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "flags")
	if err == nil {
		err = run(ctx, filepath.Join(dir, "flags"), os.LookupEnv, os.Stdout)
		os.RemoveAll(dir) // what is left of it is the system's
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "flags:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, file string, lookup func(string) (string, bool), out io.Writer) error {
	const flag = flags.MaintenanceMode
	set, err := flags.New(flags.Config{File: file, Lookup: lookup})
	if err != nil {
		return err
	}
	say := func(when string) { fmt.Fprintf(out, "%-30s %v\n", when, set.Enabled(flag)) }
	say("at the start:")

	// A program runs set.Run(ctx) beside its other work, which reads the sources.
	if err := set.Override(ctx, flags.Override{Flag: flag, On: true, Who: "amal", Why: "moving the database"}); err != nil {
		return err
	}
	say("an override says true:")
	if err := os.WriteFile(file, []byte(flag+"=false\n"), 0o600); err != nil {
		return err
	}
	if err := set.Load(ctx); err != nil {
		return err
	}
	say("the file says false:")
	return throughOpenFeature(ctx, set, flag, out)
}

// throughOpenFeature asks the same set as one of OpenFeature's providers, and then a
// vendor's provider that has ours behind it.
func throughOpenFeature(ctx context.Context, set *flags.Set, flag string, out io.Writer) error {
	api := isolated.NewAPI() // not the global one
	if err := api.SetProviderAndWait(ctx, set.Provider()); err != nil {
		return err
	}
	vendor := memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		flag: {State: memprovider.Enabled, DefaultVariant: "on", Variants: map[string]any{"on": true}},
	})
	if err := api.SetProviderAndWait(ctx, vendor, openfeature.WithDomain("vendor")); err != nil {
		return err
	}
	who := openfeature.EvaluationContext{}
	ours := api.NewClient().Boolean(ctx, flag, false, who)
	fmt.Fprintf(out, "%-30s %v\n", "OpenFeature, our provider:", ours)

	front := api.NewClient(openfeature.WithDomain("vendor"))
	enabled := func(name string) bool { return front.Boolean(ctx, name, set.Enabled(name), who) } // fits whoever asks for a func(string) bool
	fmt.Fprintf(out, "%-30s %v\n", "a vendor in front says:", enabled(flag))
	fmt.Fprintf(out, "%-30s %v\n", "what it does not know is ours:", enabled(flags.EnableCaching))
	return api.Shutdown(ctx)
}
