package sealed

import (
	"bufio"
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	segmentSize = 64 << 10 // plain bytes of a segment; only the last one has fewer
	fullSize    = nonceSize + segmentSize + tagSize
)

// A sealer yields a blob as it is kept: the header, and segments of nonce, sealed bytes
// and tag. It holds one segment of r at a time.
//
// A nonce is a keyed hash of the segment and of where it stands, so that the same bytes
// are sealed the same and stored once; other bytes get another nonce, as surely as if
// it were random. The tag of the segment before is in the additional data of each, with
// its number and whether it is the last, so that segments can't be left out, cut off,
// put in another order or taken from another blob.
type sealer struct {
	ctx    context.Context // of PutBlob, which the sealer does not outlive
	r      io.Reader
	aead   cipher.AEAD
	nonces hash.Hash
	about  segmentData

	plain []byte // one byte more than a segment: whether there is one tells the last
	n     int
	ended bool
	size  int64

	out  []byte // of buf, yet to be read
	buf  []byte
	last bool
}

func newSealer(ctx context.Context, k Key, session string, r io.Reader) (*sealer, error) {
	aead, err := k.aead("blobs", session)
	if err != nil {
		return nil, err
	}
	nonces, err := k.nonces(session)
	if err != nil {
		return nil, err
	}
	header := k.header()
	return &sealer{
		ctx: ctx, r: r, aead: aead, nonces: nonces, about: newSegmentData(header),
		plain: make([]byte, segmentSize+1), buf: make([]byte, 0, fullSize), out: header,
	}, nil
}

// Read implements [io.Reader]. An error of r comes back as it is.
func (s *sealer) Read(p []byte) (int, error) {
	if len(s.out) == 0 {
		if s.last {
			return 0, io.EOF
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
		s.next()
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

func (s *sealer) fill() error {
	for s.n < len(s.plain) && !s.ended {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n, err := s.r.Read(s.plain[s.n:])
		s.n += n
		s.size += int64(n)
		if err == io.EOF {
			s.ended = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// next seals a segment.
func (s *sealer) next() {
	segment := s.plain[:min(s.n, segmentSize)]
	s.last = s.n == len(segment)
	about := s.about.of(s.last)

	s.nonces.Reset()
	s.nonces.Write(about)
	s.nonces.Write(segment)
	nonce := s.nonces.Sum(s.buf[:0])[:nonceSize]
	s.out = s.aead.Seal(nonce, nonce, segment, about)
	s.about.follow(s.out)
	s.n = copy(s.plain, s.plain[len(segment):s.n])
}

// segmentData is the additional data of a segment: the blob's header, the segment's
// number, whether it is the last one, and the tag of the one before.
type segmentData struct {
	data   []byte
	number uint64
}

func newSegmentData(header []byte) segmentData {
	return segmentData{data: append(append([]byte{}, header...), make([]byte, 8+1+tagSize)...)}
}

func (d *segmentData) of(last bool) []byte {
	binary.BigEndian.PutUint64(d.data[headerSize:], d.number)
	d.data[headerSize+8] = 0
	if last {
		d.data[headerSize+8] = 1
	}
	return d.data
}

// follow goes on to the segment after the one that ends in a tag.
func (d *segmentData) follow(segment []byte) {
	d.number++
	copy(d.data[headerSize+9:], segment[len(segment)-tagSize:])
}

// A blobReader reads a sealed blob. It holds one segment at a time.
type blobReader struct {
	kept   io.ReadSeekCloser
	name   string // its hash
	aead   cipher.AEAD
	header []byte
	size   int64 // plain
	count  int64 // segments
	keptAt int64 // size of what is kept
	at     int64

	segment int64 // that plain holds; −1 means none
	plain   []byte
	raw     []byte

	sum    hash.Hash // of what is kept, while it is read in order
	summed int64     // segments in sum
	closed bool
}

// open reads a blob's header. A blob that was never sealed comes back as it is.
func (s *Store) openKept(session, name string, kept io.ReadSeekCloser) (io.ReadSeekCloser, error) {
	header := make([]byte, headerSize)
	n, err := io.ReadFull(kept, header)
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if header = header[:n]; !isSealed(header) {
		if s.strict {
			return nil, fmt.Errorf("it is not sealed: %w", ErrTampered)
		}
		_, err := kept.Seek(0, io.SeekStart)
		return kept, err
	}
	id, err := keyOf(header)
	if err != nil {
		return nil, err
	}
	k, err := s.key(id)
	if err != nil {
		return nil, err
	}
	aead, err := k.aead("blobs", session)
	if err != nil {
		return nil, err
	}
	r := &blobReader{
		kept: kept, name: name, aead: aead, header: header, segment: -1,
		raw: make([]byte, tagSize+fullSize), sum: sha256.New(),
	}
	return r, r.measure()
}

// measure computes the plain size from the one that is kept.
func (b *blobReader) measure() error {
	var err error
	if b.keptAt, err = b.kept.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	body := b.keptAt - int64(headerSize)
	b.count = (body + fullSize - 1) / fullSize
	if b.count == 0 || body-(b.count-1)*fullSize < nonceSize+tagSize {
		return fmt.Errorf("it is cut off: %w", ErrTampered)
	}
	b.size = body - b.count*(nonceSize+tagSize)
	return nil
}

// Read implements [io.Reader]. It yields nothing of a segment that is not what was
// sealed.
func (b *blobReader) Read(p []byte) (int, error) {
	if b.closed {
		return 0, errors.New("read blob: it is closed")
	}
	if len(p) == 0 {
		return 0, nil
	}
	if b.at >= b.size && b.size > 0 {
		return 0, io.EOF
	}
	if err := b.load(b.at / segmentSize); err != nil { // an empty blob's one, too: it might have been cut
		return 0, fmt.Errorf("read blob: %w", err)
	}
	if b.at >= b.size {
		return 0, io.EOF
	}
	n := copy(p, b.plain[b.at%segmentSize:])
	b.at += int64(n)
	return n, nil
}

// load opens a segment.
func (b *blobReader) load(number int64) error {
	if b.segment == number {
		return nil
	}
	b.segment = -1 // what plain holds is lost when this fails
	start := int64(headerSize) + number*fullSize
	length := min(fullSize, b.keptAt-start)
	// The tag of the segment before comes along; before the first one stands the header.
	before := int64(tagSize)
	if number == 0 {
		before = 0
	}
	if length < nonceSize+tagSize {
		return io.ErrUnexpectedEOF
	}
	if _, err := b.kept.Seek(start-before, io.SeekStart); err != nil {
		return err
	}
	raw := b.raw[:before+length]
	if _, err := io.ReadFull(b.kept, raw); err != nil {
		return err
	}
	about := newSegmentData(b.header)
	if number > 0 {
		about.number = uint64(number - 1) // positive
		about.follow(raw[:before])
	}
	sealed := raw[before:]
	plain, err := b.aead.Open(b.plain[:0], sealed[:nonceSize], sealed[nonceSize:], about.of(number == b.count-1))
	if err != nil {
		return ErrTampered
	}
	if err := b.check(number, sealed); err != nil {
		return err
	}
	b.plain, b.segment = plain, number
	return nil
}

// check sums up what is read in order and compares it with the blob's name before the
// last segment is given out: another blob of the session may have been put in its
// place, whole.
func (b *blobReader) check(number int64, sealed []byte) error {
	if number == 0 {
		b.sum.Reset()
		b.sum.Write(b.header)
		b.summed = 0
	}
	if number != b.summed {
		return nil
	}
	b.sum.Write(sealed)
	b.summed++
	if b.summed == b.count && hex.EncodeToString(b.sum.Sum(nil)) != b.name {
		return fmt.Errorf("it is another blob: %w", ErrTampered)
	}
	return nil
}

// Seek implements [io.Seeker].
func (b *blobReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	default:
		return b.at, fmt.Errorf("seek in blob: unknown whence %d", whence)
	}
	if offset < 0 {
		return b.at, errors.New("seek in blob: before its start")
	}
	b.at = offset
	return offset, nil
}

// Close implements [io.Closer].
func (b *blobReader) Close() error {
	b.closed = true
	return b.kept.Close()
}

// PutBlob implements [storage.Blobs]. The size is the plain one; the hash is that of
// what is kept.
func (s *Store) PutBlob(ctx context.Context, session string, r io.Reader) (storage.Blob, error) {
	if len(s.keys) == 0 {
		return s.plain.PutBlob(ctx, session, r)
	}
	if !s.sealing() {
		if err := ctx.Err(); err != nil {
			return storage.Blob{}, err
		}
		// What looks as if it were sealed is sealed in any case, or it could not be read again.
		peeked := bufio.NewReader(r)
		if begin, _ := peeked.Peek(len(magic)); !isSealed(begin) { // the error comes again
			return s.plain.PutBlob(ctx, session, peeked)
		}
		r = peeked
	}
	sealing, err := newSealer(ctx, s.keys[0], session, r)
	if err != nil {
		return storage.Blob{}, fmt.Errorf("put blob: %w", err)
	}
	blob, err := s.plain.PutBlob(ctx, session, sealing)
	if err != nil {
		return storage.Blob{}, err
	}
	blob.Size = sealing.size
	return blob, nil
}

// OpenBlob implements [storage.Blobs].
func (s *Store) OpenBlob(ctx context.Context, session, hash string) (io.ReadSeekCloser, error) {
	kept, err := s.plain.OpenBlob(ctx, session, hash)
	if err != nil {
		return nil, err
	}
	opened, err := s.openKept(session, hash, kept)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open blob %s of session %s: %w", hash[:12], session, err), kept.Close())
	}
	return opened, nil
}
