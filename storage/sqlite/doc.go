// Package sqlite keeps everything in one folder: a SQLite database and, beside
// it, the pages that were sent. It needs no server and no cgo, and is meant for
// one process: a second one on the same folder is refused.
//
//	store, err := sqlite.Open(ctx, sqlite.Config{Dir: "data"})
//	if err != nil {
//		return err
//	}
//	defer store.Close()
//
// # What an answer means
//
// A write that was answered without an error has been synced to the disk. Writes
// that come at the same time share one transaction and one sync (group commit),
// each in a savepoint of its own: the more callers there are, the cheaper each.
//
// A caller who waits three seconds for a turn is turned away, with an error that says
// when to come back. Reads that wait for their turn let the writer go first, for at
// most half of the time, so that readers who never pause do not starve it.
//
// # After a crash
//
// [Open] finds every answered write, undoes what was half done, and makes the
// jobs due again that were being worked on, each with one more crash to its name. A page that was half written is
// removed by [Store.SweepBlobs].
//
// # Updates
//
// [Open] brings the schema up to date. It also runs on a schema that a later program
// has added to, so that an update can be rolled back, and refuses one that needs a
// later program.
//
// # The ledger
//
// Entries of the ledger and their chain of hashes can't be changed or removed by SQL;
// triggers refuse. Whoever owns the file can take the triggers away: then
// [Store.VerifyEntries] and [Store.Check] tell, except of the last entries when their
// hashes and the balance were made to fit.
//
// # Backup
//
// Copy the folder while no process has it open, or use a tool that follows
// SQLite's log. [Store.Check] proves a copy.
package sqlite
