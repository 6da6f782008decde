package pages

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// A found is what a file turned out to be.
type found struct {
	mediaType     string
	width, height int
	exif          int // orientation 1 to 8; 0 means not told
	cost          int // bytes of a pixel when it is decoded
}

const (
	jpegType  = "image/jpeg"
	pngType   = "image/png"
	webpType  = "image/webp"
	heicType  = "image/heic"
	textPlain = "text/plain"
)

var errOver = errors.New("over the limit")

// A scan reads a file once, forwards, and never more than the limit.
type scan struct {
	*bufio.Reader
	failed error // of the source; told apart from a file that is cut off
}

func newScan(src io.Reader, max int64) *scan {
	s := &scan{}
	s.Reader = bufio.NewReaderSize(&bounded{src: src, left: max, scan: s}, 32<<10)
	return s
}

// bounded ends in errOver when the limit is passed.
type bounded struct {
	src  io.Reader
	left int64
	scan *scan
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.src.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, errOver
	}
	if err != nil && err != io.EOF {
		b.scan.failed = err
	}
	return n, err
}

// inspect finds out what the file is and reads it to its end.
func (s *scan) inspect(c Config) (f found, err error) {
	head, err := s.Peek(64)
	if len(head) == 0 && err == io.EOF {
		return f, refuse(Empty, "the page is empty: send the photo again")
	}
	if err != nil && err != io.EOF {
		return f, err
	}
	switch sniff(head) {
	case jpegType:
		f, err = s.jpeg()
	case pngType:
		f, err = s.png()
	case webpType:
		f, err = s.webp()
	case heicType:
		if c.NoHEIC {
			return f, refuse(HEICUnavailable, "HEIC photos can't be read here: send the photo as JPEG")
		}
		f, err = s.heic()
	case textPlain:
		return s.text()
	default:
		return f, refuse(Unsupported, "the page is neither a photo (JPEG, PNG, WebP, HEIC) nor plain text: send a photo")
	}
	if err != nil {
		return f, err
	}
	if f.width <= 0 || f.height <= 0 {
		return f, refuse(Corrupt, "the photo is broken: send it again")
	}
	if f.width > c.MaxPixels*usualCost/max(f.cost, usualCost)/f.height {
		return f, refuse(ImageTooLarge, "the photo has %d × %d pixels, at most %d million are taken: send a smaller one", f.width, f.height, c.MaxPixels/1_000_000)
	}
	_, err = io.Copy(io.Discard, s.Reader) // what follows is dropped, but counts
	return f, err
}

// sniff tells formats by their first bytes; "" is none that is taken.
func sniff(head []byte) string {
	has := func(at int, magic string) bool {
		return len(head) >= at+len(magic) && string(head[at:at+len(magic)]) == magic
	}
	switch {
	case has(0, "\xff\xd8\xff"):
		return jpegType
	case has(0, "\x89PNG\r\n\x1a\n"):
		return pngType
	case has(0, "RIFF") && has(8, "WEBP"):
		return webpType
	case has(4, "ftyp"):
		return heifBrand(head)
	case looksLikeText(head):
		return textPlain
	}
	return ""
}

// heifBrand tells HEIC from other files of its family, AVIF above all.
func heifBrand(head []byte) string {
	size := min(int(binary.BigEndian.Uint32(head)), len(head))
	for at := 8; at+4 <= size; at += 4 {
		switch string(head[at : at+4]) {
		case "avif", "avis":
			return ""
		case "heic", "heix", "hevc", "heim", "heis":
			return heicType
		}
	}
	return ""
}

// take reads exactly n bytes, which stay valid until the next read. n is small.
func (s *scan) take(n int) ([]byte, error) {
	b, err := s.Peek(n)
	if err != nil {
		return nil, err
	}
	_, err = s.Discard(n)
	return b, err
}

// jpeg walks over the segments of a JPEG file (ITU-T T.81, annex B) to its end.
func (s *scan) jpeg() (f found, err error) {
	f.mediaType = jpegType
	if _, err := s.Discard(2); err != nil {
		return f, err
	}
	scans := 0
	for marker := byte(0); ; {
		if marker == 0 {
			if marker, err = s.marker(); err != nil {
				return f, err
			}
		}
		switch {
		case marker == 0xd9 && scans == 0:
			return f, refuse(Corrupt, "the photo holds no picture: send it again")
		case marker == 0xd9: // end of image
			return f, nil
		case marker >= 0xd0 && marker <= 0xd7 || marker == 0x01:
			marker = 0
			continue
		}
		b, err := s.take(2)
		if err != nil {
			return f, err
		}
		length := int(binary.BigEndian.Uint16(b)) - 2
		if length < 0 {
			return f, refuse(Corrupt, "the photo is broken: send it again")
		}
		if err := s.segment(marker, length, &f); err != nil {
			return f, err
		}
		if marker != 0xda {
			marker = 0
			continue
		}
		scans++ // a start of scan: coded data follows, up to the next marker
		if marker, err = s.coded(); err != nil {
			return f, err
		}
	}
}

// marker reads the next marker. Anything but a marker is a broken file.
func (s *scan) marker() (byte, error) {
	b, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	if b != 0xff {
		return 0, refuse(Corrupt, "the photo is broken: send it again")
	}
	for b == 0xff {
		if b, err = s.ReadByte(); err != nil {
			return 0, err
		}
	}
	return b, nil
}

// segment reads one segment, and takes size and orientation out of it.
func (s *scan) segment(marker byte, length int, f *found) error {
	switch {
	case marker >= 0xc0 && marker <= 0xc2:
		b, err := s.take(min(length, 6))
		if err != nil {
			return err
		}
		if length < 6 {
			return refuse(Corrupt, "the photo is broken: send it again")
		}
		f.height, f.width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
		length -= 6
	case marker >= 0xc3 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
		return refuse(Unsupported, "the photo is of a rare kind of JPEG: send it as an ordinary photo")
	case marker == 0xe1 && f.exif == 0:
		head, err := s.Peek(min(length, 6))
		if err != nil {
			return err
		}
		if string(head) == "Exif\x00\x00" {
			data := make([]byte, min(length, maxEXIF))
			if _, err := io.ReadFull(s, data); err != nil {
				return err
			}
			f.exif = orientation(data[6:])
			length -= len(data)
		}
	}
	_, err := s.Discard(length)
	return err
}

// coded passes over the coded data of a scan and returns the marker behind it.
func (s *scan) coded() (marker byte, err error) {
	for {
		_, err := s.ReadSlice(0xff)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil {
			return 0, err
		}
		b := byte(0xff)
		for b == 0xff { // fill bytes
			if b, err = s.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 && (b < 0xd0 || b > 0xd7) {
			return b, nil
		}
	}
}

// png walks over the chunks of a PNG file (RFC 2083) to its end.
func (s *scan) png() (f found, err error) {
	f.mediaType = pngType
	if _, err := s.Discard(8); err != nil {
		return f, err
	}
	for data := false; ; {
		b, err := s.take(8)
		if err != nil {
			return f, err
		}
		length, kind := int64(binary.BigEndian.Uint32(b)), string(b[4:8])
		switch {
		case kind == "IHDR" && length == 13:
			head, err := s.Peek(10)
			if err != nil {
				return f, err
			}
			f.width, f.height = dimension(head), dimension(head[4:])
			f.cost = pngCost(head[8], head[9])
		case kind == "IDAT":
			data = true
		case kind == "eXIf" && f.exif == 0 && length <= maxEXIF:
			exif := make([]byte, length)
			if _, err := io.ReadFull(s, exif); err != nil {
				return f, err
			}
			f.exif = orientation(exif)
			length = 0
		}
		if _, err := io.CopyN(io.Discard, s, length+4); err != nil {
			return f, err
		}
		if kind == "IEND" {
			if !data {
				return f, refuse(Corrupt, "the photo holds no picture: send it again")
			}
			return f, nil
		}
	}
}

// usualCost is the bytes of a pixel that Config.MaxPixels is meant for: a JPEG's
// at most. What takes more may have fewer pixels.
const usualCost = 3

// pngCost returns the bytes that a pixel of this bit depth and colour type takes.
func pngCost(depth, colour byte) int {
	bytes := 1
	if colour == 2 || colour == 4 || colour == 6 {
		bytes = 4
	}
	if depth == 16 {
		bytes *= 2
	}
	return bytes
}

// dimension reads a width or a height; absurd ones are cut, and refused later.
func dimension(b []byte) int { return int(min(binary.BigEndian.Uint32(b), 1<<30)) }

// webp walks over the chunks of a WebP file (RFC 9649) to its end.
func (s *scan) webp() (f found, err error) {
	f.mediaType = webpType
	b, err := s.take(12)
	if err != nil {
		return f, err
	}
	left := int64(binary.LittleEndian.Uint32(b[4:])) - 4
	for left >= 8 {
		b, err := s.take(8)
		if err != nil {
			return f, err
		}
		length := int64(binary.LittleEndian.Uint32(b[4:]))
		kind := string(b[:4])
		left -= 8 + length + length&1
		if err := s.webpChunk(kind, &length, &f); err != nil {
			return f, err
		}
		if _, err := io.CopyN(io.Discard, s, length); err != nil {
			return f, err
		}
		if left > 0 { // chunks stand at even places; the last one's padding is often missing
			if _, err := s.Discard(int(binary.LittleEndian.Uint32(b[4:]) & 1)); err != nil {
				return f, err
			}
		}
	}
	return f, nil
}

// webpChunk looks into a chunk and lowers length by what it has read of it.
func (s *scan) webpChunk(kind string, length *int64, f *found) error {
	head, err := s.Peek(int(min(*length, 10)))
	if err != nil {
		return err
	}
	switch {
	case kind == "VP8X" && len(head) == 10:
		if head[0]&2 != 0 {
			return refuse(Unsupported, "the page is an animation: send a photo")
		}
		f.width = 1 + int(head[4]) | int(head[5])<<8 | int(head[6])<<16
		f.height = 1 + int(head[7]) | int(head[8])<<8 | int(head[9])<<16
	case kind == "VP8 " && len(head) == 10 && f.width == 0:
		f.width = int(binary.LittleEndian.Uint16(head[6:]) & 0x3fff)
		f.height = int(binary.LittleEndian.Uint16(head[8:]) & 0x3fff)
	case kind == "VP8L" && len(head) >= 5 && f.width == 0:
		bits := binary.LittleEndian.Uint32(head[1:])
		f.width, f.height = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
	case kind == "EXIF" && f.exif == 0 && *length <= maxEXIF:
		exif := make([]byte, *length)
		if _, err := io.ReadFull(s, exif); err != nil {
			return err
		}
		*length = 0
		f.exif = orientation(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")))
	}
	return nil
}

const maxMeta = 1 << 20 // bytes of a HEIC file's description

// heic walks over the boxes of a HEIC file (ISO/IEC 14496-12) to its end.
func (s *scan) heic() (f found, err error) {
	f.mediaType = heicType
	for data := false; ; {
		b, err := s.Peek(16)
		if len(b) == 0 && err == io.EOF {
			if !data || f.width == 0 {
				return f, refuse(Corrupt, "the photo holds no picture: send it again")
			}
			return f, nil
		}
		if len(b) < 8 {
			return f, err
		}
		size, kind, head := int64(binary.BigEndian.Uint32(b)), string(b[4:8]), int64(8)
		switch {
		case size == 0: // up to the end of the file
			_, err := io.Copy(io.Discard, s)
			return f, err
		case size == 1 && len(b) == 16:
			size, head = int64(min(binary.BigEndian.Uint64(b[8:]), 1<<40)), 16
		}
		if size < head {
			return f, refuse(Corrupt, "the photo is broken: send it again")
		}
		if kind == "meta" && size <= maxMeta {
			meta := make([]byte, size)
			if _, err := io.ReadFull(s, meta); err != nil {
				return f, err
			}
			f.width, f.height = largest(meta)
			continue
		}
		data = data || kind == "mdat"
		if _, err := io.CopyN(io.Discard, s, size); err != nil {
			return f, err
		}
	}
}

// largest returns the largest size that an "ispe" property of the description
// names: that of the whole picture, beside those of its tiles and thumbnails.
func largest(meta []byte) (width, height int) {
	for rest := meta; ; {
		i := bytes.Index(rest, []byte("ispe"))
		if i < 0 || len(rest) < i+16 {
			return width, height
		}
		w, h := dimension(rest[i+8:]), dimension(rest[i+12:])
		if w > width || w == width && h > height {
			width, height = w, h
		}
		rest = rest[i+4:]
	}
}
