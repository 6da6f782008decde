//go:build unix

package keep_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/learnsnap/learnsnap-go/storage/keep"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "keep")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(ctx, sqlite.Config{Dir: filepath.Join(dir, "data")})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Grant(ctx, "amal", "welcome", 10); err != nil {
		log.Fatal(err)
	}

	dump, err := store.Dump(ctx) // everything, at this moment
	if err != nil {
		log.Fatal(err)
	}
	if _, err := keep.Write(ctx, filepath.Join(dir, "backup"), dump, keep.Config{}); err != nil {
		log.Fatal(err)
	}
	if err := dump.Close(); err != nil {
		log.Fatal(err)
	}

	archive, err := keep.Open(filepath.Join(dir, "backup"))
	if err != nil {
		log.Fatal(err)
	}
	defer archive.Close()
	restored, err := sqlite.Open(ctx, sqlite.Config{Dir: filepath.Join(dir, "restored")})
	if err != nil {
		log.Fatal(err)
	}
	defer restored.Close()
	manifest, err := keep.Copy(ctx, restored, archive, keep.Config{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("pages restored and compared:", manifest.Ledger.Pages)
	// Output: pages restored and compared: 10
}
