// Package keep makes copies of a store and brings them back: backups, exports, and
// moves from one engine to another.
//
//	dump, err := store.Dump(ctx)                              // everything, at one moment
//	manifest, err := keep.Write(ctx, "backups/monday", dump, keep.Config{})
//	…
//	archive, err := keep.Open("backups/monday")
//	manifest, err = keep.Copy(ctx, emptyStore, archive, keep.Config{})
//
// There is one idea: a [storage.Dump] is everything that a store held, in a form
// that no engine owns, and an archive on the disk is a Dump too. So a backup is a Dump
// that was written down, a restore a Load of it, a move a Load of another store's
// Dump, and whatever was made on one engine comes back on any other.
//
// # Archives
//
// An archive is a folder: a file of JSON lines for each table of [storage.Tables], the
// blobs as blobs/<session>/<sha256>, and manifest.json with the count and the SHA-256
// of every table and the heads of the ledger's chains. The folder gets its name only
// when all of that is on the disk. Whoever reads an archive compares it with its
// manifest as it goes, so that nothing is ever restored that is not what was written.
//
// It holds what the store held: what was encrypted there is encrypted here, and the
// rest is as readable as the database. Keep it where only operators come.
//
// # What it is not for
//
// An archive is of one moment. To lose less than what came since the last one, archive
// the log of Postgres (see docs/DR.md).
package keep
