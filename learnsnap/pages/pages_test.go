package pages_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
)

// mediaOf is a page whose n-th opening (from 1) goes through wrap.
func mediaOf(data []byte, wrap func(n int, r io.Reader) io.Reader) ai.Media {
	opened := 0
	return ai.Media{Type: "application/x-anything", Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(wrap(opened, bytes.NewReader(data))), nil
	}}
}

func as(t testing.TB, err error) *pages.Error {
	t.Helper()
	var e *pages.Error
	require.ErrorAs(t, err, &e)
	return e
}

func TestTextPagesComeOutAsPlainUTF8(t *testing.T) {
	for _, c := range []struct{ name, sent, want string }{
		{"marks and line ends", "\ufeffالماء سائل.\r\nWater is a liquid.\rThe end.\f2", "الماء سائل.\nWater is a liquid.\nThe end.\n2"},
		{"UTF-16, little end first", "\xff\xfe'\x06\r\x00\n\x00=\xd8\x00\xde", "ا\n😀"},
		{"UTF-16, big end first", "\xfe\xff\x06'\x00!", "ا!"},
		{"control characters", "a\x1bb\tc", "a b\tc"},
		{"a word that begins a file format", "BMW builds cars.", "BMW builds cars."},
		{"less than", "< 5 is small", "< 5 is small"},
		{"other line ends", "a\u2028b\u0085c\vd", "a\nb\nc\nd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := pages.New(pages.Config{}).Read(t.Context(), strings.NewReader(c.sent))
			require.NoError(t, err)
			require.Equal(t, "text/plain", m.Type)
			require.Equal(t, c.want, string(bytesOf(t, m)))
		})
	}
}

func TestWhatFollowsAPhotoIsDropped(t *testing.T) {
	for name, photo := range map[string][]byte{
		"jpeg": jpegOf(t, marked(64, 64)), "png": pngOf(t, marked(64, 64)), "webp": webpOf(marked(64, 64), nil),
	} {
		m, err := pages.New(pages.Config{}).Read(t.Context(), bytes.NewReader(append(photo, "PK\x03\x04 an archive"...)))
		require.NoError(t, err, name)
		require.NotContains(t, string(bytesOf(t, m)), "archive", name)
	}
}

func TestErrorsOfTheSourceAreNotThePages(t *testing.T) {
	errGone := errors.New("the client has gone")
	photo := jpegOf(t, marked(640, 640))
	var e *pages.Error
	for _, cause := range []error{errGone, io.ErrUnexpectedEOF} { // the second is how a broken upload ends
		src := io.MultiReader(bytes.NewReader(photo[:1000]), iotest.ErrReader(cause))
		_, err := pages.New(pages.Config{}).Inspect(t.Context(), src)
		require.ErrorIs(t, err, cause)
		require.False(t, errors.As(err, &e))
	}
	_, err := pages.New(pages.Config{}).Prepare(t.Context(), mediaOf(photo, func(n int, r io.Reader) io.Reader {
		if n == 2 {
			return io.MultiReader(io.LimitReader(r, 1000), iotest.ErrReader(errGone))
		}
		return r
	}))
	require.ErrorIs(t, err, errGone)
	require.False(t, errors.As(err, &e))

	_, err = pages.New(pages.Config{}).Prepare(t.Context(), ai.Media{Open: func() (io.ReadCloser, error) { return nil, errGone }})
	require.ErrorIs(t, err, errGone)
}

func TestAReaderThatNeverReadsEnds(t *testing.T) {
	_, err := pages.New(pages.Config{}).Inspect(t.Context(), stuck{})
	require.ErrorIs(t, err, io.ErrNoProgress)
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestACancelledContextEndsTheWork(t *testing.T) {
	photo := jpegOf(t, marked(640, 640))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := pages.New(pages.Config{}).Read(ctx, bytes.NewReader(photo))
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel = context.WithCancel(t.Context())
	_, err = pages.New(pages.Config{}).Prepare(ctx, mediaOf(photo, func(n int, r io.Reader) io.Reader {
		if n == 2 {
			return &cancelling{Reader: r, cancel: cancel}
		}
		return r
	}))
	require.ErrorIs(t, err, context.Canceled, "in the middle of decoding")
}

// cancelling cancels when it is read.
type cancelling struct {
	io.Reader
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	c.cancel()
	return c.Reader.Read(p[:min(len(p), 64)])
}

func TestAtMostAsManyPagesAsCoresAreDecodedAtATime(t *testing.T) {
	photo := jpegOf(t, marked(64, 64))
	synctest.Test(t, func(t *testing.T) {
		r := pages.New(pages.Config{})
		cores := runtime.GOMAXPROCS(0)
		var decoding atomic.Int32
		release, ended := make(chan struct{}), make(chan error)
		prepare := func(ctx context.Context) {
			_, err := r.Prepare(ctx, mediaOf(photo, func(n int, r io.Reader) io.Reader {
				if n == 2 { // the first opening is for the inspection, which never waits
					decoding.Add(1)
					<-release
				}
				return r
			}))
			ended <- err
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range cores {
			go prepare(t.Context())
		}
		synctest.Wait()
		go prepare(ctx)
		for range 3 {
			go prepare(t.Context())
		}
		synctest.Wait()
		require.EqualValues(t, cores, decoding.Load())

		cancel()
		require.ErrorIs(t, <-ended, context.Canceled, "who waits can leave")

		close(release)
		for range cores + 3 {
			require.NoError(t, <-ended)
		}
	})
}

func TestManyPagesAtOnceComeOutAsOneByOne(t *testing.T) {
	r := pages.New(pages.Config{LongEdge: 40})
	sent := [][]byte{
		jpegOf(t, marked(90, 64)), pngOf(t, marked(64, 80)), webpOf(marked(64, 48), nil), []byte("text"),
		withEXIF(jpegOf(t, marked(64, 32)), tiff(littleEndian, 6)),
	}
	want := make([][]byte, len(sent))
	for i, data := range sent {
		m, err := pages.New(pages.Config{LongEdge: 40}).Read(t.Context(), bytes.NewReader(data))
		require.NoError(t, err)
		want[i] = bytesOf(t, m)
	}
	type result struct {
		i   int
		m   ai.Media
		err error
	}
	results := make(chan result)
	for n := range 8 * len(sent) {
		go func() {
			i := n % len(sent)
			m, err := r.Read(t.Context(), bytes.NewReader(sent[i]))
			results <- result{i, m, err}
		}()
	}
	for range 8 * len(sent) {
		got := <-results
		require.NoError(t, got.err)
		require.Equal(t, want[got.i], bytesOf(t, got.m))
	}
}
