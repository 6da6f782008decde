package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing/iotest"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func blobCases() []testcase {
	return []testcase{
		{"a blob comes back as it was put", blobComesBack},
		{"an empty blob is a blob", blobEmpty},
		{"a large blob in small pieces", blobLarge},
		{"the same bytes are stored once", blobTwice},
		{"an unknown blob is not found", blobUnknown},
		{"a session that cannot name a folder is refused", blobBadSession},
		{"an error while reading comes back as it is and leaves nothing", blobReadError},
		{"a cancelled put leaves nothing", blobCancelled},
		{"deleting a session's blobs leaves another's", blobDelete},
		{"a sweep takes what is old and no session's", blobSweep},
	}
}

func (s *suite) put(session, content string) storage.Blob {
	s.Helper()
	blob, err := s.PutBlob(s.Context(), session, strings.NewReader(content))
	s.ok(err)
	equal(s, "size", blob.Size, int64(len(content)))
	equal(s, "hash", blob.Hash, s.hash(session, blob))
	return blob
}

// hash returns the hash of what is kept of a blob: in a store that seals, of what the
// store underneath it has.
func (s *suite) hash(session string, blob storage.Blob) string {
	s.Helper()
	under := s.Store
	for {
		w, ok := under.(interface{ Unwrap() storage.Store })
		if !ok {
			break
		}
		under = w.Unwrap()
	}
	r, err := under.OpenBlob(s.Context(), session, blob.Hash)
	s.ok(err)
	sum := sha256.New()
	_, err = io.Copy(sum, r)
	s.ok(err)
	s.ok(r.Close())
	return hex.EncodeToString(sum.Sum(nil))
}

func (s *suite) content(session string, blob storage.Blob) string {
	s.Helper()
	r, err := s.OpenBlob(s.Context(), session, blob.Hash)
	s.ok(err)
	data, err := io.ReadAll(r)
	s.ok(err)
	s.ok(r.Close())
	return string(data)
}

func (s *suite) swept(before time.Time) int {
	s.Helper()
	n, err := s.SweepBlobs(s.Context(), before)
	s.ok(err)
	return n
}

// soon is after every file of the suite was written.
func soon() time.Time { return time.Now().Add(time.Hour) }

func blobComesBack(s *suite) {
	blob := s.put("a", "صفحة\x00\xff")
	equal(s, "content", s.content("a", blob), "صفحة\x00\xff")
	r, err := s.OpenBlob(s.Context(), "a", blob.Hash)
	s.ok(err)
	defer r.Close()
	_, err = r.Seek(-1, io.SeekEnd)
	s.ok(err)
	rest, err := io.ReadAll(r)
	s.ok(err)
	equal(s, "after a seek", string(rest), "\xff")
	s.reopen()
	equal(s, "content after a restart", s.content("a", blob), "صفحة\x00\xff")
}

func blobEmpty(s *suite) {
	equal(s, "content", s.content("a", s.put("a", "")), "")
}

func blobLarge(s *suite) {
	content := make([]byte, 3<<20+7)
	source := rand.NewChaCha8([32]byte{1})
	_, err := source.Read(content)
	s.ok(err)
	blob, err := s.PutBlob(s.Context(), "a", iotest.HalfReader(iotest.DataErrReader(bytes.NewReader(content))))
	s.ok(err)
	equal(s, "size", blob.Size, int64(len(content)))
	equal(s, "same", s.content("a", blob) == string(content), true)
}

func blobTwice(s *suite) {
	errs := together(10, func(int) error {
		_, err := s.PutBlob(s.Context(), "a", strings.NewReader("page"))
		return err
	})
	equal(s, "puts", count(errs, nil), 10)
	blob := s.put("a", "page")
	equal(s, "content", s.content("a", blob), "page")
	equal(s, "the same bytes", s.put("a", "page"), blob)
	equal(s, "stored", s.swept(soon()), 1)
}

func blobUnknown(s *suite) {
	blob := s.put("a", "page")
	for _, where := range []struct{ session, hash string }{
		{"b", blob.Hash}, {"a", strings.Repeat("0", 64)}, {"a", blob.Hash[:63]}, {"a", strings.ToUpper(blob.Hash)},
		{"a", ""}, {"a", "."}, {"a", "../a/" + blob.Hash}, {"", blob.Hash}, {"../blobs/a", blob.Hash}, {"a/../a", blob.Hash},
	} {
		_, err := s.OpenBlob(s.Context(), where.session, where.hash)
		s.is(err, storage.ErrNotFound)
	}
}

func blobBadSession(s *suite) {
	for _, id := range []string{"", ".", "..", "../a", "a/b", "/a", `a\b`, "a\x00", "ص", strings.Repeat("a", 65)} {
		_, err := s.PutBlob(s.Context(), id, strings.NewReader("page"))
		s.refused("session "+id, err)
		s.ok(s.DeleteBlobs(s.Context(), id)) // none is fine
	}
	equal(s, "left", s.swept(soon()), 0)
}

func blobReadError(s *suite) {
	torn := errors.New("the line is cut")
	for _, before := range []int{0, 1, 1 << 20} {
		r := io.MultiReader(bytes.NewReader(make([]byte, before)), iotest.ErrReader(torn))
		_, err := s.PutBlob(s.Context(), "a", r)
		if err != torn {
			s.Fatalf("got error %v, want it as it was", err)
		}
	}
	equal(s, "left", s.swept(soon()), 0)
}

func blobCancelled(s *suite) {
	_, err := s.PutBlob(s.cancelled(), "a", strings.NewReader("page"))
	s.is(err, context.Canceled)
	ctx, cancel := context.WithCancel(s.Context())
	endless := io.MultiReader(strings.NewReader("page"), readFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	}))
	_, err = s.PutBlob(ctx, "a", endless)
	s.is(err, context.Canceled)
	equal(s, "left", s.swept(soon()), 0)
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func blobDelete(s *suite) {
	blob := s.put("a", "page")
	s.put("a", "other page")
	ab, b := s.put("ab", "page"), s.put("b", "page")
	s.ok(s.DeleteBlobs(s.Context(), "a"))
	s.ok(s.DeleteBlobs(s.Context(), "a")) // none is fine
	_, err := s.OpenBlob(s.Context(), "a", blob.Hash)
	s.is(err, storage.ErrNotFound)
	equal(s, "another session's", s.content("ab", ab), "page")
	equal(s, "another session's", s.content("b", b), "page")
	equal(s, "put again", s.content("a", s.put("a", "page")), "page")
}

func blobSweep(s *suite) {
	s.create("owned")
	owned := s.put("owned", "page")
	orphan := s.put("orphan", "page")
	s.put("orphan", "other page")
	equal(s, "swept of what is young", s.swept(time.Now().Add(-time.Hour)), 0)
	equal(s, "content", s.content("orphan", orphan), "page")
	equal(s, "swept", s.swept(soon()), 2)
	_, err := s.OpenBlob(s.Context(), "orphan", orphan.Hash)
	s.is(err, storage.ErrNotFound)
	equal(s, "an owned one", s.content("owned", owned), "page")
	equal(s, "swept again", s.swept(soon()), 0)
}
