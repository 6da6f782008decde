// Package postgres keeps everything in a Postgres database, the pages that were
// sent included, so that any number of processes on any number of machines can
// share the work.
//
//	store, err := postgres.Open(ctx, postgres.Config{URL: os.Getenv("DATABASE_URL")})
//	if err != nil {
//		return err
//	}
//	defer store.Close()
//
// # Many callers
//
// A balance that many callers draw on at once, sessions that are created and items
// that are appended are gathered: what waits at the same moment goes into one
// transaction, of a few statements whatever its size. Each caller gets an answer of
// its own, after the commit.
//
// Connections are few (20). A caller waits for one for three seconds at most; when
// too many wait already, it is turned away at once. Either error has a
// RetryAfter() [time.Duration] method.
//
// # Leases
//
// A process that works on jobs holds an advisory lock for as long as its session with
// the database lives. When it dies, or its link does, the lock is gone, and the other
// processes give its jobs to living workers within about a second. A worker that
// notices that its lock is lost stops its jobs; one that does not is told
// [storage.ErrStale] by the first write under its claim.
//
// # Failover
//
// A URL may name several hosts (postgres://a:5432,b:5432/learnsnap). The one that
// takes writes is used; when it is lost, the pool is emptied and looks for the next.
// An error of a commit leaves open whether it happened: every write can be repeated,
// for sessions, causes and items have names that count once.
//
// # Behind a pooler
//
// Leases need a connection of their own that is not shared in between transactions:
// where URL leads to a pooler in transaction mode, DirectURL must lead past it.
package postgres
