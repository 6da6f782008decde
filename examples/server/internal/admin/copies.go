package admin

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/learnsnap/learnsnap-go/storage/keep"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

func migrate(ctx context.Context, c *call, args []string) error {
	if err := c.parse(args, 0, 0); err != nil {
		return err
	}
	store, err := c.open(ctx)
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "the schema of %s is up to date\n", c.place())
	return nil
}

func backup(ctx context.Context, c *call, args []string) error {
	to := c.flags.String("to", "", "the archive's folder, which must not be there yet; without it, a new one in BACKUP_DIR")
	show := c.flags.Bool("progress", false, "show progress, also where stderr is no terminal")
	if err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if *to == "" && c.BackupDir == "" {
		return usage("say where: -to FOLDER, or BACKUP_DIR")
	}
	if *to == "" {
		*to = filepath.Join(c.BackupDir, keep.Name(c.Now()))
	}
	d, err := c.dump(ctx)
	if err != nil {
		return err
	}
	m, err := keep.Write(ctx, *to, d, c.progress(*show))
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	c.tell("written to "+*to, m)
	return nil
}

// tell prints what a store or an archive holds.
func (c *call) tell(what string, m keep.Manifest) {
	fmt.Fprintln(c.stdout, what)
	for _, t := range append(m.Tables, m.Blobs) {
		fmt.Fprintf(c.stdout, "  %-16s %10d rows %12d bytes  %.12s\n", t.Name, t.Rows, t.Bytes, t.SHA256)
	}
	fmt.Fprintf(c.stdout, "  %d owners have %d pages; heads of their chains %.12s\n", m.Ledger.Owners, m.Ledger.Pages, m.Ledger.SHA256)
}

func restore(ctx context.Context, c *call, args []string) error {
	replace := c.flags.Bool("replace", false, "set aside what is there now; it is kept, and the output says where")
	show := c.flags.Bool("progress", false, "show progress, also where stderr is no terminal")
	if err := c.parse(args, 1, 1); err != nil {
		return err
	}
	a, err := keep.Open(c.flags.Arg(0))
	if err != nil {
		return err
	}
	defer a.Close()
	cfg := c.progress(*show)
	if err := a.Verify(ctx, cfg); err != nil { // before anything is set aside
		return &UnsoundError{err}
	}
	var m keep.Manifest
	fill := func(to keep.Target) (err error) {
		m, err = keep.Copy(ctx, to, a, cfg)
		return err
	}
	old := ""
	if c.DatabaseURL != "" {
		old, err = c.restorePostgres(ctx, *replace, fill)
	} else {
		old, err = sqlite.Replace(ctx, c.sqlite(), *replace, func(s *sqlite.Store) error { return fill(s) })
	}
	if old != "" {
		fmt.Fprintln(c.stdout, "what was there before is kept in", old)
	}
	if err != nil {
		return err
	}
	c.tell("restored into "+c.place()+" and compared with the archive", m)
	return nil
}

func (c *call) restorePostgres(ctx context.Context, replace bool, fill func(keep.Target) error) (old string, err error) {
	if replace {
		if old, err = postgres.SetAside(ctx, c.postgres()); err != nil {
			return "", err
		}
		old = "the schema " + old
	}
	store, err := postgres.Open(ctx, c.postgres())
	if err != nil {
		return old, err
	}
	return old, errors.Join(fill(store), store.Close())
}

func verify(ctx context.Context, c *call, args []string) error {
	prove := c.flags.Bool("prove", false, "restore the archive, or a dump of the store, into a scratch folder too")
	show := c.flags.Bool("progress", false, "show progress, also where stderr is no terminal")
	if err := c.parse(args, 0, 1); err != nil {
		return err
	}
	cfg := c.progress(*show)
	if c.flags.NArg() == 0 {
		return c.verifyStore(ctx, *prove, cfg)
	}
	a, err := keep.Open(c.flags.Arg(0))
	if err != nil {
		return err
	}
	defer a.Close()
	err = a.Verify(ctx, cfg)
	if err == nil && *prove {
		err = Prove(ctx, a)
	}
	if err == nil && *prove {
		err = a.MarkProved(c.Now())
	}
	if err != nil && ctx.Err() == nil {
		return &UnsoundError{err}
	}
	if err == nil {
		c.tell(a.Dir()+" is sound", a.Manifest())
	}
	return err
}

func (c *call) verifyStore(ctx context.Context, prove bool, cfg keep.Config) error {
	if prove {
		return usage("-prove is for an archive: make one with backup")
	}
	d, err := c.dump(ctx) // whoever can't be read is not unsound
	if err != nil {
		return err
	}
	m, err := keep.Summarize(ctx, d, cfg)
	err = errors.Join(err, d.Close())
	if err == nil {
		err = c.check(ctx)
	}
	if err != nil && ctx.Err() == nil {
		return &UnsoundError{err}
	}
	if err == nil {
		c.tell(c.place()+" is sound", m)
	}
	return err
}

func export(ctx context.Context, c *call, args []string) error {
	to := c.flags.String("to", "", "the new folder")
	show := c.flags.Bool("progress", false, "show progress, also where stderr is no terminal")
	if err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if *to == "" {
		return usage("say where: -to FOLDER")
	}
	d, err := c.dump(ctx)
	if err != nil {
		return err
	}
	sums, err := keep.Export(ctx, *to, d, c.progress(*show))
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	for _, s := range sums {
		fmt.Fprintf(c.stdout, "%s %d rows\n", filepath.Join(*to, s.Name+".jsonl"), s.Rows)
	}
	return nil
}

func move(ctx context.Context, c *call, args []string) error {
	from := c.flags.String("from", "", "folder of the SQLite store; it stays as it is")
	show := c.flags.Bool("progress", false, "show progress, also where stderr is no terminal")
	if err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if *from == "" || c.DatabaseURL == "" {
		return usage("say from where, -from FOLDER, and in DATABASE_URL to which Postgres")
	}
	source, err := sqlite.Open(ctx, sqlite.Config{Dir: *from, Logger: c.Log, Now: c.Now}) // keeps servers out
	if err != nil {
		return err
	}
	defer source.Close()
	if err := source.Check(ctx); err != nil {
		return &UnsoundError{err}
	}
	target, err := postgres.Open(ctx, c.postgres())
	if err != nil {
		return err
	}
	defer target.Close()
	d, err := source.Dump(ctx)
	if err != nil {
		return err
	}
	m, err := keep.Copy(ctx, target, d, c.progress(*show))
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	c.tell("moved to "+c.place()+" and compared; start the server with this DATABASE_URL, and keep "+*from+" until all is well", m)
	return nil
}
