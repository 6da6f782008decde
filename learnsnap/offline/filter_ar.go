package offline

import (
	"strings"
	"unicode/utf8"
)

// stateAR is state for an Arabic passage.
func stateAR(s *sentence, before topics) bool {
	if len(s.words) == 0 || isDanglingAR(s.fold(0)) || !openAR(s) {
		return false
	}
	if isDanglingAR(s.fold(0)) || isOrderAR(s) {
		return false
	}
	if hidesSubjectAR(s) && nameSubjectAR(s, before.who) {
		return true
	}
	nameOwnerAR(s, before.last)
	return !earlyPronounAR(s) && !hidesSubjectAR(s) && !ownsUnnamedAR(s)
}

// openAR takes the و or ف off the first word, and "قد" or "كما" before a verb. It
// reports false where the و may be the word's own.
func openAR(s *sentence) bool {
	first := s.fold(0)
	if first == "كما" && startsLikeVerbAR(s.fold(1)) {
		s.setText(s.text[s.words[1].start:])
		return true
	}
	rest := withoutAnd(first)
	if rest == first {
		return !strings.HasPrefix(first, "و") || isAndNounAR(first) && !startsLikeVerbAR(first)
	}
	_, size := utf8.DecodeRuneInString(s.words[0].core)
	s.setText(strings.TrimLeft(s.text[s.words[0].start+size:], "\u064B\u064C\u064D\u064E\u064F\u0650\u0651\u0652"))
	if s.fold(0) == "قد" && len(s.words) > 1 && isPerfectAR(s.fold(1)) { // before another verb it means "may"
		s.setText(s.text[s.words[1].start:])
	}
	return true
}

// withoutAnd returns a word in normal form without a leading و or ف, where that is
// surely "and" or "so".
func withoutAnd(w string) string {
	rest, and := strings.CutPrefix(w, "و")
	so := false
	if !and {
		if rest, so = strings.CutPrefix(w, "ف"); !so {
			return w
		}
	}
	if isParticleAR(w) || isAndNounAR(w) || utf8.RuneCountInString(rest) < 2 {
		return w
	}
	switch {
	case strings.HasPrefix(rest, "ال") && utf8.RuneCountInString(rest) >= 4, isParticleAR(rest), rest == "قد", strings.HasPrefix(rest, "لل") && utf8.RuneCountInString(rest) >= 5:
		return rest
	case and && (rest == "له" || rest == "لها"):
		return rest
	case isImperfectAR(rest), strings.HasPrefix(rest, "ي") && utf8.RuneCountInString(rest) >= 3, and && isPerfectAR(rest), rest == "كانت":
		return rest
	case and && isPlainNounAR(rest):
		return rest
	}
	return w
}

// isPlainNounAR reports whether a word in normal form has the shape of a noun and
// of no verb: استخدام, معظم.
func isPlainNounAR(w string) bool {
	r := []rune(w)
	n := len(r)
	return n >= 5 && (strings.HasSuffix(w, "ه") && r[0] != 'ي' && !hasVerbShape(r) || strings.HasSuffix(w, "ات") || r[0] == 'ا' && r[n-2] == 'ا' || r[0] == 'م')
}

// hasVerbShape reports whether a word that ends in ه may be a verb and a pronoun.
func hasVerbShape(r []rune) bool { return r[0] == 'ت' || r[0] == 'ن' || r[len(r)-2] == 'ت' }

// ordersAR reports whether a word behind a colon opens an order. Forms that are nouns
// as well (عدد, حول) do not.
func ordersAR(w string) bool {
	switch w {
	case "عدد", "حول", "بين", "عرف", "كون", "حل", "صل", "سم", "لون", "قم", "تعلم", "تعرف", "تحدث", "علل", "قسم":
		return false
	}
	return isImperativeAR(w)
}

// isOrderAR reports whether s tells its reader to do something.
func isOrderAR(s *sentence) bool {
	first := s.fold(0)
	if n := entryName(s); n > 0 && (ordersAR(s.fold(n)) || s.fold(n) == "لا") {
		return true // «للمحافظة على قلبك: مارس الرياضة»
	}
	if !isImperativeAR(first) {
		return false
	}
	// Some of these forms are past verbs as well: «عرف العرب …».
	return !isHumanVerbAR(first) || !isDefiniteAR(s.fold(1)) && !isNameAR(s, 1)
}

// pointsAwayAR reports whether word i points to something outside the sentence.
func pointsAwayAR(s *sentence, i int) bool {
	w := s.fold(i)
	for _, p := range []string{"هذا", "هذه", "هؤلاء", "هذان", "هاتان", "هذين"} {
		if strings.HasSuffix(w, p) && utf8.RuneCountInString(w) <= utf8.RuneCountInString(p)+1 {
			return true
		}
	}
	switch w {
	case "المدينه", "الكتاب", "البلاد", "الدوله", "المنطقه", "الجامع", "القصر", "المبني", "الرجل", "المدرسه", "الحاكم", "الامير", "الملك", "الخليفه", "السلطان", "العالم", "الشاعر", "الطبيب", "القائد", "الرساله", "المعركه", "الحرب", "السفينه", "المشروع", "القانون", "العمليه", "التجربه": // which one?
		next := s.fold(i + 1)
		return i <= 1 && (s.words[i].after != "" || !isDefiniteAR(next) && !isRelativeAR(next) && !isNameAR(s, i+1) && (i == 0 || startsLikeVerbAR(s.fold(0))) && !isNamedAR(next))
	case "الباقي", "الباقيه", "الاخير", "الاخيره", "المذكور", "المذكوره":
		return i < 3
	case "ذلك", "مثلا", "تلك", "بذلك", "لتلك", "بتلك", "كذلك", "وتلك", "وذلك", "قولنا", "نسمي", "نسميه", "نسميها", "لاحظ", "انظر", "السابق", "السابقه", "التالي", "التاليه", "الاتي", "الاتيه", "ياتي", "يلي", "المقابل", "المجاور", "سبق", "درسنا", "تعلمنا", "راينا", "عرفنا", "عليك", "وعليك", "اذن":
		return true
	case "الشكل", "شكل", "الجدول", "جدول", "صفحه", "الصفحه", "الصوره":
		return strings.Contains(s.words[i].after, "(") || i+1 < len(s.words) && (strings.Contains(s.words[i+1].before, "(") || isNumeral(s.words[i+1].core))
	}
	return false
}

// isNamedAR reports whether a word may be a name that follows what somebody is:
// «الخليفة هارون», «السلطان أبو …». Names have no article, and are no verb or
// preposition.
func isNamedAR(w string) bool {
	return w != "" && !isParticleAR(w) && !startsLikeVerbAR(w) && !hasClitic(w) && !strings.HasSuffix(w, "ه")
}

// isDefiniteAR reports whether a word in normal form has the article.
func isDefiniteAR(w string) bool {
	switch w {
	case "الي", "الا", "الف", "الان", "الله", "الاف", "الي ان", "اله", "التهاب", "التقاء", "التزام", "التقاط", "التحام", "التواء", "التصاق":
		return w == "الله"
	}
	return strings.HasPrefix(w, "ال") && utf8.RuneCountInString(w) >= 4 && !isRelativeAR(w)
}

// bareAR returns a word without its diacritics.
func bareAR(w string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x064B && r <= 0x065F || r == 0x0670 {
			return -1
		}
		return r
	}, w)
}

// hasPronounAR reports whether a word as it is written ends in a pronoun: مساحتها,
// فيه, منهم.
func hasPronounAR(w string) bool {
	w = bareAR(w)
	n := utf8.RuneCountInString(w)
	plain := strings.TrimPrefix(strings.TrimLeft(w, "وفبكل"), "ال")
	if strings.HasSuffix(plain, "يه") && strings.HasPrefix(plain, "ت") && n <= 7 || plain == "مشبه" || plain == "شبه" {
		return false // التشبيه, التوجيه
	}
	switch w {
	case "له", "به", "لهم", "بهم":
		return true
	}
	switch {
	case strings.HasSuffix(w, "هما"):
		return n >= 4
	case strings.HasSuffix(w, "ها"):
		return n >= 3
	case strings.HasSuffix(w, "هم"):
		switch normalise(w) {
		case "فهم", "الفهم", "مهم", "المهم", "سهم", "السهم", "درهم", "الدرهم", "اهم", "الاهم", "وهم", "الوهم", "تفاهم", "يفهم", "تفهم", "يساهم", "تساهم", "يسهم", "تسهم", "مبهم", "ملهم", "تهم", "يهم", "فاهم", "لفهم":
			return false
		}
		return n >= 4
	case strings.HasSuffix(w, "ه"):
		switch normalise(w) {
		case "مياه", "المياه", "وجه", "الوجه", "اتجاه", "الاتجاه", "شبه", "فواكه", "الفواكه", "منبه", "الله", "لله", "بالله", "والله", "عبدالله", "انتباه", "الانتباه", "تنبيه", "توجيه", "فقه", "الفقه", "يشبه", "تشبه", "تشابه", "يتشابه", "متشابه", "وجوه", "شبيه", "نزيه", "فقيه", "الفقيه", "ترفيه", "الترفيه",
			"تنزه", "التنزه", "تشويه", "سفيه", "مكروه", "المكروه", "شفاه", "جاه", "اله", "الاله", "ابله", "كره", "يكره", "يواجه", "تواجه", "يتجه", "تتجه", "منتبه", "موجه", "مشابه", "اشباه", "سيبويه", "نفطويه", "مسكويه", "بلاهه", "جباه", "للمياه", "بالمياه", "والمياه", "ومياه", "لمياه", "بمياه", "باتجاه", "بوجه", "التوجيه", "التنبيه", "المنبه":
			return false
		}
		return n >= 3
	}
	return false
}

// earlyPronounAR reports whether one of the first words has a pronoun for
// something that was not named yet.
func earlyPronounAR(s *sentence) bool {
	named := false
	for i := 0; i < min(4, len(s.words)); i++ {
		w := s.words[i]
		if hasPronounAR(w.core) && !named {
			return true
		}
		if bare := strings.TrimPrefix(w.fold, "لل"); isDefiniteAR(w.fold) || bare != w.fold || isNameAR(s, i) || strings.HasPrefix(w.fold, "بال") {
			named = true
		} else if i > 0 && !isParticleAR(w.fold) && !isParticleAR(s.fold(i-1)) && !hasPronounAR(w.core) {
			named = true // the second noun of two
		}
	}
	return false
}

// isNameAR reports whether word i stands in the name of a person: beside بن, or
// behind what a person is.
func isNameAR(s *sentence, i int) bool {
	switch s.fold(i) {
	case "بن", "ابن", "ابو", "ابي", "ابا", "بنت":
		return true
	}
	return s.fold(i+1) == "بن" || s.fold(i-1) == "بن" || s.fold(i-1) == "ابن" || s.fold(i-1) == "ابو" || i > 0 && isPersonAR(s.fold(i-1)) && isDefiniteAR(s.fold(i-1)) || isPersonAR(s.fold(i))
}

// isNounPhraseAR reports whether the words from at on say what something is, and
// are no clause about it.
func isNounPhraseAR(s *sentence, at int) bool {
	first := s.fold(at)
	if first == "" || startsLikeVerbAR(first) && !isHypernymAR(first) && !isMasdarAR(first) {
		return false
	}
	if isParticleAR(first) && first != "ما" && first != "كل" {
		return false
	}
	return !hasPronounAR(s.words[at].core) && (at+1 >= len(s.words) || !hasPronounAR(s.words[at+1].core) || first == "ما" || first == "كل")
}

// isMasdarAR knows nouns of action that look like verbs.
func isMasdarAR(w string) bool {
	switch w {
	case "تحول", "جمع", "نقل", "وضع", "قسم", "تحويل", "تطور", "تعلم", "كتب", "صنع", "رسم", "وصف", "شرح", "حكم", "تغير", "فتح", "حفظ", "امر", "طلب":
		return true
	}
	return false
}
