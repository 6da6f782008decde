package flags_test

import (
	"context"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/flags"
)

func Example() {
	set, err := flags.New(flags.Config{
		Flags: []flags.Flag{{Name: "STOP_ORDERS", Description: "No order is taken.", Effect: "The shop says that it is closed."}},
		OnChange: func(c flags.Change) {
			fmt.Println(c.Flag, c.On, "by", c.Source)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	err = set.Override(ctx, flags.Override{
		Flag: "STOP_ORDERS", On: true,
		Who: "amal", Why: "stock is being counted", Until: time.Now().Add(time.Hour),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("stopped:", set.Enabled("STOP_ORDERS"))
	if err := set.End(ctx, "STOP_ORDERS", "amal", "counted"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// STOP_ORDERS true by override
	// stopped: true
	// STOP_ORDERS false by default
}
