package slo_test

import (
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/slo"
)

func Example() {
	tracker, err := slo.New(slo.Config{Objectives: []slo.Objective{{
		Name:        "search-speed",
		Description: "Searches that answer within 200 ms.",
		Target:      0.95,
		Indicators:  []slo.Indicator{{Name: "searches", Within: 200 * time.Millisecond}},
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	searches, err := tracker.Recorder("searches")
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 1000 {
		took := 50 * time.Millisecond
		if i%50 == 0 {
			took = time.Second
		}
		searches.Observe(took)
	}
	for _, o := range tracker.Report().Objectives {
		fmt.Printf("%s: %.1f%% good, %s\n", o.Name, 100*o.Ratio, o.Status)
		fmt.Printf("%.0f%% of the budget is left: %d more may be slow\n", 100*o.BudgetRatio, o.BudgetEvents)
	}
	// Output:
	// search-speed: 98.0% good, ok
	// 60% of the budget is left: 30 more may be slow
}
