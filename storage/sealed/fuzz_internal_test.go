package sealed

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

// These tests stand inside, because a database under each of thousands of values, or
// under a figure, would be all that one sees.

// bare returns a store over nothing.
func bare(t testing.TB) *Store {
	t.Helper()
	keys, err := ParseKeys(strings.Repeat("11", 32) + "," + strings.Repeat("22", 32))
	require.NoError(t, err)
	return &Store{keys: keys}
}

// A file is a blob in memory.
type file struct{ *bytes.Reader }

func (file) Close() error { return nil }

// FuzzValue holds that what is kept comes back, and that nothing else opens.
func FuzzValue(f *testing.F) {
	s := bare(f)
	place := storage.Place{Field: storage.ItemJSON, Session: "a", Seq: 1, Kind: "page"}
	sealed, err := s.box("a").keep(place, []byte("page"))
	require.NoError(f, err)
	for _, seed := range []string{"", "page", magic, magic + "\x01", string(sealed), textMagic, textMagic + "AAAA", textMagic + "_0xT"} {
		f.Add([]byte(seed), "a", 1)
	}
	f.Fuzz(func(t *testing.T, value []byte, session string, seq int) {
		for _, p := range []storage.Place{
			{Field: storage.ItemJSON, Session: session, Seq: seq, Kind: "page"},
			{Field: storage.ReportComment, Session: session, Question: "q1", Owner: "amal"},
		} {
			opened, err := s.box(session).open(p, value)
			if err == nil && !bytes.Equal(opened, value) {
				require.Equal(t, "page", string(opened), "something opens that was never sealed")
				require.Equal(t, place, p)
			}
			kept, err := s.box(session).keep(p, value)
			require.NoError(t, err)
			opened, err = s.box(session).open(p, kept)
			require.NoError(t, err)
			require.Equal(t, string(value), string(opened))
			require.Equal(t, len(value) > 0, !bytes.Equal(kept, value))
			other := p
			other.Session += "x"
			if len(value) > 0 {
				_, err = s.box(other.Session).open(other, kept)
				require.ErrorIs(t, err, ErrTampered)
			}
		}
	})
}

// FuzzBlob holds that a blob that is not as it was sealed yields an error, and nothing
// that was not in it.
func FuzzBlob(f *testing.F) {
	s := bare(f)
	plain := bytes.Repeat([]byte("0123456789"), 14_000) // three segments
	sealed := sealAll(f, s, plain)
	sum := sha256.Sum256(sealed)
	name := hex.EncodeToString(sum[:])
	const full = fullSize
	f.Add(0, 0, []byte{}, 0)
	f.Add(headerSize+full, 2*full+headerSize, []byte{}, 7)
	f.Add(len(sealed)-1, len(sealed), []byte("x"), full)
	f.Add(0, len(sealed), []byte(magic+"\x01"), 3)
	f.Fuzz(func(t *testing.T, from, to int, instead []byte, seek int) {
		from, to = min(max(from, 0), len(sealed)), min(max(to, 0), len(sealed))
		changed := bytes.Join([][]byte{sealed[:from], instead, sealed[max(from, to):]}, nil)
		r, err := s.openKept("a", name, file{bytes.NewReader(changed)})
		if err != nil {
			return
		}
		got, err := io.ReadAll(r)
		switch {
		case bytes.Equal(changed, sealed):
			require.NoError(t, err)
			require.Equal(t, plain, got)
		case !isSealed(changed):
			require.NoError(t, err)
			require.Equal(t, string(changed), string(got))
			return
		default:
			require.Error(t, err)
			require.True(t, bytes.HasPrefix(plain, got))
		}
		if _, err := r.Seek(int64(seek), io.SeekStart); err != nil {
			return
		}
		part := make([]byte, 100)
		if n, err := io.ReadFull(r, part); n > 0 {
			require.Equal(t, plain[seek:seek+n], part[:n], "%v", err)
		}
	})
}

func sealAll(t testing.TB, s *Store, plain []byte) []byte {
	t.Helper()
	sealing, err := newSealer(context.Background(), s.keys[0], "a", bytes.NewReader(plain))
	require.NoError(t, err)
	sealed, err := io.ReadAll(sealing)
	require.NoError(t, err)
	return sealed
}

// BenchmarkItem seals and opens an item. BenchmarkFloor… is AES-GCM alone over the same
// bytes, with a key that is ready.
func BenchmarkItem(b *testing.B) {
	s := bare(b)
	p := storage.Place{Field: storage.ItemJSON, Session: "a", Seq: 1, Kind: "question"}
	for _, size := range []int{600, 4 << 10} {
		plain := make([]byte, size)
		sealed, err := s.box("a").keep(p, plain)
		require.NoError(b, err)
		b.Run(fmt.Sprint("seal/", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.box("a").keep(p, plain)
			}
		})
		b.Run(fmt.Sprint("open/", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.box("a").open(p, sealed)
			}
		})
		b.Run(fmt.Sprint("open-of-20/", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			box := s.box("a")
			for b.Loop() {
				_, _ = box.open(p, sealed)
			}
		})
	}
}

func BenchmarkFloorItem(b *testing.B) {
	gcm, nonce := floor(b)
	for _, size := range []int{600, 4 << 10} {
		plain := make([]byte, size)
		b.Run(fmt.Sprint("seal/", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				gcm.Seal(nil, nonce, plain, nil)
			}
		})
	}
}

const photo = 4 << 20

func BenchmarkBlob(b *testing.B) {
	s := bare(b)
	sealed := sealAll(b, s, make([]byte, photo))
	sum := sha256.Sum256(sealed)
	name := hex.EncodeToString(sum[:])
	b.Run("seal", func(b *testing.B) {
		b.SetBytes(photo)
		b.ReportAllocs()
		for b.Loop() {
			sealing, _ := newSealer(b.Context(), s.keys[0], "a", io.LimitReader(endless{}, photo))
			_, _ = io.Copy(io.Discard, sealing)
		}
	})
	b.Run("open", func(b *testing.B) {
		b.SetBytes(photo)
		b.ReportAllocs()
		for b.Loop() {
			r, _ := s.openKept("a", name, file{bytes.NewReader(sealed)})
			n, err := io.Copy(io.Discard, r)
			if err != nil || n != photo {
				b.Fatal(n, err)
			}
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func BenchmarkFloorBlob(b *testing.B) {
	gcm, nonce := floor(b)
	plain, out := make([]byte, photo), make([]byte, 0, photo+tagSize)
	b.SetBytes(photo)
	for b.Loop() {
		gcm.Seal(out, nonce, plain, nil)
	}
}

// BenchmarkFloorBlobSum is the SHA-256 that every engine computes of a blob.
func BenchmarkFloorBlobSum(b *testing.B) {
	plain := make([]byte, photo)
	b.SetBytes(photo)
	for b.Loop() {
		sha256.Sum256(plain)
	}
}

func floor(b *testing.B) (cipher.AEAD, []byte) {
	b.Helper()
	block, err := aes.NewCipher(make([]byte, keySize))
	require.NoError(b, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(b, err)
	return gcm, make([]byte, nonceSize)
}
