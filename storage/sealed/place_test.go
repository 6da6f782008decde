package sealed_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
)

// The format for ever: what an earlier program has sealed must open. The values were
// computed by testdata/vectors.py, which shares no line with this package.
func TestTheFormatIsTheOneWrittenDown(t *testing.T) {
	vectors := readVectors(t)
	dir := t.TempDir()
	engine := under(t, dir)
	store := seal(t, engine, sealed.Config{Keys: keys(t, oldKey), Strict: true})
	require.Equal(t, vectors["id"], fmt.Sprint(keys(t, oldKey)[0]))
	write(t, store, "quiz-1")
	unhex := func(name string) []byte {
		b, err := hex.DecodeString(vectors[name])
		require.NoError(t, err)
		return b
	}
	require.NoError(t, engine.Rewrite(t.Context(), func(p storage.Place, _ []byte) ([]byte, error) {
		switch p.Field {
		case storage.SessionRequest, storage.SessionDetail, storage.SessionResult:
			return unhex(string(p.Field)), nil
		case storage.ItemJSON:
			if p.Seq == 2 {
				return unhex("item"), nil
			}
		case storage.ReportComment:
			return unhex("comment"), nil
		}
		return nil, nil
	}))
	s, err := store.Session(t.Context(), "quiz-1")
	require.NoError(t, err)
	items, err := store.Items(t.Context(), "quiz-1", 1)
	require.NoError(t, err)
	reports, err := store.Reports(t.Context(), "quiz-1")
	require.NoError(t, err)
	require.Equal(t, []string{"a request", "a detail", "a result", "an item", "a comment: سؤال"},
		[]string{string(s.Request), string(s.Detail), string(s.Result), string(items[0].JSON), reports[0].Comment})

	// A blob has one form, so this says it all.
	for name, size := range map[string]int{"blob 0": 0, "blob 5": 5, "blob 65536": 65536, "blob 65537": 65537, "blob 200000": 200000} {
		blob, err := store.PutBlob(t.Context(), "quiz-1", bytes.NewReader(pattern(size)))
		require.NoError(t, err)
		require.Equal(t, storage.Blob{Hash: vectors[name], Size: int64(size)}, blob, name)
	}
}

func readVectors(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors.txt"))
	require.NoError(t, err)
	all := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		require.True(t, ok, line)
		all[name] = value
	}
	return all
}

func pattern(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

func TestAValueOpensInItsOwnPlaceOnly(t *testing.T) {
	engine := under(t, t.TempDir())
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey)})
	write(t, store, "a")
	write(t, store, "b")
	before := values(t, engine)
	for place, value := range before {
		for other := range before {
			if other == place || (place.Field == storage.ReportComment) != (other.Field == storage.ReportComment) {
				continue
			}
			put(t, engine, other, value)
			require.ErrorIs(t, store.Check(t.Context()), sealed.ErrTampered, "%+v in %+v", place, other)
			put(t, engine, other, before[other])
		}
	}
	require.NoError(t, store.Check(t.Context()))
}

// put keeps a value at a place.
func put(t *testing.T, engine storage.Rewriter, place storage.Place, value []byte) {
	t.Helper()
	require.NoError(t, engine.Rewrite(t.Context(), func(p storage.Place, _ []byte) ([]byte, error) {
		if p == place {
			return value, nil
		}
		return nil, nil
	}))
}

func TestAChangedValueIsRefused(t *testing.T) {
	engine := under(t, t.TempDir())
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey), Strict: true})
	write(t, store, "a")
	for place, value := range values(t, engine) {
		text := place.Field == storage.ReportComment
		forms := [][]byte{value[:len(value)-1], value[:20], value[:8], value[:5], value[:3], []byte("plain")}
		if text {
			forms = append(forms, append(bytes.Clone(value), '!'), append(bytes.Clone(value), "AA"...), flip(value, len(value)-3))
		} else {
			forms = append(forms, append(bytes.Clone(value), 0))
			for at := 0; at < len(value); at += 5 {
				forms = append(forms, flip(value, at))
			}
		}
		for _, form := range forms {
			put(t, engine, place, form)
			err := store.Check(t.Context())
			require.True(t, errors.Is(err, sealed.ErrTampered) || errors.Is(err, sealed.ErrUnknownKey), "%+v as %q: %v", place, form, err)
			require.NotContains(t, err.Error(), "SECRET")
		}
		put(t, engine, place, value)
	}
	require.NoError(t, store.Check(t.Context()))

	require.NoError(t, engine.Rewrite(t.Context(), func(_ storage.Place, value []byte) ([]byte, error) { return value[:5], nil }))
	_, err := store.Session(t.Context(), "a")
	require.ErrorIs(t, err, sealed.ErrTampered)
	_, err = store.SessionByKey(t.Context(), "amal", "a")
	require.ErrorIs(t, err, sealed.ErrTampered)
	_, err = store.Items(t.Context(), "a", 0)
	require.ErrorIs(t, err, sealed.ErrTampered)
	_, err = store.Reports(t.Context(), "a")
	require.ErrorIs(t, err, sealed.ErrTampered)
}

// kept is a blob's file.
func kept(dir, session string, blob storage.Blob) string {
	return filepath.Join(dir, "blobs", session, blob.Hash)
}

func TestAChangedBlobIsRefused(t *testing.T) {
	dir := t.TempDir()
	store := seal(t, under(t, dir), sealed.Config{Keys: keys(t, newKey)})
	const full = 12 + 64<<10 + 16
	big := pattern(3*64<<10 - 100)
	blob, err := store.PutBlob(t.Context(), "a", bytes.NewReader(big))
	require.NoError(t, err)
	other, err := store.PutBlob(t.Context(), "a", bytes.NewReader(append([]byte("other"), big[5:]...)))
	require.NoError(t, err)
	moved, err := store.PutBlob(t.Context(), "b", bytes.NewReader(big))
	require.NoError(t, err)
	none, err := store.PutBlob(t.Context(), "a", strings.NewReader(""))
	require.NoError(t, err)
	read := func(b storage.Blob) []byte {
		data, err := os.ReadFile(kept(dir, "a", b))
		require.NoError(t, err)
		return data
	}
	good, swap := read(blob), read(other)
	ofB, err := os.ReadFile(kept(dir, "b", moved))
	require.NoError(t, err)
	segment := func(b []byte, n int) []byte { return b[8+n*full : min(8+(n+1)*full, len(b))] }

	for name, form := range map[string][]byte{
		"another blob of the session":          swap,
		"another session's":                    ofB,
		"an empty one":                         read(none),
		"without its last byte":                good[:len(good)-1],
		"without its last segment":             good[:8+2*full],
		"without its last two":                 good[:8+full],
		"with a bit of the third":              good[:8+2*full+20],
		"with the header alone":                good[:8],
		"with half of the header":              good[:5],
		"without the first segment":            slices.Concat(good[:8], good[8+full:]),
		"without the second":                   slices.Concat(good[:8], segment(good, 0), segment(good, 2)),
		"in another order":                     slices.Concat(good[:8], segment(good, 1), segment(good, 0), segment(good, 2)),
		"with the second of another":           slices.Concat(good[:8], segment(good, 0), segment(swap, 1), segment(good, 2)),
		"with the first of another":            slices.Concat(good[:8], segment(swap, 0), segment(good, 1), segment(good, 2)),
		"with the last one twice":              slices.Concat(good, segment(good, 2)),
		"with something behind it":             append(bytes.Clone(good), 0),
		"with another version":                 flip(good, 3),
		"with another key's id":                flip(good, 5),
		"with a bit flipped in a nonce":        flip(good, 8),
		"with a bit flipped in a segment":      flip(good, 8+full+100),
		"with a bit flipped in the last tag":   flip(good, len(good)-1),
		"with a bit flipped in the first tag":  flip(good, 8+full-1),
		"with a bit flipped in the second tag": flip(good, 8+2*full-1),
	} {
		require.NoError(t, os.WriteFile(kept(dir, "a", blob), form, 0o600))
		r, err := store.OpenBlob(t.Context(), "a", blob.Hash)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(r)
			require.NoError(t, r.Close())
		}
		require.True(t, errors.Is(err, sealed.ErrTampered) || errors.Is(err, sealed.ErrUnknownKey), "%s: %v", name, err)
		require.Less(t, len(got), len(big), name)
	}
	require.NoError(t, os.WriteFile(kept(dir, "a", none), good[:8], 0o600))
	_, err = store.OpenBlob(t.Context(), "a", none.Hash)
	require.ErrorIs(t, err, sealed.ErrTampered)
}

func TestABlobIsReadFromAnywhere(t *testing.T) {
	store := seal(t, under(t, t.TempDir()), sealed.Config{Keys: keys(t, newKey)})
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 128 << 10, 300_000} {
		content := pattern(size)
		blob, err := store.PutBlob(t.Context(), "a", iotest.OneByteReader(bytes.NewReader(content)))
		require.NoError(t, err)
		r, err := store.OpenBlob(t.Context(), "a", blob.Hash)
		require.NoError(t, err)
		require.NoError(t, iotest.TestReader(r, content), size)
		random := rand.New(rand.NewPCG(1, uint64(size)))
		for range 50 {
			at := random.Int64N(int64(size) + 1)
			_, err := r.Seek(at, io.SeekStart)
			require.NoError(t, err)
			part := make([]byte, min(1000, int64(size)-at))
			_, err = io.ReadFull(r, part)
			require.NoError(t, err)
			require.Equal(t, content[at:at+int64(len(part))], part)
		}
		_, err = r.Seek(-1, io.SeekStart)
		require.Error(t, err)
		_, err = r.Seek(0, 7)
		require.Error(t, err)
		require.NoError(t, r.Close())
		_, err = r.Read(make([]byte, 1))
		require.Error(t, err)
	}
}

// While sealing is off, what looks as if it were sealed is sealed: it must come back.
func TestWhatLooksSealedComesBack(t *testing.T) {
	var off atomic.Bool
	off.Store(true)
	engine := under(t, t.TempDir())
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey), Enabled: func() bool { return !off.Load() }})
	for _, text := range []string{"\xffLS\x01 and more of it than a header has, and a nonce, and a tag", "\xffLS", "\xffL", "x", ""} {
		blob, err := store.PutBlob(t.Context(), "a", strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, text, content(t, store, "a", blob))
	}
	require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: "b", Owner: "amal", Request: []byte("\xffLS")}, false))
	s, err := store.Session(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, "\xffLS", string(s.Request))
	require.NoError(t, store.AddReport(t.Context(), storage.Report{Session: "b", Question: "q", Owner: "amal", Comment: "\x01LS1:x"}))
	reports, err := store.Reports(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, "\x01LS1:x", reports[0].Comment)
	require.Len(t, slices.Collect(maps.Keys(values(t, engine))), 2)
}
