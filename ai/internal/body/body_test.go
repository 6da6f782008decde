package body_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/body"
)

// file is a media part over bytes that counts what is open.
func file(data []byte, open *int) *ai.Media {
	return &ai.Media{Type: "image/jpeg", Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		*open++
		return &closer{Reader: bytes.NewReader(data), open: open}, nil
	}}
}

type closer struct {
	io.Reader
	open *int
}

func (c *closer) Close() error { *c.open--; return nil }

func random(n int) []byte {
	data := make([]byte, n)
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

func TestBodyReadsAsItsPartsInARow(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 5, 6, 7, 100, 48<<10 - 1, 48 << 10, 48<<10 + 1, 200_000} {
		data, open := random(size), 0
		var b body.Body
		b.Text([]byte(`{"image":"`))
		b.Media(file(data, &open))
		b.Text([]byte(`","again":"`))
		b.Media(file(data, &open))
		b.Text([]byte(`"}`))
		encoded := base64.StdEncoding.EncodeToString(data)
		want := `{"image":"` + encoded + `","again":"` + encoded + `"}`
		require.EqualValues(t, len(want), b.Len())
		for _, wrap := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r },
			iotest.OneByteReader,
			func(r io.Reader) io.Reader { return &limited{r, 7001} },
		} {
			r := b.Reader()
			got, err := io.ReadAll(wrap(r))
			require.NoError(t, err)
			require.NoError(t, r.Err())
			require.True(t, want == string(got), "size %d", size)
			require.Zero(t, open, "files are closed after their last byte")
		}
	}
}

// limited reads at most n bytes at a time.
type limited struct {
	r io.Reader
	n int
}

func (l *limited) Read(p []byte) (int, error) { return l.r.Read(p[:min(len(p), l.n)]) }

func TestBodyNoticesMediaThatChanged(t *testing.T) {
	for _, size := range []int64{99_999, 100_001, 48 << 10, 96 << 10} {
		data, open := random(100_000), 0
		m := file(data, &open)
		m.Size = size
		var b body.Body
		b.Media(m)
		r := b.Reader()
		_, err := io.Copy(io.Discard, r)
		require.ErrorIs(t, err, body.ErrChanged)
		require.ErrorIs(t, r.Err(), body.ErrChanged)
		require.Zero(t, open)
	}
}

func TestBodyTellsWhyMediaCannotBeRead(t *testing.T) {
	errGone := errors.New("gone")
	for name, open := range map[string]func() (io.ReadCloser, error){
		"open": func() (io.ReadCloser, error) { return nil, errGone },
		"read": func() (io.ReadCloser, error) { return io.NopCloser(iotest.ErrReader(errGone)), nil },
	} {
		t.Run(name, func(t *testing.T) {
			var b body.Body
			b.Media(&ai.Media{Size: 10, Open: open})
			_, err := io.Copy(io.Discard, b.Reader())
			require.ErrorIs(t, err, errGone)
		})
	}
}

func TestBodyClosesItsFileWhenGivenUp(t *testing.T) {
	open := 0
	var b body.Body
	b.Media(file(random(1<<20), &open))
	r := b.Reader()
	_, err := io.CopyN(io.Discard, r, 1000)
	require.NoError(t, err)
	require.Equal(t, 1, open)
	require.NoError(t, r.Close())
	require.Zero(t, open)
	_, err = io.Copy(io.Discard, &limited{r, 1})
	require.Error(t, err)
	require.NoError(t, r.Err(), "giving up is not the body's fault")
}

func TestBodyOpensFilesLazily(t *testing.T) {
	open := 0
	var b body.Body
	b.Text([]byte("{"))
	b.Media(file(random(10), &open))
	r := b.Reader()
	require.Equal(t, int(b.Len()), r.Len())
	require.Zero(t, open, "asking for the length opens nothing")
}

func BenchmarkEncode(b *testing.B) {
	data, open := random(4<<20), 0
	var x body.Body
	x.Media(file(data, &open))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	buf := make([]byte, 32<<10)
	for b.Loop() {
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{x.Reader()}, buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeStandard(b *testing.B) {
	data := random(48 << 10)
	dst := make([]byte, base64.StdEncoding.EncodedLen(len(data)))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		base64.StdEncoding.Encode(dst, data)
	}
}
