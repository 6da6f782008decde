// Package admin is what an operator does by hand, as subcommands of the server's own
// binary: one artefact, one configuration. `server admin help` lists them.
package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
)

// Config is what the commands need of the server's configuration.
type Config struct {
	DataDir     string // folder of SQLite; used when DatabaseURL is empty
	DatabaseURL string // of Postgres
	DirectURL   string // past a pooler; empty means DatabaseURL
	BackupDir   string // where backups go when no -to says so; may be empty

	Keys     []sealed.Key // of ENCRYPTION_KEY, for reseal alone
	Unsealed bool         // encryption is switched off: reseal opens what is sealed

	// Sign makes a token of a subject with a role, for token alone. Nil: there is no secret
	// to sign with.
	Sign func(subject, role string, ttl time.Duration) (string, error)

	// Log gets what the stores have to say. Nil discards it.
	Log *slog.Logger

	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// A UsageError is one of the command line.
type UsageError struct{ text string }

func (e *UsageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// An UnsoundError says that what was looked at is not what it should be.
type UnsoundError struct{ Err error }

func (e *UnsoundError) Error() string { return "NOT SOUND: " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *UnsoundError) Unwrap() error { return e.Err }

// ExitCode is what the program ends with: 0 done, 1 it did not work, 2 the command line
// is wrong, 3 data was found that is not sound, 4 refused because a server runs, or
// because something is there that would be overwritten.
func ExitCode(err error) int {
	var wrong *UsageError
	var unsound *UnsoundError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		return 2
	case errors.As(err, &unsound):
		return 3
	case errors.Is(err, storage.ErrConflict), errors.Is(err, storage.ErrExists):
		return 4
	}
	return 1
}

// A command is one verb.
type command struct {
	name  string // words, as they are typed
	args  string // what stands behind them
	about string
	run   func(ctx context.Context, c *call, args []string) error
}

// A call is a command that runs.
type call struct {
	Config
	flags          *flag.FlagSet
	stdout, stderr io.Writer
}

func commands() []command {
	return []command{
		{"migrate", "", "make the database, or bring its schema up to date", migrate},
		{"backup", "[-to FOLDER]", "write everything into a new archive; a server may run beside it", backup},
		{"restore", "[-replace] ARCHIVE", "fill an empty store from an archive; no server may run", restore},
		{"verify", "[-prove] [ARCHIVE]", "read the store, or an archive, and say what is wrong; a server may run beside it", verify},
		{"export", "-to FOLDER", "write every table as JSON lines for other programs; a server may run beside it", export},
		{"move", "-from FOLDER", "fill the empty Postgres of DATABASE_URL from the SQLite in FOLDER; no server may run", move},
		{"reseal", "", "bring all data under the first ENCRYPTION_KEY, or open it where encryption is off; on Postgres beside servers", reseal},
		{"jobs dead list", "[-cause CAUSE]", "list the jobs that have failed for good, by their cause", deadList},
		{"jobs dead retry", "ID… | -cause CAUSE | -all", "make dead jobs due again, with all their attempts", deadRetry},
		{"jobs dead discard", "ID… | -cause CAUSE | -all", "remove dead jobs", deadDiscard},
		{"credits grant", "-owner O -pages N -cause C -who W -why TEXT", "give pages to an owner, once for each cause", grant},
		{"credits adjust", "-owner O -pages ±N -cause C -who W -why TEXT", "correct a balance, once for each cause", adjust},
		{"token", "-subject S [-role admin] [-ttl 1h]", "print a token for the operators' API, signed by the first JWT_SECRET; whoever holds it is S", token},
	}
}

// Run runs the command of args, which begin behind "admin". Results go to stdout;
// progress and help to stderr. See [ExitCode] for its errors. It ends with ctx, and
// what was under way is then as if it had not begun.
func Run(ctx context.Context, args []string, c Config, stdout, stderr io.Writer) error {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		help(stderr)
		if len(args) == 0 {
			return usage("admin: say which command")
		}
		return nil
	}
	for _, cmd := range commands() {
		words := strings.Fields(cmd.name)
		if len(args) < len(words) || strings.Join(args[:len(words)], " ") != cmd.name {
			continue
		}
		run := &call{Config: c, flags: flag.NewFlagSet(cmd.name, flag.ContinueOnError), stdout: stdout, stderr: stderr}
		run.flags.SetOutput(stderr)
		run.flags.Usage = func() {
			fmt.Fprintf(stderr, "usage: server admin %s %s\n  %s\n", cmd.name, cmd.args, cmd.about)
			run.flags.PrintDefaults()
		}
		if err := cmd.run(ctx, run, args[len(words):]); err != nil && !errors.Is(err, flag.ErrHelp) {
			return fmt.Errorf("admin %s: %w", cmd.name, err)
		}
		return nil
	}
	help(stderr)
	return usage("admin: there is no command %q", strings.Join(args, " "))
}

func help(w io.Writer) {
	fmt.Fprintln(w, "usage: server admin COMMAND; the store is that of DATABASE_URL or DATA_DIR, as for the server")
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  %s %s\n      %s\n", cmd.name, cmd.args, cmd.about)
	}
	fmt.Fprintln(w, "exit codes: 0 done, 1 it did not work, 2 wrong command line, 3 data is not sound, 4 refused: a server runs, or something is there")
}

// parse reads the flags; count bounds how many other words there may be.
func (c *call) parse(args []string, least, most int) error {
	if err := c.flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return usage("%v", err)
	}
	if n := c.flags.NArg(); n < least || n > most {
		c.flags.Usage()
		return usage("got %d words, want from %d to %d", n, least, most)
	}
	return nil
}
