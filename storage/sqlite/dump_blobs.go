package sqlite

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

// frozen begins the names of folders that keep blobs for a dump. No session can be
// called that.
const frozen = ".dump-"

// frozenFor is how long such a folder is left alone that may be a dead process's.
const frozenFor = 24 * time.Hour

// frozenBlobs keeps blobs by a second name, whatever happens to the first one.
type frozenBlobs struct {
	*blobs
	dir  string
	kept map[blobName]bool
}

type blobName struct{ session, hash string }

func (n blobName) compare(m blobName) int {
	return cmp.Or(strings.Compare(n.session, m.session), strings.Compare(n.hash, m.hash))
}

func freeze(dir string) (*frozenBlobs, error) {
	b, err := openBlobs(dir)
	if err != nil {
		return nil, err
	}
	f := &frozenBlobs{blobs: b, dir: frozen + rand.Text(), kept: map[blobName]bool{}}
	if err := errors.Join(f.sweepFrozen(time.Now().Add(-frozenFor)), b.root.Mkdir(f.dir, 0o700)); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return f, nil
}

// sweepFrozen removes the folders of dumps that were killed.
func (f *frozenBlobs) sweepFrozen(before time.Time) error {
	return f.each(context.Background(), ".", func(entries []fs.DirEntry) error {
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), frozen) && older(e, before) {
				if err := f.root.RemoveAll(e.Name()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (f *frozenBlobs) close() error {
	return errors.Join(f.root.RemoveAll(f.dir), f.blobs.close())
}

// list returns the blobs that are there. It reports whether some went while it looked.
func (b *blobs) list(ctx context.Context) (names []blobName, gone bool, err error) {
	err = b.each(ctx, ".", func(sessions []fs.DirEntry) error {
		for _, s := range sessions {
			if !s.IsDir() || !valid.ID(s.Name()) {
				continue
			}
			err := b.each(ctx, s.Name(), func(files []fs.DirEntry) error {
				for _, file := range files {
					if valid.Hash(file.Name()) {
						names = append(names, blobName{s.Name(), file.Name()})
					}
				}
				return nil
			})
			if errors.Is(err, fs.ErrNotExist) {
				gone = true // the folder, while it was read
				continue
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return names, gone, err
}

// keepAll keeps the blobs that are there, until a look finds no new one.
func (f *frozenBlobs) keepAll(ctx context.Context) error {
	for range maxFreezes { // more come all the time: then the view is opened between two
		before := len(f.kept)
		if _, err := f.keep(ctx); err != nil {
			return err
		}
		if len(f.kept) == before {
			return nil
		}
	}
	return nil
}

// keep keeps the blobs that are there, and reports whether one went meanwhile.
func (f *frozenBlobs) keep(ctx context.Context) (gone bool, err error) {
	names, gone, err := f.list(ctx)
	if err != nil {
		return gone, err
	}
	for _, n := range names {
		if f.kept[n] {
			continue
		}
		err := f.root.Link(path.Join(n.session, n.hash), path.Join(f.dir, n.session+"."+n.hash))
		if errors.Is(err, fs.ErrNotExist) {
			gone = true
			continue
		}
		if err != nil {
			return gone, fmt.Errorf("keep a blob: %w", err)
		}
		f.kept[n] = true
	}
	return gone, nil
}

// Blobs implements [storage.Dump].
func (d *dump) Blobs(ctx context.Context) iter.Seq2[storage.DumpedBlob, error] {
	return func(yield func(storage.DumpedBlob, error) bool) {
		names := make([]blobName, 0, len(d.blobs.kept))
		for n := range d.blobs.kept {
			names = append(names, n)
		}
		slices.SortFunc(names, blobName.compare)
		for _, n := range names {
			var info os.FileInfo
			err := ctx.Err()
			name := path.Join(d.blobs.dir, n.session+"."+n.hash)
			if err == nil {
				info, err = d.blobs.root.Stat(name)
			}
			if err != nil {
				yield(storage.DumpedBlob{}, fmt.Errorf("dump a blob: %w", err))
				return
			}
			open := func() (io.ReadCloser, error) { return d.blobs.root.Open(name) }
			if !yield(storage.DumpedBlob{Session: n.session, Hash: n.hash, Size: info.Size(), Open: open}, nil) {
				return
			}
		}
	}
}
