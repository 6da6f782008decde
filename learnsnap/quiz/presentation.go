package quiz

import "unicode"

// The tables of Arabic presentation forms, which old fonts and PDF files write
// instead of letters. A letter is coded as 'A' plus its distance from ء (U+0621),
// so that an entry has a fixed width; a space is no letter.

// ligatureForms has three codes for each rune from U+FC00 to U+FDC7.
const ligatureForms = "" +
	"FL FM Fe Fi Fj HL HM HN He Hi Hj JL JM JN Je Ji Jj KL Ke Ki Kj LM Le ML Me NL NM Ne SL SM SN Se " +
	"UM Ue VL VM VN Ve WM We Xe YL Ye ZL Ze aL aM aN ae ai aj bM be bi bj cG cL cM cN cd ce ci cj dL " +
	"dM dN de di dj eL eM eN ee ei ej fL fM fN fe fi fj gL ge gi gj jL jM jN je ji jj P  Q  i        " +
	"            FQ FR Fe Ff Fi Fj HQ HR He Hf Hi Hj JQ JR Je Jf Ji Jj KQ KR Ke Kf Ki Kj ai aj bi bj " +
	"cG cd ce ci cj de di dj eG ee fQ fR fe ff fi fj i  jQ jR je jf ji jj FL FM FN Fe Fg HL HM HN He " +
	"Hg JL JM JN Je Jg Ke LM Le ML Me NL Ne SL SM SN Se UM UN Ue VL VM VN Ve WM Xe YL Ye ZL Ze aL aM " +
	"aN ae bM be cL cM cN cd ce dL dM dN de dg eL eM eN ee fL fM fN fe fg gL ge g  jL jM jN je jg Fe " +
	"Fg He Hg Je Jg Ke Kg Se Sg Te Tg cd ce de fe fg je jg          Wi Wj Yi Yj Zi Zj Si Sj Ti Tj Mi " +
	"Mj Li Lj Ni Nj Ui Uj Vi Vj TL TM TN Te TQ SQ UQ VQ Wi Wj Yi Yj Zi Zj Si Sj Ti Tj Mi Mj Li Lj Ni " +
	"Nj Ui Uj Vi Vj TL TM TN Te TQ SQ UQ VQ TL TM TN Te Sg Tg We SL SM SN TL TM TN We Xe G  G        " +
	"                                                JLeJMLJMLJMeJNeJeLJeMJeNLeMLeMMejMeiSMLSLMSLiSeM" +
	"SeMSeLSeeSeeUMMUMMUeeTMeTMeTLjTeNTeNTeeTeeVMiVNeVNeWeMWeMWeeWejYLeYeeYeeYeiZeeZejZeiaNeaNebeMbee" +
	"dMedMjdMidLLdLLdNedNedeMdeMeMLeMeeMjeLMeLeeNLeNe      eLNgeLgeefMefMifLefLefLifejfeijeejeeHNjJLj" +
	"JLiJNjJNiJejJeiLejLMiLeiSNiUMjTMjVMjdLjdejjMjjLjjejeejbejfMjbeMdMeYejcejfLMeNjdLeceedLefLMLMjMLj" +
	"eLjaejHMjceeYLeUeeSNjfLj"

// letterForms has two codes for each rune from U+FE80 to U+FEFC.
const letterForms = "" +
	"A B B C C D D E E F F F F G G H H H H I I J J J J K K K K L L L " +
	"L M M M M N N N N O O P P Q Q R R S S S S T T T T U U U U V V V " +
	"V W W W W X X X X Y Y Y Y Z Z Z Z a a a a b b b b c c c c d d d " +
	"d e e e e f f f f g g g g h h i i j j j j dBdBdCdCdEdEdGdG"

// persianForms has the letter of each rune from U+FB50 to U+FBB1, two bytes each.
const persianForms = "ٱٱٻٻٻٻپپپپڀڀڀڀٺٺٺٺٿٿٿٿٹٹٹٹڤڤڤڤڦڦڦڦڄڄڄڄڃڃڃڃچچچچڇڇڇڇڍڍڌڌڎڎڈڈژژڑڑککککگگگگڳڳڳڳڱڱڱڱںںڻڻڻڻۀۀہہہہھھھھےےۓۓ"

// moreForms has the letter of each rune from U+FBD3 to U+FBE9.
const moreForms = "ڭڭڭڭۇۇۆۆۈۈۇۋۋۅۅۉۉېېېېىى"

// uighurForms has the letter behind ئ of each rune from U+FBEA to U+FBFB.
const uighurForms = "ااەەووۇۇۆۆۈۈېېېىىى"

// presentation writes a rune from U+FB00 to U+FEFF.
func (w *normalWriter) presentation(r rune) {
	switch {
	case r <= 0xFB06:
		w.text([...]string{"ff", "fi", "fl", "ffi", "ffl", "st", "st"}[r-0xFB00])
	case r >= 0xFB50 && r <= 0xFBB1:
		w.letters(persianForms[2*(r-0xFB50) : 2*(r-0xFB50)+2])
	case r >= 0xFBD3 && r <= 0xFBE9:
		w.letters(moreForms[2*(r-0xFBD3) : 2*(r-0xFBD3)+2])
	case r >= 0xFBFC && r <= 0xFBFF:
		w.letter('ي')
	case r >= 0xFBEA && r <= 0xFBFB:
		w.letter('ئ')
		w.letters(uighurForms[2*(r-0xFBEA) : 2*(r-0xFBEA)+2])
	case r >= 0xFC00 && r <= 0xFDC7 && !isOrnament(r):
		w.coded(ligatureForms[3*(r-0xFC00) : 3*(r-0xFC00)+3])
	case r >= 0xFDF0 && r <= 0xFDFD:
		w.text(wordForm(r))
	case r >= 0xFE80 && r <= 0xFEFC:
		w.coded(letterForms[2*(r-0xFE80) : 2*(r-0xFE80)+2])
	case r >= 0xFE70 && r <= 0xFE7F, isMark(r), unicode.Is(unicode.Cf, r): // marks that stand alone
	default:
		w.letter(unicode.ToLower(r))
	}
}

// isOrnament reports whether r is one of the signs between the ligatures.
func isOrnament(r rune) bool {
	return r >= 0xFD3E && r <= 0xFD4F || r == 0xFD90 || r == 0xFD91
}

func (w *normalWriter) letters(s string) {
	for _, r := range s {
		w.arabicLetter(r)
	}
}

func (w *normalWriter) coded(codes string) {
	for i := range len(codes) {
		if codes[i] != ' ' {
			w.arabicLetter('ء' + rune(codes[i]-'A'))
		}
	}
}

// wordForm returns the words, in normal form, that one rune from U+FDF0 to U+FDFD
// stands for.
func wordForm(r rune) string {
	return [...]string{
		"صلي", "قلي", "الله", "اكبر", "محمد", "صلعم", "رسول", "عليه", "وسلم", "صلي",
		"صلي الله عليه وسلم", "جل جلاله", "ريال", "بسم الله الرحمن الرحيم",
	}[r-0xFDF0]
}
