package sse_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/internal/sse"
)

type event struct {
	Name, Data string
	Bare       bool
}

func readAll(r io.Reader, limit int) (events []event, err error) {
	s := sse.New(r, limit)
	for {
		e, err := s.Next()
		if err != nil {
			return events, err
		}
		events = append(events, event{e.Name, string(e.Data), e.Bare})
	}
}

func TestReaderTakesStreamsAsTheyCome(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		want         []event
	}{
		{"plain", "data: a\n\ndata: b\n\n", []event{{Data: "a"}, {Data: "b"}}},
		{"CRLF", "event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", []event{{Name: "x", Data: "a"}, {Data: "b"}}},
		{"CR", "data: a\r\rdata: b\r\r", []event{{Data: "a"}, {Data: "b"}}},
		{"mixed ends", ": keepalive\n\ndata: a\r\n\r\ndata: b\n\n", []event{{Data: "a"}, {Data: "b"}}},
		{"byte order mark", "\ufeffdata: a\n\n", []event{{Data: "a"}}},
		{"several data lines", "data: a\ndata: b\ndata\n\n", []event{{Data: "a\nb\n"}}},
		{"no space", "data:a\n\n", []event{{Data: "a"}}},
		{"last blank line missing", "data: a\n\ndata: b", []event{{Data: "a"}, {Data: "b"}}},
		{"events without data", "event: ping\n\nid: 7\nretry: 3\n\ndata: a\n\n", []event{{Data: "a"}}},
		{"empty data", "data:\n\ndata: a\n\n", []event{{Data: ""}, {Data: "a"}}},
		{"bare JSON", "data: a\n\n{\n \"error\": 1\n}\n\n", []event{{Data: "a"}, {Data: "{\n \"error\": 1\n}", Bare: true}}},
		{"nothing", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream)), iotest.DataErrReader(strings.NewReader(c.stream))} {
				got, err := readAll(r, 1<<10)
				require.Equal(t, io.EOF, err)
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestReaderBoundsAnEvent(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"one endless line": endless("data: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		"endless lines":    endless("data: aaaaaaaa\n"),
		"endless JSON":     endless("{\n"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readAll(r, 1<<16)
			require.ErrorIs(t, err, sse.ErrTooLong)
		})
	}
}

type endless string

func (s endless) Read(p []byte) (int, error) { return copy(p, s), nil }

func TestReaderKeepsTheSourcesError(t *testing.T) {
	errCut := errors.New("connection cut")
	got, err := readAll(io.MultiReader(strings.NewReader("data: a\n\ndata: b\n"), iotest.ErrReader(errCut)), 1<<10)
	require.ErrorIs(t, err, errCut)
	require.Equal(t, []event{{Data: "a"}}, got, "an event that is cut off is not an event")
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "event: x\r\ndata: {\"a\":1}\r\n\r\n", "\ufeff: c\rdata\r\r{\n}\n\n"} {
		f.Add(s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, stream string, size uint8) {
		whole, err := readAll(strings.NewReader(stream), 1<<20)
		require.Equal(t, io.EOF, err)
		cut, err := readAll(&pieces{stream, int(size)%16 + 1}, 1<<20)
		require.Equal(t, io.EOF, err)
		require.Equal(t, whole, cut, "where the stream is cut makes no difference")
	})
}

// pieces reads n bytes at a time.
type pieces struct {
	rest string
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.rest == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(p.n, len(b))], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
