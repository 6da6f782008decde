package keep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// provedName is a file in an archive that was restored and found sound.
const provedName = "proved.json"

// ScheduleConfig configures a [Schedule]. Dir, Source and Prove are required; every
// other zero value is a default.
type ScheduleConfig struct {
	Dir   string        // folder of the archives; made when it is missing
	Every time.Duration // from one backup to the next; 0 means a day
	Keep  int           // how many proved archives are kept; 0 means 7, −1 all

	// Source is the store.
	Source storage.Dumper

	// Prove restores an archive into a scratch place and returns an error when that does
	// not hold what it should; [Copy] is meant for it. An archive counts once it has
	// answered nil.
	Prove func(ctx context.Context, a *Archive) error

	// Logger gets what was done and what went wrong. Nil discards it.
	Logger *slog.Logger

	// Now is the clock that names archives. Nil means time.Now.
	Now func() time.Time
}

// A Schedule makes backups, proves them and removes the oldest. It is safe for
// concurrent use.
type Schedule struct {
	c      ScheduleConfig
	proved atomic.Pointer[time.Time]
}

// retryAfter is how long a backup that failed waits for the next try, or Every where
// that is shorter.
const retryAfter = 10 * time.Minute

// clockSlack is how far the clocks of processes that share the folder may be apart.
const clockSlack = time.Minute

// abandonedAfter is when a folder that was being filled is taken for a dead process's.
const abandonedAfter = 24 * time.Hour

// NewSchedule returns a schedule that knows of the proved archives in c.Dir.
func NewSchedule(c ScheduleConfig) (*Schedule, error) {
	if c.Dir == "" || c.Source == nil || c.Prove == nil {
		return nil, errors.New("schedule of backups: Dir, Source and Prove are needed")
	}
	if c.Every <= 0 {
		c.Every = 24 * time.Hour
	}
	if c.Keep == 0 {
		c.Keep = 7
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Schedule{c: c}
	if err := s.look(); err != nil {
		return nil, fmt.Errorf("schedule of backups: %w", err)
	}
	return s, nil
}

// look finds the last proved archive in the folder, whoever has made it. One of a time
// that is yet to come was made before the clock was set back, and tells nothing of when
// the next one is due.
func (s *Schedule) look() error {
	latest := s.c.Now().Add(clockSlack)
	all, err := s.archives()
	last := s.Proved()
	if last.After(latest) {
		last = time.Time{}
	}
	for _, a := range all {
		if a.proved && a.made.After(last) && !a.made.After(latest) {
			last = a.made
		}
	}
	s.proved.Store(&last)
	return err
}

// Proved is the moment that the last proved backup is of: what came since would be
// lost. Zero means that there is none.
func (s *Schedule) Proved() time.Time {
	if t := s.proved.Load(); t != nil {
		return *t
	}
	return time.Time{}
}

// Run makes a backup whenever one is due, until ctx ends: Every after the last proved
// one, at once where there is none. One that fails is told to the log, kept for a look
// until a later one is proved, and tried again soon. Of several processes that share the
// folder, mostly one makes the backup that is due; more do no harm.
func (s *Schedule) Run(ctx context.Context) error {
	for wait := s.due(); ; {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if wait = s.due(); wait > 0 { // another process was first
			continue
		}
		dir, err := s.Backup(ctx)
		switch wait = s.due(); {
		case err == nil:
			s.c.Logger.Info("made a backup and proved it", "archive", dir)
		case ctx.Err() == nil:
			wait = max(wait, min(retryAfter, s.c.Every))
			s.c.Logger.Error("there is no new backup", "error", err, "lastProved", s.Proved(), "nextTry", wait)
		}
	}
}

// due is how long there is until the next backup.
func (s *Schedule) due() time.Duration {
	if err := s.look(); err != nil {
		s.c.Logger.Warn("the folder of backups can't be read", "error", err)
	}
	return max(s.Proved().Add(s.c.Every).Sub(s.c.Now()), 0)
}

// Backup makes a backup now, proves it, and returns its folder.
func (s *Schedule) Backup(ctx context.Context) (string, error) {
	made := s.c.Now().UTC()
	dir := filepath.Join(s.c.Dir, Name(made))
	if err := s.write(ctx, dir, made); err != nil {
		return dir, fmt.Errorf("backup: %w", err)
	}
	if err := s.prove(ctx, dir); err != nil {
		return dir, fmt.Errorf("the backup %s is not proved: %w", dir, err)
	}
	made = made.Truncate(time.Second) // as its name tells it
	s.proved.Store(&made)
	if err := s.prune(); err != nil {
		s.c.Logger.Warn("old backups can't be removed", "error", err)
	}
	return dir, nil
}

func (s *Schedule) write(ctx context.Context, dir string, made time.Time) error {
	d, err := s.c.Source.Dump(ctx)
	if err != nil {
		return err
	}
	_, err = Write(ctx, dir, d, Config{Now: func() time.Time { return made }})
	return errors.Join(err, d.Close())
}

// prove has the archive restored, and says so in it.
func (s *Schedule) prove(ctx context.Context, dir string) error {
	a, err := Open(dir)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := s.c.Prove(ctx, a); err != nil {
		return err
	}
	return a.MarkProved(s.c.Now())
}

// MarkProved notes in the archive that it was restored and found sound.
func (a *Archive) MarkProved(at time.Time) error {
	text, err := json.Marshal(map[string]time.Time{"proved": at.UTC()})
	if err == nil {
		err = a.root.WriteFile(provedName, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("mark the archive %s as proved: %w", a.dir, err)
	}
	return nil
}

const stamp = "20060102T150405Z"

// Name names an archive by its time, so that names sort as times do; a schedule counts
// archives with such a name as its own.
func Name(t time.Time) string { return "learnsnap-" + t.UTC().Format(stamp) }

// A made archive is one that a schedule has written.
type made struct {
	dir    string
	made   time.Time
	proved bool
}

// archives lists those of the folder, oldest first.
func (s *Schedule) archives() ([]made, error) {
	if err := os.MkdirAll(s.c.Dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.c.Dir)
	if err != nil {
		return nil, err
	}
	var all []made
	for _, e := range entries {
		t, err := time.Parse("learnsnap-"+stamp, e.Name())
		if err != nil || !e.IsDir() {
			continue // not ours
		}
		m := made{dir: filepath.Join(s.c.Dir, e.Name()), made: t}
		_, err = os.Lstat(filepath.Join(m.dir, provedName))
		if m.proved = err == nil; err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// prune removes the proved archives that are too many, those that were not proved and
// are older than the last one that was, and what dead processes have left.
func (s *Schedule) prune() error {
	all, err := s.archives()
	if err != nil {
		return err
	}
	kept := 0
	var gone error
	for _, a := range slices.Backward(all) {
		switch {
		case a.proved && (s.c.Keep < 0 || kept < s.c.Keep):
			kept++
		case a.proved || kept > 0:
			gone = errors.Join(gone, remove(a.dir))
		}
	}
	return errors.Join(gone, s.sweep())
}

// remove takes an archive's name away first: half of one must not pass for one.
func remove(dir string) error {
	doomed := filepath.Join(filepath.Dir(dir), unfinished+filepath.Base(dir))
	if err := os.Rename(dir, doomed); err != nil {
		return err
	}
	return os.RemoveAll(doomed)
}

func (s *Schedule) sweep() error {
	entries, err := os.ReadDir(s.c.Dir)
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr == nil && strings.HasPrefix(e.Name(), unfinished) && s.c.Now().Sub(info.ModTime()) > abandonedAfter {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.c.Dir, e.Name())))
		}
	}
	return err
}
