package keep

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"

	"github.com/learnsnap/learnsnap-go/storage"
)

// Bounds of what is read.
const (
	maxManifest = 1 << 20
	maxLine     = 64 << 20
)

// An Archive is a [storage.Dump] that [Write] has written. Close it when done.
type Archive struct {
	root     *os.Root
	dir      string
	manifest Manifest
}

var _ storage.Dump = (*Archive)(nil)

// Open opens an archive. What is in it is compared with its manifest as it is read.
func Open(dir string) (*Archive, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	a := &Archive{root: root, dir: dir}
	if err := a.readManifest(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the archive %s: %w", dir, err), root.Close())
	}
	return a, nil
}

func (a *Archive) readManifest() error {
	file, err := a.root.Open(manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("it has no %s, so it is no archive: %w", manifestName, err)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	if err != nil {
		return err
	}
	if len(text) > maxManifest {
		return errors.New("its manifest is too long")
	}
	if err := json.Unmarshal(text, &a.manifest); err != nil {
		return fmt.Errorf("its manifest: %w", err)
	}
	switch {
	case a.manifest.Format < 1:
		return errors.New("its manifest names no format")
	case a.manifest.Format > format:
		return errNewer
	}
	for _, sum := range a.manifest.Tables {
		if _, err := tableOf(sum.Name); err != nil {
			return err
		}
	}
	return nil
}

func tableOf(name string) (storage.Table, error) {
	for _, t := range storage.Tables() {
		if t.Name == name {
			return t, nil
		}
	}
	return storage.Table{}, fmt.Errorf("table %q is not known: %w", name, errNewer)
}

// Manifest returns what was written.
func (a *Archive) Manifest() Manifest { return a.manifest }

// Dir is the archive's folder.
func (a *Archive) Dir() string { return a.dir }

// Schema implements [storage.Dump].
func (a *Archive) Schema() int64 { return a.manifest.Schema }

// Close implements [storage.Dump].
func (a *Archive) Close() error { return a.root.Close() }

// Rows implements [storage.Dump]. A table that the archive has not is empty: the
// program that wrote it did not know it. Rows that are not those of the manifest end
// in an error.
func (a *Archive) Rows(ctx context.Context, t storage.Table) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		at := slices.IndexFunc(a.manifest.Tables, func(s Sum) bool { return s.Name == t.Name })
		if at < 0 {
			return
		}
		if err := a.rows(ctx, t, a.manifest.Tables[at], func(row storage.Row) bool { return yield(row, nil) }); err != nil {
			yield(nil, fmt.Errorf("read the archive %s: %w", a.dir, err))
		}
	}
}

func (a *Archive) rows(ctx context.Context, t storage.Table, want Sum, yield func(storage.Row) bool) error {
	file, err := a.root.Open(t.Name + lines)
	if err != nil {
		return err
	}
	defer file.Close()
	got := Sum{Name: t.Name}
	digest := sha256.New()
	scanner := bufio.NewScanner(io.TeeReader(io.LimitReader(file, want.Bytes+1), digest))
	scanner.Buffer(make([]byte, 64<<10), maxLine)
	for scanner.Scan() {
		if err := ctx.Err(); err != nil {
			return err
		}
		row, err := parseRow(scanner.Bytes(), t)
		if err != nil {
			return fmt.Errorf("line %d: %w", got.Rows+1, err)
		}
		got.Rows++
		got.Bytes += int64(len(scanner.Bytes())) + 1
		if !yield(row) {
			return nil
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("table %s, line %d: %w", t.Name, got.Rows+1, err)
	}
	if got.SHA256 = hex.EncodeToString(digest.Sum(nil)); got != want {
		return fmt.Errorf("table %s is damaged: it is %+v, and was written as %+v", t.Name, got, want)
	}
	return nil
}

// Blobs implements [storage.Dump]. Blobs that are not those of the manifest end in an
// error; one whose bytes were changed fails when it is read.
func (a *Archive) Blobs(ctx context.Context) iter.Seq2[storage.DumpedBlob, error] {
	return func(yield func(storage.DumpedBlob, error) bool) {
		list := newListing()
		err := a.blobs(ctx, func(b storage.DumpedBlob) bool {
			list.add(b)
			return yield(b, nil)
		})
		if errors.Is(err, errEnough) {
			return
		}
		if got := list.sum(); err == nil && got != a.manifest.Blobs {
			err = fmt.Errorf("the blobs are damaged: they are %+v, and were written as %+v", got, a.manifest.Blobs)
		}
		if err != nil {
			yield(storage.DumpedBlob{}, fmt.Errorf("read the archive %s: %w", a.dir, err))
		}
	}
}

var errEnough = errors.New("no more are wanted")

func (a *Archive) blobs(ctx context.Context, yield func(storage.DumpedBlob) bool) error {
	sessions, err := fs.ReadDir(a.root.FS(), blobsName)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		files, err := fs.ReadDir(a.root.FS(), path.Join(blobsName, s.Name()))
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			info, err := f.Info()
			if err != nil {
				return err
			}
			b := storage.DumpedBlob{Session: s.Name(), Hash: f.Name(), Size: info.Size()}
			b.Open = func() (io.ReadCloser, error) { return a.root.Open(path.Join(blobsName, b.Session, b.Hash)) }
			if !yield(b) {
				return errEnough
			}
		}
	}
	return nil
}

// Verify reads the whole archive and returns what is wrong with it: an error for rows,
// blobs and chains of the ledger that are not what was written.
func (a *Archive) Verify(ctx context.Context, c Config) error {
	c = c.withDefaults()
	m := Manifest{Format: format}
	h := newHeads()
	for _, t := range storage.Tables() {
		sum, err := writeTable(ctx, io.Discard, chainedDump{a}, t, exact, h, c)
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		m.Tables = append(m.Tables, sum)
	}
	if m.Ledger = h.sum(); m.Ledger != a.manifest.Ledger {
		return fmt.Errorf("verify the archive %s: the ledger is %+v, and was written as %+v", a.dir, m.Ledger, a.manifest.Ledger)
	}
	list := newListing()
	for b, err := range a.Blobs(ctx) {
		if err == nil {
			err = readBlob(ctx, b)
		}
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		list.add(b)
		c.Progress(list.total)
	}
	return nil
}

// A chainedDump reads an archive and verifies its chains.
type chainedDump struct{ *Archive }

func (d chainedDump) Rows(ctx context.Context, t storage.Table) iter.Seq2[storage.Row, error] {
	return storage.Chained(t, d.Archive.Rows(ctx, t))
}

func readBlob(ctx context.Context, b storage.DumpedBlob) error {
	r, err := b.Open()
	if err != nil {
		return err
	}
	return errors.Join(copyWhole(ctx, io.Discard, r, b), r.Close())
}

// copyWhole copies a blob, and fails when it is not the one of its name.
func copyWhole(ctx context.Context, w io.Writer, r io.Reader, b storage.DumpedBlob) error {
	hash := sha256.New()
	buf := make([]byte, 64<<10)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		hash.Write(buf[:n])
		if size += int64(n); size > b.Size {
			break
		}
		if _, writeErr := w.Write(buf[:n]); writeErr != nil {
			return writeErr
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if size != b.Size || hex.EncodeToString(hash.Sum(nil)) != b.Hash {
		return fmt.Errorf("blob %s of session %s is damaged", b.Hash, b.Session)
	}
	return nil
}
