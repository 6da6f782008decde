package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/learnsnap/learnsnap-go/storage"
)

// errLocked is what lockFile answers when somebody else has the lock.
var errLocked error = lockedError{}

type lockedError struct{}

func (lockedError) Error() string { return "another process has it open" }

// Is makes it a [storage.ErrConflict] too.
func (lockedError) Is(target error) bool { return target == storage.ErrConflict }

// A lock keeps other processes out of the folder. Its file stays: once marked, it
// also says that a database was made here, so that a lost one is not silently
// replaced by an empty one.
type lock struct {
	file *os.File
}

// acquire takes the lock, or says who has it.
func acquire(path string) (*lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	l := &lock{file: file}
	err = lockFile(file)
	if err == nil {
		return l, nil
	}
	if errors.Is(err, errLocked) {
		if mark, markErr := l.content(); markErr == nil && mark != "" {
			err = fmt.Errorf("%w (%s)", err, mark)
		}
		err = fmt.Errorf("%w; stop that one, or give each a folder of its own", err)
	}
	return nil, errors.Join(err, file.Close())
}

// place makes the database's file where there was none before.
func (l *lock) place(database string) error {
	info, err := os.Stat(database)
	if err == nil && info.Size() > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	mark, err := l.content()
	if err != nil {
		return err
	}
	if mark != "" {
		return fmt.Errorf("%s is missing or empty, but there was one; restore it from a backup, or delete %s to begin anew",
			databaseName, lockName)
	}
	file, err := os.OpenFile(database, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// mark notes that the database is there, and whose it is now. At no moment is an
// old mark gone before the new one stands.
func (l *lock) mark() error {
	text := fmt.Sprintf("process %d\n", os.Getpid())
	if _, err := l.file.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	if err := l.file.Truncate(int64(len(text))); err != nil {
		return err
	}
	return l.file.Sync()
}

// content returns the mark, or "" when there is none.
func (l *lock) content() (string, error) {
	var buf [64]byte
	n, err := l.file.ReadAt(buf[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSpace(string(buf[:n])), nil
}

func (l *lock) release() error { return l.file.Close() }
