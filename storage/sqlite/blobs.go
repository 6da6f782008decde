package sqlite

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

// unfinished holds blobs while they are written. No session can be called that.
const unfinished = ".unfinished"

// blobs keeps files as <session>/<sha256>. Nothing reaches out of its root,
// whatever a name says.
type blobs struct {
	root *os.Root
}

func openBlobs(dir string) (*blobs, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := root.MkdirAll(unfinished, 0o700); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &blobs{root: root}, nil
}

func (b *blobs) close() error { return b.root.Close() }

// PutBlob implements [storage.Blobs]. It holds 64 KiB of r at a time.
func (s *Store) PutBlob(ctx context.Context, session string, r io.Reader) (storage.Blob, error) {
	if !valid.ID(session) {
		return storage.Blob{}, fmt.Errorf("put blob: %w", valid.ErrID)
	}
	return s.blobs.put(ctx, session, r)
}

// OpenBlob implements [storage.Blobs].
func (s *Store) OpenBlob(ctx context.Context, session, hash string) (io.ReadSeekCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !valid.ID(session) || !valid.Hash(hash) {
		return nil, fmt.Errorf("open blob: %w", storage.ErrNotFound)
	}
	file, err := s.blobs.root.Open(path.Join(session, hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open blob %s of session %s: %w", hash[:12], session, storage.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	return file, nil
}

// DeleteBlobs implements [storage.Blobs].
func (s *Store) DeleteBlobs(ctx context.Context, session string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !valid.ID(session) {
		return nil // nothing can be there
	}
	if err := s.blobs.deleteAll(session); err != nil {
		return fmt.Errorf("delete blobs of session %s: %w", session, err)
	}
	return nil
}

// put writes r beside its final place, for its name is only known at the end, and
// moves it there once it is whole on the disk.
func (b *blobs) put(ctx context.Context, session string, r io.Reader) (storage.Blob, error) {
	name := path.Join(unfinished, rand.Text())
	file, err := b.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return storage.Blob{}, fmt.Errorf("put blob: %w", err)
	}
	moved := false
	defer func() { // r may panic, too
		if !moved {
			_ = file.Close()
			_ = b.root.Remove(name)
		}
	}()

	blob, err := write(ctx, file, r)
	if err != nil {
		return storage.Blob{}, err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return storage.Blob{}, fmt.Errorf("put blob: %w", err)
	}
	if err := b.move(name, session, blob.Hash); err != nil {
		return storage.Blob{}, fmt.Errorf("put blob: %w", err)
	}
	moved = true
	return blob, nil
}

// write copies r into file. An error of r comes back as it is.
func write(ctx context.Context, file *os.File, r io.Reader) (storage.Blob, error) {
	hash := sha256.New()
	buf := make([]byte, 64<<10)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return storage.Blob{}, err
		}
		n, readErr := r.Read(buf)
		if n > 0 {
			size += int64(n)
			hash.Write(buf[:n])
			if _, err := file.Write(buf[:n]); err != nil {
				return storage.Blob{}, fmt.Errorf("put blob: %w", err)
			}
		}
		if readErr == io.EOF {
			return storage.Blob{Hash: hex.EncodeToString(hash.Sum(nil)), Size: size}, nil
		}
		if readErr != nil {
			return storage.Blob{}, readErr
		}
	}
}

// move gives a finished file its name. Somebody may delete the session's folder
// between its making and the move; then it is made again.
func (b *blobs) move(name, session, hash string) error {
	for range 10 {
		switch err := b.root.Mkdir(session, 0o700); {
		case err == nil:
			if err := b.sync("."); err != nil {
				return err
			}
		case !errors.Is(err, fs.ErrExist):
			return err
		}
		err := b.root.Rename(name, path.Join(session, hash))
		if err == nil {
			return b.sync(session)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			_ = b.root.Remove(session) // only if it is empty: we may have made it
			return err
		}
	}
	return fmt.Errorf("the folder of session %s is deleted again and again", session)
}

// sync makes the entries of a folder durable. One that is gone has none.
func (b *blobs) sync(dir string) error {
	folder, err := b.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (b *blobs) deleteAll(session string) error {
	if _, err := b.root.Lstat(session); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := b.root.RemoveAll(session); err != nil {
		return err
	}
	return b.sync(".")
}
