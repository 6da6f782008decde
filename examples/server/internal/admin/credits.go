package admin

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

func grant(ctx context.Context, c *call, args []string) error {
	return c.post(ctx, args, "credits.grant", storage.Store.Grant)
}

func adjust(ctx context.Context, c *call, args []string) error {
	return c.post(ctx, args, "credits.adjust", storage.Store.Adjust)
}

// post adds an entry to the ledger, and one to the audit that says who did it and why.
// The audit comes first: what was done and not told would be worse than what was told
// and not done.
func (c *call) post(ctx context.Context, args []string, what string,
	do func(s storage.Store, ctx context.Context, owner, cause string, pages int) (bool, error)) error {
	owner := c.flags.String("owner", "", "whose pages, such as device:… or user:…")
	pages := c.flags.Int("pages", 0, "how many; below zero takes them (adjust only)")
	cause := c.flags.String("cause", "", "a name that is unique for this owner, such as ticket-123: the same once more changes nothing")
	who := c.flags.String("who", "", "who does this")
	why := c.flags.String("why", "", "why")
	if err := c.parse(args, 0, 0); err != nil {
		return err
	}
	for name, value := range map[string]string{"owner": *owner, "cause": *cause, "who": *who, "why": *why} {
		if value == "" {
			c.flags.Usage()
			return usage("-%s is needed", name)
		}
	}
	if *pages == 0 || *pages < 0 && what == "credits.grant" {
		return usage("-pages must be above zero, or with adjust not zero")
	}
	detail, err := json.Marshal(map[string]any{"pages": *pages, "cause": *cause})
	if err != nil {
		return err
	}
	return c.withStore(ctx, func(store storage.Store) error {
		e := storage.AuditEntry{Who: *who, What: what, Target: *owner, Why: *why, Detail: detail}
		if err := store.AddAudit(ctx, e); err != nil {
			return err
		}
		done, err := do(store, ctx, *owner, "operator:"+*cause, *pages)
		if err != nil {
			return err
		}
		balance, err := store.Balance(ctx, *owner)
		if err != nil {
			return err
		}
		if !done {
			fmt.Fprintf(c.stdout, "nothing changed: the cause %s was used before; the balance is %d pages\n", *cause, balance)
			return nil
		}
		fmt.Fprintf(c.stdout, "%+d pages; the balance is %d pages\n", *pages, balance)
		return nil
	})
}
