package storagetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func dumpCases() []testcase {
	return []testcase{
		{"a load brings back all that was dumped", dumpLoad},
		{"a loaded store goes on working", dumpGoesOn},
		{"a dump is of one moment", dumpMoment},
		{"a job under way is due again in a dump", dumpRunning},
		{"a store that is not empty is not loaded", loadOnce},
		{"a store that is worked on is not loaded", loadWorked},
		{"a load that fails changes nothing", loadFails},
		{"a ledger or an audit that was tampered with is not loaded", loadTampered},
		{"a dump of an empty store is loaded", dumpEmpty},
	}
}

// A remembered dump is one that outlives its store.
type remembered struct {
	schema int64
	rows   map[string][]storage.Row
	blobs  []storage.DumpedBlob
	broken error // after the rows of the last table
}

func (r *remembered) Schema() int64 { return r.schema }
func (r *remembered) Close() error  { return nil }

func (r *remembered) Rows(_ context.Context, t storage.Table) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		for _, row := range r.rows[t.Name] {
			if !yield(append(storage.Row(nil), row...), nil) {
				return
			}
		}
		if tables := storage.Tables(); r.broken != nil && t.Name == tables[len(tables)-1].Name {
			yield(nil, r.broken)
		}
	}
}

func (r *remembered) Blobs(context.Context) iter.Seq2[storage.DumpedBlob, error] {
	return func(yield func(storage.DumpedBlob, error) bool) {
		for _, b := range r.blobs {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// String shows all of it, so that two can be compared.
func (r *remembered) String() string {
	var b strings.Builder
	for _, t := range storage.Tables() {
		for _, row := range r.rows[t.Name] {
			fmt.Fprintf(&b, "%s", t.Name)
			for i, v := range row {
				switch v := v.(type) {
				case time.Time:
					fmt.Fprintf(&b, " %s", v.Format(time.RFC3339Nano))
				case []byte:
					if t.Columns[i].Type == storage.AsJSON && v != nil {
						var plain any
						_ = json.Unmarshal(v, &plain)
						v, _ = json.Marshal(plain)
					}
					fmt.Fprintf(&b, " %q/%v", v, v == nil)
				default:
					fmt.Fprintf(&b, " %#v", v)
				}
			}
			b.WriteByte('\n')
		}
	}
	for _, blob := range r.blobs {
		fmt.Fprintf(&b, "blob %s %s %d\n", blob.Session, blob.Hash, blob.Size)
	}
	return b.String()
}

// dump opens a dump, or skips the case for an engine that has none.
func (s *suite) dump() storage.Dump {
	s.Helper()
	d, ok := s.Store.(storage.Dumper)
	if !ok {
		s.Skip("the engine is no storage.Dumper")
	}
	dump, err := d.Dump(s.Context())
	s.ok(err)
	return dump
}

// remember reads a dump and closes it.
func (s *suite) remember(d storage.Dump) *remembered {
	s.Helper()
	r := &remembered{schema: d.Schema(), rows: map[string][]storage.Row{}}
	for _, t := range storage.Tables() {
		for row, err := range d.Rows(s.Context(), t) {
			s.ok(err)
			s.ok(t.Fits(row))
			r.rows[t.Name] = append(r.rows[t.Name], row)
		}
	}
	for b, err := range d.Blobs(s.Context()) {
		s.ok(err)
		from, err := b.Open()
		s.ok(err)
		data, err := io.ReadAll(from)
		s.ok(errors.Join(err, from.Close()))
		b.Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		r.blobs = append(r.blobs, b)
	}
	s.ok(d.Close())
	return r
}

// move closes the store and opens an empty one.
func (s *suite) move() {
	s.Helper()
	s.ok(s.Close())
	s.dir = s.TempDir()
	s.Store = s.open(s.T, s.dir)
}

func (s *suite) load(from storage.Dump) error {
	s.Helper()
	l, ok := s.Store.(storage.Loader)
	if !ok {
		s.Skip("the engine is no storage.Loader")
	}
	return l.Load(s.Context(), from)
}

// furnish puts something of everything into the store.
func (s *suite) furnish() {
	s.Helper()
	ctx := s.Context()
	s.grant("amal", 10)
	s.grantFor("Ömer", "gift", 3)
	s.adjust("amal", "sorry", -1)
	s.ok(s.SetValue(ctx, "key", nil, []byte{0, 255}))
	s.ok(s.SetValue(ctx, "empty", nil, []byte{}))
	s.put("dead", "page of the dead")
	s.ok(s.CreateSession(ctx, session("dead", "amal", 2), true))
	s.bury(caused("PROVIDERS_DOWN"), "dead")

	s.put("waits", strings.Repeat("سطر ", 200_000))
	s.put("waits", "")
	waits := session("waits", "amal", 3)
	waits.Key, waits.Print, waits.Due = "k", "p", instant()
	waits.Expires = time.Time{}
	s.ok(s.CreateSession(ctx, waits, true))

	s.ok(s.CreateSession(ctx, session("done", "Ömer", 1), true))
	got, err := s.ClaimSession(ctx, "done")
	s.ok(err)
	for seq := 1; seq <= 3; seq++ {
		s.ok(s.AppendItem(ctx, "done", got.Claim, item(seq)))
	}
	s.ok(s.KeepText(ctx, "Ömer", "صفحة", "done", 2))
	s.ok(s.FinishSession(ctx, "done", got.Claim, storage.Outcome{Status: storage.Ready}))
	s.ok(s.SubmitSession(ctx, "done", []byte(`{"score":1}`)))
	s.ok(s.PutFlagOverride(ctx, "READ_ONLY_MODE", []byte(`{"on":true}`)))
	minute := time.Now().UTC().Truncate(time.Minute)
	s.ok(s.PutSLOCounts(ctx, "r1", []string{"first-question", "first-question"}, []time.Time{minute, minute.Add(-2 * time.Hour)}, []int64{9, 1}, []int64{10, 1}))
	s.ok(s.AddAudit(ctx, storage.AuditEntry{Who: "ops", What: "flag.put", Target: "READ_ONLY_MODE", Why: "repair", Detail: []byte(`{"n":1}`)}))
	s.ok(s.AddAudit(ctx, storage.AuditEntry{Who: "ops", What: "flag.delete"}))
	s.opened(storage.User, "u1", "issuer|أمل", storage.Welcome{Cause: "free", Pages: 2, Early: 1, EarlyPages: 5})
	s.guest("d1", 3)
	equal(s, "moved", s.transferred("d1", "u1"), 1)
	s.ok(s.EraseOwner(ctx, "gone", "ERASED"))
	s.sell("LS-1", "d1")
	s.sell("LS-2", "d1")
	s.pays("LS-1", true)
	s.hears(storage.Webhook{Gateway: "g", Transaction: "1", Status: "paid"})
	s.marks(s.hears(storage.Webhook{Gateway: "g", Transaction: "2", Order: "LS-2", Status: "paid", Hash: "h"}), "ignored", true)
	s.ok(s.AddReport(ctx, storage.Report{Session: "done", Question: "q1", Owner: "Ömer", Reason: "wrong", Comment: "لا", Created: instant()}))
}

func dumpLoad(s *suite) {
	s.furnish()
	before := s.remember(s.dump())
	for _, t := range storage.Tables() {
		equal(s, "rows of "+t.Name+" were dumped", len(before.rows[t.Name]) > 0, true)
	}
	equal(s, "blobs", len(before.blobs), 3)
	s.move()
	s.ok(s.load(before))
	after := s.remember(s.dump())
	equal(s, "what was loaded", after.String(), before.String())
	s.ok(s.Check(s.Context()))
	s.reopen()
	equal(s, "what is there after a restart", s.remember(s.dump()).String(), before.String())
}

func dumpGoesOn(s *suite) {
	s.furnish()
	d := s.remember(s.dump())
	s.move()
	s.ok(s.load(d))
	ctx := s.Context()
	s.balanced("amal", 6)
	s.balanced("Ömer", 2)
	equal(s, "granted again", s.adjust("amal", "sorry", -1), false)
	s.grantFor("amal", "again", 1)
	s.ok(s.VerifyEntries(ctx, "amal"))
	s.ok(s.VerifyEntries(ctx, "Ömer"))
	s.ok(s.AddAudit(ctx, storage.AuditEntry{Who: "ops", What: "restore"}))
	s.ok(s.VerifyAudit(ctx))
	equal(s, "session by its key", s.byKey("amal", "k").ID, "waits")
	equal(s, "value", s.value("key"), "\x00\xff")
	equal(s, "blob", len(s.content("waits", storage.Blob{Hash: d.blobs[1].Hash}))+len(s.content("waits", storage.Blob{Hash: d.blobs[2].Hash})), 7*200_000)

	dead := s.dead()
	equal(s, "dead job", dead.Session+" "+dead.Owner+" "+dead.Cause, "dead amal PROVIDERS_DOWN")
	equal(s, "its errors", len(dead.Errors), 1)
	s.ok(s.RetryJob(ctx, dead.ID))
	s.create("new")
	worked := make(chan string, 8)
	stop := s.work(storage.WorkConfig{}, func(ctx context.Context, j storage.Job) error {
		got, err := s.ClaimSession(ctx, j.Session)
		if err == nil {
			err = s.FinishSession(ctx, j.Session, got.Claim, storage.Outcome{Status: storage.Ready})
		}
		worked <- j.Session
		if errors.Is(err, storage.ErrConflict) {
			return nil // it had ended before
		}
		return err
	})
	names := []string{wait(s, "a job", worked), wait(s, "another", worked), wait(s, "a third", worked)}
	slices.Sort(names)
	equal(s, "worked", strings.Join(names, " "), "dead done new")
	eventually(s, "the end of them", func() bool {
		d, err := s.Depth(ctx)
		s.ok(err)
		return d.Waiting+d.Running == 1
	})
	stop()
	s.jobs(1, 0, 0) // due far in the future
	s.ok(s.EraseSession(ctx, "done", "ERASED"))
	s.jobs(1, 0, 0)
	s.ok(s.Check(ctx))
}

func dumpMoment(s *suite) {
	s.grant("amal", 5)
	s.create("a")
	s.put("a", "page")
	d := s.dump()
	s.grantFor("amal", "later", 5)
	s.create("b")
	s.put("b", "page")
	s.ok(s.DeleteBlobs(s.Context(), "a"))
	s.ok(s.EraseSession(s.Context(), "a", "ERASED"))
	got := s.remember(d)
	equal(s, "sessions", len(got.rows["sessions"]), 1)
	equal(s, "session", got.rows["sessions"][0][0].(string), "a")
	equal(s, "entries", len(got.rows[storage.Ledger]), 1)
	equal(s, "blobs", len(got.blobs), 1)
	equal(s, "blob", got.blobs[0].Session, "a")
	equal(s, "sessions now", s.remember(s.dump()).rows["sessions"][0][0].(string), "b")
}

func dumpRunning(s *suite) {
	s.create("a")
	started := make(chan string, 1)
	stop := s.work(storage.WorkConfig{}, func(ctx context.Context, j storage.Job) error {
		started <- j.Session
		<-ctx.Done()
		return ctx.Err()
	})
	wait(s, "the job", started)
	d := s.remember(s.dump())
	stop()
	equal(s, "jobs", len(d.rows["jobs"]), 1)
	equal(s, "state", d.rows["jobs"][0][2].(string), "available")
	equal(s, "attempts", d.rows["jobs"][0][3].(int64), 0)
}

func loadOnce(s *suite) {
	s.create("a")
	d := s.remember(s.dump())
	s.is(s.load(d), storage.ErrExists)
	s.ok(s.EraseSession(s.Context(), "a", "ERASED"))
	s.ok(s.load(d))
	s.is(s.load(d), storage.ErrExists)
	s.move()
	s.ok(s.load(d))
}

func loadWorked(s *suite) {
	s.create("a")
	d := s.remember(s.dump())
	s.move()
	stop := s.work(storage.WorkConfig{}, func(context.Context, storage.Job) error { return nil })
	eventually(s, "a worker that is noticed", func() bool {
		err := s.load(&remembered{broken: errors.New("not loaded")})
		return errors.Is(err, storage.ErrConflict)
	})
	s.is(s.load(d), storage.ErrConflict)
	stop()
	eventually(s, "the end of the worker", func() bool { return s.load(d) == nil })
}

func loadFails(s *suite) {
	s.furnish()
	d := s.remember(s.dump())
	s.move()
	d.broken = caused("the disk is gone")
	s.is(s.load(d), d.broken)
	got := s.remember(s.dump())
	equal(s, "what is there", got.String(), "")
	d.broken = nil
	blob := d.blobs[0]
	d.blobs[0].Open = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("other bytes")), nil }
	s.refused("a damaged blob", s.load(d))
	d.blobs[0] = blob
	s.ok(s.load(d))
}

func loadTampered(s *suite) {
	s.ok(s.AddAudit(s.Context(), storage.AuditEntry{Who: "ops", What: "flag.put"}))
	s.ok(s.AddAudit(s.Context(), storage.AuditEntry{Who: "ops", What: "flag.delete"}))
	s.grant("amal", 5)
	s.grantFor("amal", "again", 5)
	for _, tamper := range []func(ledger, audit []storage.Row){
		func(ledger, _ []storage.Row) { ledger[1][3] = int64(500) },
		func(ledger, _ []storage.Row) { ledger[0][4] = "other" },
		func(ledger, _ []storage.Row) { ledger[0], ledger[1] = ledger[1], ledger[0] },
		func(_, audit []storage.Row) { audit[0][1] = "nobody" },
	} {
		d := s.remember(s.dump())
		s.move()
		good := s.remember(d)
		tamper(d.rows[storage.Ledger], d.rows[storage.Audited])
		s.refused("a tampered ledger", s.load(d))
		s.ok(s.load(good))
	}
}

func dumpEmpty(s *suite) {
	d := s.remember(s.dump())
	equal(s, "dump", d.String(), "")
	s.move()
	s.ok(s.load(d))
	s.grant("amal", 1)
	s.create("a")
	s.ok(s.Check(s.Context()))
}
