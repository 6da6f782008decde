package keep

import (
	"context"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

// A Target is a store that can be filled and looked at.
type Target interface {
	storage.Dumper
	storage.Loader
	Check(ctx context.Context) error
}

// Copy loads a dump into an empty store and compares both ends: the store's own Check,
// and the count and the SHA-256 of every table, of the blobs and of the ledger's heads.
// It restores an archive, and moves the dump of another store.
//
// An error before the load is complete leaves the store empty. One of the comparison
// does not: whatever is there then is not to be used.
func Copy(ctx context.Context, to Target, from storage.Dump, c Config) (Manifest, error) {
	want, err := Summarize(ctx, from, c) // and not what a manifest says: an older program knew less
	if err != nil {
		return Manifest{}, fmt.Errorf("copy: %w", err)
	}
	if err := to.Load(ctx, from); err != nil {
		return Manifest{}, fmt.Errorf("copy: %w", err)
	}
	if err := to.Check(ctx); err != nil {
		return Manifest{}, fmt.Errorf("the copy is not sound and must not be used: %w", err)
	}
	copied, err := to.Dump(ctx)
	if err != nil {
		return Manifest{}, fmt.Errorf("compare the copy: %w", err)
	}
	got, err := Summarize(ctx, copied, c)
	if err = errors.Join(err, copied.Close()); err != nil {
		return Manifest{}, fmt.Errorf("compare the copy: %w", err)
	}
	if err := want.Same(got); err != nil {
		return Manifest{}, fmt.Errorf("the copy is not what was copied and must not be used: %w", err)
	}
	return got, nil
}
