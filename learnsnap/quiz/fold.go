package quiz

import "unicode"

// latinBase holds the bare lower-case letter of each rune from U+00C0 to U+024F,
// and a dot where there is no single one.
const latinBase = "" +
	"aaaaaa.ceeeeiiii.nooooo.ouuuuy..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.lllllll" +
	"lllnnnnnnn..oooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" +
	"................................oo.............uu..............." +
	".............aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa...." +
	"aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............" +
	"................"

// latinMoreBase is the same for U+1E00 to U+1EFF.
const latinMoreBase = "" +
	"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm" +
	"mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" +
	"wwwwwwwwwwxxxxyyzzzzzzhtwy.s....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee" +
	"eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......"

// latin writes a Latin letter by its base from a table.
func (w *normalWriter) latin(r rune, base byte) {
	if base != '.' {
		w.byte(base)
		return
	}
	switch r {
	case 'Æ', 'æ':
		w.text("ae")
	case 'Œ', 'œ':
		w.text("oe")
	case 'Ĳ', 'ĳ':
		w.text("ij")
	case 'ß', 'ẞ':
		w.text("ss")
	default:
		w.letter(unicode.ToLower(r))
	}
}

// latin1Sign writes a sign of U+0080 to U+00BF.
func (w *normalWriter) latin1Sign(r rune) {
	switch r {
	case '\u0085', '\u00A0':
		w.space = true
	case '\u00AD': // soft hyphen
	case '«', '»':
		w.byte('"')
	case '´':
		w.byte('\'')
	case '²', '³':
		w.superscript('2' + byte(r-'²'))
	case '¹':
		w.superscript('1')
	case 'ª':
		w.byte('a')
	case 'º':
		w.byte('o')
	case '¼':
		w.text("1/4")
	case '½':
		w.text("1/2")
	case '¾':
		w.text("3/4")
	default:
		if r < 0x00A0 {
			return // C1 controls
		}
		w.letter(r)
	}
}

// sign writes a rune of the blocks from General Punctuation to Mathematical
// Operators.
func (w *normalWriter) sign(r rune) {
	switch {
	case r == '⁰', r >= '⁴' && r <= '⁹':
		w.superscript('0' + byte(r-'⁰'))
	case r == '⁺':
		w.superscript('+')
	case r == '⁻':
		w.superscript('-')
	case r == 'ⁿ':
		w.superscript('n')
	case r >= '₀' && r <= '₉':
		w.byte('0' + byte(r-'₀'))
	case r >= '‐' && r <= '―', r == '−':
		w.byte('-')
	case r >= '‘' && r <= '‛', r == '′':
		w.byte('\'')
	case r >= '“' && r <= '‟', r == '″':
		w.byte('"')
	case r == '‹', r == '›':
		w.byte('"')
	default:
		w.otherSign(r)
	}
}

func (w *normalWriter) otherSign(r rune) {
	switch {
	case r == '…':
		w.text("...")
	case r == '⁄', r == '∕':
		w.byte('/')
	case r == '⅓':
		w.text("1/3")
	case r == '⅔':
		w.text("2/3")
	case r == '∶':
		w.byte(':')
	case isMark(r) || unicode.Is(unicode.Cf, r):
	case unicode.IsSpace(r):
		w.space = true
	case r == '\u212A': // the kelvin sign
		w.byte('k')
	case r == '\u212B': // the angstrom sign
		w.byte('a')
	default:
		w.letter(unicode.ToLower(r))
	}
}

// superscript writes a raised character, and ^ before the first of a row: 10²
// must not become 102.
func (w *normalWriter) superscript(c byte) {
	if raised := w.raised && !w.space; !raised {
		w.byte('^')
	}
	w.byte(c)
	w.raised = true
}
