// Package sealed encrypts what people wrote, and what was made of it, before it reaches
// a store: of sessions the request, the detail of a failure and the result, the items,
// the comments of reports, and the pages that were sent. It stands before any
// [storage.Store].
//
//	keys, err := sealed.ParseKeys(os.Getenv("ENCRYPTION_KEY"))
//	if err != nil {
//		return err
//	}
//	store, err := sealed.Open(ctx, engine, sealed.Config{Keys: keys})
//
// Whoever has the database or a backup of it, but no key, learns who has how many quizzes
// of how many items, when, and how long each value is; not what is in them. Ids, owners,
// states, times, kinds of items, reasons of reports, the ledger, the audit, the jobs, and the
// fingerprint of an idempotent creation (a hash over its pages) stay as they are: the
// database works with them.
//
// # The format
//
// AES-256-GCM. A value is
//
//	ff 4c 53 | 01 | id of the key (4) | nonce (12) | sealed bytes | tag (16)
//
// with its place as additional data: the field and the session, and the owner of a
// request, the number and kind of an item, or the question and owner of a comment. Moved
// to another place it does not open. A comment is kept as text: 01 "LS1:" and the same in
// base64 without padding. Empty values stay empty.
//
// A blob is the same eight bytes and segments of 64 KiB, each a nonce, the sealed bytes
// and a tag. The additional data of a segment are the header, the segment's number (8
// bytes, big-endian), one byte that is 1 for the last one, and the tag of the one before
// (zero before the first). That is the STREAM construction (Hoang, Reyhanitabar, Rogaway
// and Vizár, CRYPTO 2015) with these in the additional data, for the nonce is a keyed hash
// of all that and of the segment (a synthetic one, RFC 8452): the same bytes, put twice
// for one session, are sealed the same and stored once. So whoever has the database also
// sees when two pages of one session begin with the same 64 KiB. A blob that is read from
// its start is held against its name before its last segment is given out.
//
// Each session has keys of its own, HMAC-SHA256 of the given key over "learnsnap sealed",
// a purpose ("values", "blobs", "nonces") and the session's id, each after its length (4
// bytes, big-endian). The first 4 bytes of that of "id" and no session are the key's id.
//
// The hash under which an owner finds what was read from a page is kept as HMAC-SHA256 of
// it, in hex, under a key made the same way for "texts" and the owner. After a change of
// keys it is not found, and the page is read anew.
//
// # Before, after, and in between
//
// What was written before encryption was switched on is read as it is. [Store.Reseal] seals
// it, and brings everything under a new key. To change keys without a stop: give every
// process OLD,NEW, then NEW,OLD, run Reseal in one, wait until the pages that were sent
// before have expired, then give NEW alone. [Config].Enabled switches the sealing off and
// keeps everything readable; a Reseal then opens everything, and the keys may go.
//
// A database keeps old forms of a value for a while: SQLite in its log and in free pages
// until a VACUUM, Postgres until its vacuum and in its archived log. Backups are what
// they were. After a key has leaked, or after the first switch to encryption, do those,
// too.
//
// It is no protection from somebody who can write to the database and roll it back: an
// old value, or a plain one, in its own place is read. [Config].Strict refuses the plain
// ones.
package sealed
