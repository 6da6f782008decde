package admin

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// deadPage is how many dead jobs are read at a time.
const deadPage = 500

// eachDead calls do for each dead job, newest first.
func eachDead(ctx context.Context, store storage.Jobs, do func(storage.DeadJob) error) error {
	for before := int64(0); ; {
		dead, err := store.DeadJobs(ctx, before, deadPage)
		if err != nil || len(dead) == 0 {
			return err
		}
		for _, d := range dead {
			if err := do(d); err != nil {
				return err
			}
			before = d.ID
		}
	}
}

func deadList(ctx context.Context, c *call, args []string) error {
	cause := c.flags.String("cause", "", "only those of this cause")
	if err := c.parse(args, 0, 0); err != nil {
		return err
	}
	return c.withStore(ctx, func(store storage.Store) error {
		causes := map[string][]storage.DeadJob{}
		err := eachDead(ctx, store, func(d storage.DeadJob) error {
			if *cause == "" || d.Cause == *cause {
				causes[d.Cause] = append(causes[d.Cause], d)
			}
			return nil
		})
		if err != nil {
			return err
		}
		names := make([]string, 0, len(causes))
		for name := range causes {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int { return len(causes[b]) - len(causes[a]) })
		for _, name := range names {
			fmt.Fprintf(c.stdout, "%s: %d\n", name, len(causes[name]))
			for _, d := range causes[name] {
				fmt.Fprintf(c.stdout, "  %d  session %s of %s, died %s after %d errors: %s\n",
					d.ID, d.Session, d.Owner, d.Died.Format(time.RFC3339), len(d.Errors), lastError(d))
			}
		}
		if len(names) == 0 {
			fmt.Fprintln(c.stdout, "no job is dead")
		}
		return nil
	})
}

// lastError is the first line of what went wrong last, cut to what fits a screen.
func lastError(d storage.DeadJob) string {
	if len(d.Errors) == 0 {
		return "no error was kept"
	}
	line, _, _ := strings.Cut(d.Errors[len(d.Errors)-1].Text, "\n")
	if runes := []rune(line); len(runes) > 200 {
		line = string(runes[:200]) + "…"
	}
	return line
}

func deadRetry(ctx context.Context, c *call, args []string) error {
	return c.eachChosen(ctx, args, "retried", storage.Store.RetryJob)
}

func deadDiscard(ctx context.Context, c *call, args []string) error {
	return c.eachChosen(ctx, args, "discarded", storage.Store.DiscardJob)
}

// eachChosen does something with the dead jobs of the command line, goes on after one
// that refuses, and says what became of each.
func (c *call) eachChosen(ctx context.Context, args []string, done string, do func(storage.Store, context.Context, int64) error) error {
	cause := c.flags.String("cause", "", "all of this cause")
	all := c.flags.Bool("all", false, "all of them")
	if err := c.parse(args, 0, math.MaxInt); err != nil {
		return err
	}
	ids, err := chosen(c.flags.Args())
	if err != nil {
		return err
	}
	if (len(ids) > 0) == (*all || *cause != "") {
		return usage("say which: their numbers, or -cause, or -all")
	}
	return c.withStore(ctx, func(store storage.Store) error {
		if len(ids) == 0 {
			err := eachDead(ctx, store, func(d storage.DeadJob) error {
				if *all || d.Cause == *cause {
					ids = append(ids, d.ID)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		var failed error
		n := 0
		for _, id := range ids {
			if err := do(store, ctx, id); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			n++
			fmt.Fprintf(c.stdout, "%s job %d\n", done, id)
		}
		fmt.Fprintf(c.stdout, "%s %d of %d\n", done, n, len(ids))
		return failed
	})
}

func chosen(words []string) ([]int64, error) {
	var ids []int64
	for _, w := range words {
		id, err := strconv.ParseInt(w, 10, 64)
		if err != nil || id <= 0 {
			return nil, usage("%q is no job's number", w)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// withStore opens the store for do. On SQLite no server may run beside it.
func (c *call) withStore(ctx context.Context, do func(storage.Store) error) error {
	store, err := c.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(store), store.Close())
}
