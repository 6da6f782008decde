package admin

import (
	"context"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/keep"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
)

func reseal(ctx context.Context, c *call, args []string) error {
	show := c.flags.Bool("progress", false, "show progress, also where stderr is no terminal")
	if err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if len(c.Keys) == 0 {
		return usage("set ENCRYPTION_KEY: the new key first, then the old ones, with commas")
	}
	return c.withStore(ctx, func(store storage.Store) error {
		s, err := sealed.Open(ctx, store, sealed.Config{Keys: c.Keys, Enabled: func() bool { return !c.Unsealed }})
		if err != nil {
			return err
		}
		tell := c.progress(*show).Progress
		seen, changed := 0, 0
		err = s.Reseal(ctx, func(all, renewed int) {
			if seen, changed = all, renewed; tell != nil {
				tell(keep.Sum{Name: "values", Rows: int64(all)})
			}
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "looked at %d values and renewed %d\n", seen, changed)
		return nil
	})
}
