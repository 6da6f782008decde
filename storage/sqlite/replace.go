package sqlite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/learnsnap/learnsnap-go/storage"
)

// The names of folders in the store's own.
const (
	incoming = ".incoming-" // begins that of a store which is being filled
	replaced = "replaced-"  // begins that of a store which was replaced
)

// Replace fills the folder c.Dir with a new store, which fill gets open and empty. What
// fill leaves takes its place only when it has answered nil; until then nothing that
// was there has changed.
//
// Where there is a store already, or was one, it answers [storage.ErrExists] unless
// aside is set; then the files of the old one, damaged or not, are moved into a folder
// of their own in c.Dir, whose path it returns. It refuses when a process has the
// folder open.
func Replace(ctx context.Context, c Config, aside bool, fill func(*Store) error) (old string, err error) {
	dir, err := filepath.Abs(c.Dir)
	if err == nil && c.Dir == "" {
		err = errors.New("Config.Dir is empty")
	}
	if err == nil {
		c.Dir = dir
		old, err = replace(ctx, c, aside, fill)
	}
	if err != nil {
		return old, fmt.Errorf("replace the store in %s: %w", dir, explain(err))
	}
	return old, nil
}

func replace(ctx context.Context, c Config, aside bool, fill func(*Store) error) (string, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return "", err
	}
	l, err := acquire(filepath.Join(c.Dir, lockName))
	if err != nil {
		return "", err
	}
	defer func() { _ = l.release() }()
	there, err := isThere(c.Dir, l)
	if err != nil {
		return "", err
	}
	if there && !aside {
		return "", fmt.Errorf("there is a store already: %w", storage.ErrExists)
	}
	beside, err := fillBeside(ctx, c, fill)
	if err != nil {
		return "", err
	}
	old, err := swap(c.Dir, beside, there)
	return old, errors.Join(err, l.mark(), os.RemoveAll(beside))
}

// isThere reports whether there is a store, or the lock says that there was.
func isThere(dir string, l *lock) (bool, error) {
	mark, err := l.content()
	if err != nil || mark != "" {
		return true, err
	}
	_, err = os.Lstat(filepath.Join(dir, databaseName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return true, err
}

// fillBeside makes a store in a folder of the same disk, and removes those that dead
// processes have left.
func fillBeside(ctx context.Context, c Config, fill func(*Store) error) (string, error) {
	left, err := filepath.Glob(filepath.Join(c.Dir, incoming+"*"))
	if err != nil {
		return "", err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	c.Dir = filepath.Join(c.Dir, incoming+rand.Text())
	s, err := Open(ctx, c)
	if err == nil {
		err = errors.Join(fill(s), s.Close())
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(c.Dir))
	}
	return c.Dir, nil
}

// swap moves the old files away and the new ones in. When it is broken off in between,
// the lock's mark keeps a server from starting with half of a store.
func swap(dir, beside string, there bool) (old string, err error) {
	if there {
		old = filepath.Join(dir, replaced+strings.ToLower(rand.Text()[:8]))
		if err := os.Mkdir(old, 0o700); err != nil {
			return "", err
		}
	}
	for _, name := range []string{databaseName, databaseName + "-wal", databaseName + "-shm", blobsName} {
		if there {
			err := os.Rename(filepath.Join(dir, name), filepath.Join(old, name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return old, err
			}
		}
	}
	for _, name := range []string{blobsName, databaseName} {
		if err := os.Rename(filepath.Join(beside, name), filepath.Join(dir, name)); err != nil {
			return old, err
		}
	}
	folder, err := os.Open(dir)
	if err != nil {
		return old, err
	}
	return old, errors.Join(folder.Sync(), folder.Close())
}
