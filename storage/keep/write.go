package keep

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// The names in an archive.
const (
	manifestName = "manifest.json"
	blobsName    = "blobs"
	lines        = ".jsonl"
)

// Config configures what reads or writes a whole store. The zero value is ready to
// use.
type Config struct {
	// Progress is called now and then with how far a table, or the blobs, has come, and
	// at its end. Nil means that nobody looks.
	Progress func(Sum)

	// Now dates manifests. Nil means time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	if c.Progress == nil {
		c.Progress = func(Sum) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// every is after how many rows progress is told.
func (Config) every() int64 { return 1000 }

// Write writes a dump into a new archive at dir, which must not be there yet. When it
// returns without an error, all of it is on the disk; with one, nothing has that name.
// It holds a row, or a piece of a blob, at a time.
func Write(ctx context.Context, dir string, d storage.Dump, c Config) (Manifest, error) {
	c = c.withDefaults()
	var m Manifest
	err := build(dir, func(root *os.Root) (err error) {
		m, err = writeArchive(ctx, root, d, c)
		return err
	})
	if err != nil {
		return Manifest{}, fmt.Errorf("write the archive %s: %w", dir, err)
	}
	return m, nil
}

// Export writes every table of a dump into a new folder at dir, for people and other
// programs: a file of JSON lines each, fields in a fixed order, times as in RFC 3339,
// bytes as the JSON that they are, else (encrypted ones) in base64. Blobs are left
// out. It can't be loaded again; that is what [Write] is for.
func Export(ctx context.Context, dir string, d storage.Dump, c Config) ([]Sum, error) {
	c = c.withDefaults()
	var sums []Sum
	err := build(dir, func(root *os.Root) (err error) {
		sums, _, err = writeTables(ctx, root, d, readable, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("export to %s: %w", dir, err)
	}
	return sums, nil
}

// build fills a folder beside dir, and gives it that name when it is on the disk.
func build(dir string, fill func(*os.Root) error) (err error) {
	if _, err := os.Lstat(dir); err == nil {
		return storage.ErrExists
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	beside, err := os.MkdirTemp(parent, unfinished+filepath.Base(dir)+".")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(beside))
		}
	}()
	root, err := os.OpenRoot(beside)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(root), syncDir(root, "."), root.Close()); err != nil {
		return err
	}
	if err := os.Rename(beside, dir); err != nil {
		return err
	}
	above, err := os.OpenRoot(parent)
	if err != nil {
		return err
	}
	return errors.Join(syncDir(above, "."), above.Close())
}

// unfinished begins the names of folders that are being filled.
const unfinished = ".unfinished-"

func syncDir(root *os.Root, dir string) error {
	folder, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func writeArchive(ctx context.Context, root *os.Root, d storage.Dump, c Config) (Manifest, error) {
	m := Manifest{Format: format, Created: c.Now().UTC().Truncate(time.Microsecond), Schema: d.Schema()}
	var err error
	if m.Tables, m.Ledger, err = writeTables(ctx, root, d, exact, c); err != nil {
		return m, err
	}
	if m.Blobs, err = writeBlobs(ctx, root, d, c); err != nil {
		return m, fmt.Errorf("blobs: %w", err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	return m, writeFile(root, manifestName, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

func writeTables(ctx context.Context, root *os.Root, d storage.Dump, f form, c Config) ([]Sum, Heads, error) {
	var sums []Sum
	h := newHeads()
	for _, t := range storage.Tables() {
		err := writeFile(root, t.Name+lines, func(w io.Writer) error {
			sum, err := writeTable(ctx, w, d, t, f, h, c)
			sums = append(sums, sum)
			return err
		})
		if err != nil {
			return nil, Heads{}, err
		}
	}
	return sums, h.sum(), nil
}

// writeFile writes a new file and brings it to the disk.
func writeFile(root *os.Root, name string, write func(io.Writer) error) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 64<<10)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func writeBlobs(ctx context.Context, root *os.Root, d storage.Dump, c Config) (Sum, error) {
	list := newListing()
	if err := root.Mkdir(blobsName, 0o700); err != nil {
		return Sum{}, err
	}
	folder := "" // of the session whose blobs come now
	for b, err := range d.Blobs(ctx) {
		if err != nil {
			return Sum{}, err
		}
		if dir := path.Join(blobsName, b.Session); dir != folder {
			if folder != "" {
				if err := syncDir(root, folder); err != nil {
					return Sum{}, err
				}
			}
			if err := root.Mkdir(dir, 0o700); err != nil {
				return Sum{}, err
			}
			folder = dir
		}
		if err := writeBlob(ctx, root, path.Join(folder, b.Hash), b); err != nil {
			return Sum{}, fmt.Errorf("blob %s of session %s: %w", b.Hash, b.Session, err)
		}
		list.add(b)
		c.Progress(list.total)
	}
	if folder != "" {
		if err := syncDir(root, folder); err != nil {
			return Sum{}, err
		}
	}
	sum := list.sum()
	c.Progress(sum)
	return sum, syncDir(root, blobsName)
}

func writeBlob(ctx context.Context, root *os.Root, name string, b storage.DumpedBlob) error {
	r, err := b.Open()
	if err != nil {
		return err
	}
	err = writeFile(root, name, func(w io.Writer) error { return copyWhole(ctx, w, r, b) })
	return errors.Join(err, r.Close())
}
