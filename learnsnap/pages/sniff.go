package pages

import (
	"bytes"
	"encoding/binary"
)

// Media types that [Reader.Inspect] returns.
const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeWebP = "image/webp"
	typeHEIC = "image/heic"
	typeText = "text/plain"
)

// sniffLen is how many bytes decide what a page is.
const sniffLen = 512

const pngSignature = "\x89PNG\r\n\x1a\n"

// sniff tells from the first bytes what a page is. Names and declared types are
// never asked: a phone calls everything image/jpeg, and who means harm does too.
func sniff(head []byte) (string, error) {
	switch {
	case len(head) == 0:
		return "", refuse(Empty, "the page has no bytes: send the photo again")
	case begins(head, "\xff\xd8\xff"):
		return typeJPEG, nil
	case begins(head, pngSignature):
		return typePNG, nil
	case begins(head, "RIFF") && len(head) >= 12 && string(head[8:12]) == "WEBP":
		return typeWebP, nil
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return sniffBrands(head)
	}
	binary := bytes.IndexByte(head, 0) >= 0
	for _, f := range foreign {
		if (binary || !f.word) && bytes.HasPrefix(head, []byte(f.magic)) {
			return "", unsupported("the page is " + f.name)
		}
	}
	return sniffText(head)
}

// begins reports whether the page starts as a format does, also where it is cut off
// so early that the signature itself is not whole.
func begins(head []byte, signature string) bool {
	if len(head) < len(signature) && len(head) > 1 {
		return bytes.HasPrefix([]byte(signature), head)
	}
	return bytes.HasPrefix(head, []byte(signature))
}

// foreign are kinds of files that people send by mistake, told apart so that the
// answer can name them. A text may begin with a word among them, but has no NUL.
var foreign = []struct {
	magic, name string
	word        bool
}{
	{"%PDF-", "a PDF", false},
	{"GIF8", "a GIF", true},
	{"BM", "a BMP picture", true},
	{"II*\x00", "a TIFF picture", false},
	{"MM\x00*", "a TIFF picture", false},
	{"II+\x00", "a TIFF picture", false},
	{"MM\x00+", "a TIFF picture", false},
	{"PK\x03\x04", "a ZIP or Office file", false},
	{"PK\x05\x06", "a ZIP file", false},
	{"\xd0\xcf\x11\xe0", "an Office file", false},
	{"{\\rtf", "a Rich Text file", false},
	{"%!PS", "a PostScript file", false},
	{"\x7fELF", "a program", false},
	{"MZ", "a program", true},
	{"#!/", "a program", false},
	{"\xca\xfe\xba\xbe", "a program", false},
	{"\xcf\xfa\xed\xfe", "a program", false},
	{"\x1f\x8b", "a compressed file", false},
	{"Rar!\x1a", "a compressed file", false},
	{"7z\xbc\xaf", "a compressed file", false},
	{"\xfd7zXZ", "a compressed file", false},
	{"\x28\xb5\x2f\xfd", "a compressed file", false},
	{"SQLite format 3\x00", "a database", false},
	{"8BPS", "a Photoshop file", true},
	{"\x00\x00\x01\x00", "an icon", false},
	{"ID3", "a sound file", true},
	{"OggS", "a sound file", true},
	{"RIFF", "a sound or video file", true},
	{"\x1a\x45\xdf\xa3", "a video", false},
	{"\x00\x00\x00\x0cjP", "a JPEG 2000 picture", false},
	{"\xff\x0a", "a JPEG XL picture", false},
}

// sniffBrands reads the brands of an ISO media file: HEIC, AVIF and videos all
// begin alike.
func sniffBrands(head []byte) (string, error) {
	n := min(int(binary.BigEndian.Uint32(head)), len(head))
	heif := false
	for i := 8; i+4 <= n; i += 4 {
		if i == 12 {
			continue // the minor version is no brand
		}
		switch string(head[i : i+4]) {
		case "heic", "heix", "heim", "heis":
			return typeHEIC, nil
		case "mif1", "msf1", "hevc", "hevx":
			heif = true
		case "avif", "avis":
			return "", unsupported("the page is an AVIF picture")
		}
	}
	if heif {
		return typeHEIC, nil
	}
	return "", unsupported("the page is a video")
}

// sniffText tells text from everything that is not: markup, which a reader would
// take for the words of the page, and binary files.
func sniffText(head []byte) (string, error) {
	if wideText(head) != nil {
		return typeText, nil
	}
	body := bytes.TrimLeft(bytes.TrimPrefix(head, []byte(bom)), " \t\r\n\f")
	if len(body) > 1 && body[0] == '<' && (isLetter(body[1]) || body[1] == '!' || body[1] == '?') {
		return "", unsupported("the page is HTML, SVG or XML")
	}
	controls := 0
	for _, c := range head {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' || c == 0x7f {
			controls++
		}
	}
	// Of random bytes every ninth is a control character; a text that lost a few
	// bits on its way has one or two, and is then refused as damaged.
	if controls > max(2, len(head)/20) {
		return "", unsupported("the page is neither a picture nor a text")
	}
	return typeText, nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
