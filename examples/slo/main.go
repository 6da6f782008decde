// Command slo counts a service that fails for half an hour, and shows how its error
// budget goes and what would alert whom. It needs nothing and ends by itself.
//
//	go run ./examples/slo
//	go run ./examples/slo -rules   # Prometheus' rules of LearnSnap's objectives
//	go run ./examples/slo -openslo # the same as OpenSLO
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/learnsnap/learnsnap-go/slo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "slo:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	options := flag.NewFlagSet("slo", flag.ContinueOnError)
	rules := options.Bool("rules", false, "print Prometheus rules")
	open := options.Bool("openslo", false, "print OpenSLO")
	switch err := options.Parse(args); {
	case err != nil:
		return err
	case *rules:
		return slo.WriteRules(out, slo.Defaults())
	case *open:
		return slo.WriteOpenSLO(out, "learnsnap", slo.Defaults())
	}
	return simulate(ctx, out)
}

// simulate plays a day in no time, on a clock of its own. A program leaves Now
// out and lets tracker.Run turn the minutes.
func simulate(ctx context.Context, out io.Writer) error {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tracker, err := slo.New(slo.Config{
		Objectives: []slo.Objective{{
			Name: "checkout", Target: 0.99, Description: "Orders that go through.",
			Indicators: []slo.Indicator{{Name: "orders"}},
		}},
		Now: func() time.Time { return now },
	})
	if err != nil {
		return err
	}
	orders, err := tracker.Recorder("orders")
	if err != nil {
		return err
	}
	for minute := range 24 * 60 {
		failing := minute >= 22*60 && minute < 22*60+30
		for i := range 50 {
			orders.Record(!failing || i%2 != 0)
		}
		now = now.Add(time.Minute)
		report := tracker.Report()
		if minute >= 22*60-15 && minute%10 == 9 {
			o := report.Objectives[0]
			fmt.Fprintf(out, "%s  %-6s  budget left %4.0f%%  burn in 5m %4.1f, in 1h %4.1f\n",
				now.Format("15:04"), o.Status, 100*o.BudgetRatio, o.Burn[0].Rate, o.Burn[2].Rate)
		}
	}
	return ctx.Err()
}
