package telemetry

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A LogFilesConfig configures [OpenLogFiles]. Every zero value but Dir is a default.
type LogFilesConfig struct {
	Dir   string           // required; made if it is not there
	Name  string           // of the files, before the date; "" means "server"
	Days  int              // that files are kept, today included; 0 means 14, −1 that none is removed
	Level slog.Leveler     // of the lines; nil means slog.LevelInfo
	Now   func() time.Time // nil means [time.Now]
}

// LogFiles write log lines into one file a day, by UTC: server-2006-01-02.log, and
// what is of level Error and above also into error-2006-01-02.log. At the first line
// of a day the files of its day are begun and those that are too old removed. No
// goroutine works behind it. It is safe for concurrent use, and several processes may
// share a folder, for lines are appended whole.
type LogFiles struct {
	all, errors *dayFile
	level       slog.Leveler
}

// OpenLogFiles begins today's files, so that a folder that can't be written is told of
// at the start. The files are readable by the user of the process alone.
func OpenLogFiles(c LogFilesConfig) (*LogFiles, error) {
	if c.Dir == "" {
		return nil, errors.New("log files: no folder")
	}
	if c.Name == "" {
		c.Name = "server"
	}
	if c.Name == "error" || strings.ContainsAny(c.Name, `/\`) {
		return nil, fmt.Errorf("log files: %q can't be their name", c.Name)
	}
	if c.Days == 0 {
		c.Days = 14
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := os.MkdirAll(c.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("log files: %w", err)
	}
	files := &LogFiles{
		all:    &dayFile{dir: c.Dir, name: c.Name, days: c.Days, now: c.Now},
		errors: &dayFile{dir: c.Dir, name: "error", days: c.Days, now: c.Now},
		level:  c.Level,
	}
	if _, err := files.all.Write(nil); err != nil {
		return nil, fmt.Errorf("log files: %w", err)
	}
	if _, err := files.errors.Write(nil); err != nil {
		return nil, errors.Join(fmt.Errorf("log files: %w", err), files.all.Close())
	}
	return files, nil
}

// Handler returns a handler that writes JSON lines into the files. It belongs behind
// [NewLogHandler], in LogConfig.Also: alone it writes secrets as they come.
func (f *LogFiles) Handler() slog.Handler {
	return slog.NewMultiHandler(
		slog.NewJSONHandler(f.all, &slog.HandlerOptions{Level: f.level}),
		slog.NewJSONHandler(f.errors, &slog.HandlerOptions{Level: slog.LevelError}),
	)
}

// Close closes the files. A line that comes later opens them again.
func (f *LogFiles) Close() error { return errors.Join(f.all.Close(), f.errors.Close()) }

// A dayFile is a file whose name changes with the day.
type dayFile struct {
	dir, name string
	days      int
	now       func() time.Time

	mu   sync.Mutex
	file *os.File // nil while none is open
	day  string   // of file
}

// Write appends p, which is whole lines, to the file of the day. Where that can't be
// begun, yesterday's goes on.
func (d *dayFile) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now().UTC()
	if day := now.Format(time.DateOnly); d.file == nil || day != d.day {
		if err := d.begin(day); err != nil && d.file == nil {
			return 0, err
		}
		d.removeOld(now)
	}
	if len(p) == 0 {
		return 0, nil
	}
	return d.file.Write(p)
}

// begin opens the file of a day in the place of the one before.
func (d *dayFile) begin(day string) error {
	file, err := os.OpenFile(filepath.Join(d.dir, d.name+"-"+day+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if d.file != nil {
		err = d.file.Close()
	}
	d.file, d.day = file, day
	return err
}

// removeOld removes the files of days that are too long ago. One that can't be removed
// is tried again tomorrow.
func (d *dayFile) removeOld(now time.Time) {
	entries, err := os.ReadDir(d.dir)
	if err != nil || d.days < 0 {
		return
	}
	oldest := now.AddDate(0, 0, 1-d.days).Format(time.DateOnly)
	for _, entry := range entries {
		day, ours := strings.CutPrefix(entry.Name(), d.name+"-")
		day, dated := strings.CutSuffix(day, ".log")
		if _, err := time.Parse(time.DateOnly, day); ours && dated && err == nil && day < oldest {
			_ = os.Remove(filepath.Join(d.dir, entry.Name())) // one that stays is tried again tomorrow
		}
	}
}

// Close closes the file.
func (d *dayFile) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file == nil {
		return nil
	}
	err := d.file.Close()
	d.file, d.day = nil, ""
	return err
}
