package pages

// A finding is what a walk through a page's bytes tells about it.
type finding struct {
	kind string // media type
	w, h int    // of the picture as it is stored, before it is turned
	turn int    // EXIF orientation, 1 to 8; 1 for HEIC, whose decoder turns
	text []byte // of a text page

	// cost is how many bytes decoding the picture holds at its peak where it must be
	// held as a whole.
	cost int64

	rows bool // it can be decoded row by row
	gray bool // one plane
}

// inspect walks through a page to its end and checks it against the limits.
func (r *Reader) inspect(s *stream) (finding, error) {
	head, err := s.peek(sniffLen)
	if err != nil {
		return finding{}, err
	}
	f := finding{turn: 1}
	if f.kind, err = sniff(head); err != nil {
		return finding{}, err
	}
	switch f.kind {
	case typeText:
		if f.text, err = readText(s, r.config.MaxText); err != nil {
			return finding{}, err
		}
		return f, nil
	case typeJPEG:
		err = r.walkJPEG(s, &f)
	case typePNG:
		err = r.walkPNG(s, &f)
	case typeWebP:
		err = r.walkWebP(s, &f)
	case typeHEIC:
		err = r.walkHEIC(s, &f)
	}
	if err == nil {
		// What hangs on behind the picture (a motion photo, another file) is not
		// looked at and does not survive the encoding, but it counts.
		err = s.drain()
	}
	if err != nil {
		return finding{}, err
	}
	if least := min(f.w, f.h); least < minSide {
		return finding{}, unsupported("the picture is too small to be a page")
	}
	if f.weight() > r.config.MaxMemory {
		return finding{}, refuse(ImageTooLarge, "the picture of %d×%d pixels takes too much memory to open: send it smaller, or as an ordinary JPEG", f.w, f.h)
	}
	return f, nil
}

const (
	minSide = 8     // no letter fits into less, and models refuse such pictures
	maxSide = 65535 // what JPEG can say
)

// measure takes the dimensions that a header claims, before anything is decoded.
func (r *Reader) measure(f *finding, w, h int64) error {
	switch {
	case w <= 0 || h <= 0:
		return damaged("a picture without pixels")
	case w > maxSide || h > maxSide || w*h > int64(r.config.MaxPixels):
		return refuse(ImageTooLarge, "the picture of %d×%d pixels has more than %d million: send it smaller", w, h, int64(r.config.MaxPixels)/1e6)
	}
	f.w, f.h = int(w), int(h)
	return nil
}

// weight is how many bytes decoding the picture takes.
func (f *finding) weight() int64 {
	if f.rows {
		return 128<<10 + 32*int64(f.w) // 16 rows of three planes, or two of the deepest PNG
	}
	return f.cost
}

// pixels is the area of the picture.
func (f *finding) pixels() int64 { return int64(f.w) * int64(f.h) }
