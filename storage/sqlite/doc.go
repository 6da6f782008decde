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
// # After a crash
//
// [Open] finds every answered write, undoes what was half done, and makes the
// jobs due again that were being worked on. A page that was half written is
// removed by [Store.SweepBlobs].
//
// # Backup
//
// Copy the folder while no process has it open, or use a tool that follows
// SQLite's log. [Store.Check] proves a copy.
package sqlite
