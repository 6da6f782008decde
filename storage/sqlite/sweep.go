package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

const ownedSessions = `SELECT id FROM sessions WHERE id IN (SELECT value FROM json_each(?))`

// SweepBlobs implements [storage.Blobs]. Uploads that were never finished count
// as blobs that no session owns.
func (s *Store) SweepBlobs(ctx context.Context, before time.Time) (int, error) {
	swept, err := s.blobs.sweep(ctx, unfinished, before)
	if err == nil {
		err = s.blobs.each(ctx, ".", func(entries []fs.DirEntry) error {
			orphans, err := s.orphans(ctx, entries)
			for _, session := range orphans {
				if err != nil {
					break
				}
				var n int
				n, err = s.blobs.sweep(ctx, session, before)
				swept += n
				_ = s.blobs.root.Remove(session) // stays while something is in it
			}
			return err
		})
	}
	if err != nil {
		return swept, fmt.Errorf("sweep blobs: %w", err)
	}
	return swept, nil
}

// orphans returns the names of those folders that are no session's.
func (s *Store) orphans(ctx context.Context, entries []fs.DirEntry) ([]string, error) {
	var names []string
	for _, e := range entries {
		if e.IsDir() && valid.ID(e.Name()) {
			names = append(names, e.Name())
		}
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	owned, err := collect(ctx, s.reader, func(scan func(...any) error) (id string, err error) {
		return id, scan(&id)
	}, ownedSessions, string(list))
	if err != nil {
		return nil, err
	}
	have := make(map[string]bool, len(owned))
	for _, id := range owned {
		have[id] = true
	}
	var orphans []string
	for _, name := range names {
		if !have[name] {
			orphans = append(orphans, name)
		}
	}
	return orphans, nil
}

// sweep removes the files of a folder that are older than before.
func (b *blobs) sweep(ctx context.Context, dir string, before time.Time) (int, error) {
	swept := 0
	err := b.each(ctx, dir, func(entries []fs.DirEntry) error {
		for _, e := range entries {
			if e.IsDir() || !older(e, before) {
				continue
			}
			if err := b.root.Remove(path.Join(dir, e.Name())); err != nil {
				return err
			}
			swept++
		}
		return nil
	})
	return swept, err
}

// each reads a folder, some entries at a time. A folder that is gone has none.
func (b *blobs) each(ctx context.Context, dir string, do func([]fs.DirEntry) error) error {
	folder, err := b.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer folder.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := folder.ReadDir(256)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(entries); err != nil {
			return err
		}
	}
}

// older reports whether a file was last written before t.
func older(entry fs.DirEntry, t time.Time) bool {
	info, err := entry.Info()
	return err == nil && info.ModTime().Before(t)
}
