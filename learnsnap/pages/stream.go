package pages

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// A stream reads a page through one small buffer, counts its bytes and stops at the
// limit. It is what keeps looking at a page of any size in constant memory.
type stream struct {
	ctx  context.Context
	r    io.Reader
	max  int64 // more bytes than this are refused
	n    int64 // bytes taken from r
	i, j int   // buf[i:j] is read and not yet used
	buf  [32 << 10]byte
	seg  [64 << 10]byte // one JPEG segment, or the head of a chunk
}

func (s *stream) reset(ctx context.Context, r io.Reader, max int64) {
	s.ctx, s.r, s.max, s.n, s.i, s.j = ctx, r, max, 0, 0, 0
}

// more reads on at least one byte, keeping what is not used. It returns io.EOF at
// the end of the page and only there: a reader that breaks is not a page cut off.
func (s *stream) more() error {
	if s.i > 0 {
		s.j = copy(s.buf[:], s.buf[s.i:s.j])
		s.i = 0
	}
	for range 100 {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n, err := s.r.Read(s.buf[s.j:])
		s.j += n
		s.n += int64(n)
		switch {
		case s.n > s.max:
			return refuse(TooLarge, "the page has more than %s: send a smaller photo, or as JPEG", size(s.max))
		case n > 0:
			return nil
		case errors.Is(err, io.EOF):
			return io.EOF
		case err != nil:
			return fmt.Errorf("read page: %w", err)
		}
	}
	return fmt.Errorf("read page: %w", io.ErrNoProgress)
}

// peek returns the next n bytes without using them, fewer only at the end. n is at
// most the size of buf.
func (s *stream) peek(n int) ([]byte, error) {
	for s.j-s.i < n {
		if err := s.more(); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return s.buf[s.i:min(s.j, s.i+n)], nil
}

// must is more for who is not done yet: there the end of the page is a cut.
func (s *stream) must() error {
	err := s.more()
	if err == io.EOF {
		return cutOff()
	}
	return err
}

// full fills p.
func (s *stream) full(p []byte) error {
	for {
		n := copy(p, s.buf[s.i:s.j])
		s.i += n
		if p = p[n:]; len(p) == 0 {
			return nil
		}
		if err := s.must(); err != nil {
			return err
		}
	}
}

// octet returns the next byte.
func (s *stream) octet() (byte, error) {
	if s.i == s.j {
		if err := s.must(); err != nil {
			return 0, err
		}
	}
	s.i++
	return s.buf[s.i-1], nil
}

// skip passes over n bytes, handing them to also where that is not nil.
func (s *stream) skip(n int64, also io.Writer) error {
	for {
		k := int(min(n, int64(s.j-s.i)))
		if also != nil {
			_, _ = also.Write(s.buf[s.i : s.i+k]) // a hash never fails
		}
		s.i += k
		if n -= int64(k); n == 0 {
			return nil
		}
		if err := s.must(); err != nil {
			return err
		}
	}
}

// drain reads to the end, which is what finds a page that is too large behind a
// picture that is not.
func (s *stream) drain() error {
	for {
		s.i = s.j
		if err := s.more(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// size writes a number of bytes as people read it.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.3g MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.3g KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
