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

// nameOwnerAR names in a statement what the one before is about: «تبلغ مساحتها …»
// becomes «تبلغ مساحة الصحراء …», «وله أربعة أركان» «للتشبيه أربعة أركان».
func nameOwnerAR(s *sentence, t topic) {
	if t.phrase == "" || len(s.words) < 3 {
		return
	}
	suffix := "ه"
	if t.feminine {
		suffix = "ها"
	}
	if first := bareAR(s.words[0].core); first == "ل"+suffix {
		if rest, ok := strings.CutPrefix(t.phrase, "ال"); ok {
			s.setText(s.replace(0, 1, "لل"+rest))
			s.fresh = true
		}
		return
	}
	if !startsLikeVerbAR(s.fold(0)) || s.words[0].after != "" {
		return
	}
	owned, ok := strings.CutSuffix(bareAR(s.words[1].core), suffix)
	if !ok || !isMeasureAR(normalise(owned)) || s.words[1].after != "" {
		return
	}
	if strings.HasSuffix(owned, "ت") {
		owned = strings.TrimSuffix(owned, "ت") + "ة"
	}
	s.setText(s.replace(1, 2, owned+" "+t.phrase))
	s.fresh = true
}

// isMeasureAR knows what a thing has that is measured, as it stands before a
// pronoun.
func isMeasureAR(w string) bool {
	switch w {
	case "مساحت", "سرعت", "طول", "عرض", "ارتفاع", "عمق", "وزن", "عدد", "درجت", "كتلت", "حجم", "عمر", "قطر", "كثافت", "قيمت", "نسبت", "مدت":
		return true
	}
	return false
}

// ownsUnnamedAR reports whether s speaks of "his name", "his book" before it names
// anybody.
func ownsUnnamedAR(s *sentence) bool {
	for i, w := range s.words {
		if isNameAR(s, i) {
			return false
		}
		switch w.fold {
		case "اسمه", "كتابه", "كتبه", "والده", "ابنه", "ابوه", "امه", "عمره", "حياته", "وفاته", "ولادته", "رحلته", "رحلاته", "مؤلفاته", "اشعاره", "شعره", "ديوانه",
			"تجاربه", "ابحاثه", "نظريته", "قصائده", "بلده", "اسرته", "طفولته", "شبابه", "تلاميذه", "اعماله", "اسمها", "حياتها", "وفاتها", "عهده", "حكمه", "جيشه", "قومه", "اهله", "قصره":
			return !strings.Contains(w.before, "«")
		}
	}
	return false
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

// isOrderAR reports whether s tells its reader to do something.
func isOrderAR(s *sentence) bool {
	first := s.fold(0)
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
	case "الباقي", "الباقيه", "الاخير", "الاخيره", "المذكور", "المذكوره":
		return i < 3
	case "ذلك", "مثلا", "تلك", "بذلك", "لتلك", "بتلك", "كذلك", "وتلك", "وذلك", "قولنا", "نسمي", "نسميه", "نسميها", "لاحظ", "انظر", "السابق", "السابقه", "التالي", "التاليه", "الاتي", "الاتيه", "ياتي", "يلي", "المقابل", "المجاور", "سبق", "درسنا", "تعلمنا", "راينا", "عرفنا", "عليك", "وعليك", "اذن":
		return true
	case "الشكل", "شكل", "الجدول", "جدول", "صفحه", "الصفحه", "الصوره":
		return strings.Contains(s.words[i].after, "(") || i+1 < len(s.words) && (strings.Contains(s.words[i+1].before, "(") || isNumeral(s.words[i+1].core))
	}
	return false
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

// hidesSubjectAR reports whether s opens with a verb whose subject is not named
// behind it, so that a reader would ask "who?".
func hidesSubjectAR(s *sentence) bool {
	verb := s.fold(0)
	switch {
	case isHumanVerbAR(verb):
		return hidesPersonAR(s)
	case strings.HasSuffix(verb, "ت") && isHumanVerbAR(strings.TrimSuffix(verb, "ت")):
		return !isDefiniteAR(s.fold(1)) && !isNameAR(s, 1) && !isParticleAR(s.fold(1))
	case isEventVerbAR(verb):
		return isParticleAR(s.fold(1)) && !opensLateAR(s, 1)
	case isImperfectAR(verb):
		return hidesThingAR(s, true)
	case startsLikeVerbAR(verb):
		return hidesThingAR(s, false)
	}
	return false
}

// hidesPersonAR looks for the person behind a verb of persons.
func hidesPersonAR(s *sentence) bool {
	switch s.fold(0) {
	case "كان", "اصبح", "صار", "بدا", "وقع", "عرف", "اعتمد", "انتقل", "خرج", "دخل", "وصف": // of things as well
		if isDefiniteAR(s.fold(1)) {
			return false
		}
	}
	for i := 1; i < len(s.words); i++ {
		if isNameAR(s, i) {
			// «كتاب الطبيب …» names an object: the person stands at once, or behind where and when
			return i > 1 && !isParticleAR(s.fold(1))
		}
		if i == 1 && isDefiniteAR(s.fold(1)) && (strings.HasSuffix(s.fold(1), "ون") || isPeopleAR(s.fold(1))) {
			return false
		}
		if s.words[i].after != "" || i > 8 {
			break
		}
	}
	return true
}

// isPeopleAR knows words for many persons that do not show it.
func isPeopleAR(w string) bool {
	switch w {
	case "العرب", "الناس", "الروم", "الفرس", "العلماء", "القدماء", "الصينيون", "اليونان", "الاتراك", "المغول", "الخلفاء", "الملوك", "الشعراء", "الفراعنه", "الانسان", "المصريون", "الاطباء", "الفلاسفه", "القاده", "التجار", "الجيش", "المسلمون", "الطالب", "الاغريق", "الرومان", "الامازيغ", "البابليون", "السومريون", "الانباط", "الكتاب", "الطلاب", "السكان", "الجنود", "الصحابه":
		return w != "الكتاب"
	}
	return false
}

// hidesThingAR looks for the subject behind an imperfect verb: the next word, when
// it agrees with the verb, or the first noun behind a place or an object.
func hidesThingAR(s *sentence, feminine bool) bool {
	if len(s.words) < 2 {
		return true
	}
	next := s.fold(1)
	switch {
	case next == "ان": // «يجب أن …»
		return false
	case isPrepositionAR(next) || hasClitic(next):
		return !opensLateAR(s, 1)
	case isParticleAR(next):
		return next != "كل" && next != "بعض" && next != "جميع" && next != "معظم"
	case isDefiniteAR(next):
		if agreesAR(s.words[1].core, feminine) || feminine && isDefiniteAR(s.fold(2)) && strings.HasSuffix(bareAR(s.words[2].core), "ة") && s.words[1].after == "" {
			return false
		}
		return !opensLateAR(s, 1)
	}
	return strings.HasSuffix(bareAR(s.words[1].core), "ا") && utf8.RuneCountInString(next) > 3 // an object or a state
}

func hasClitic(w string) bool {
	return strings.HasPrefix(w, "بال") || strings.HasPrefix(w, "لل") || strings.HasPrefix(w, "كال")
}

// opensLateAR reports whether an indefinite noun, the subject, stands directly
// behind the definite word that follows word i or is it: «تعيش في الفم أنواع …».
func opensLateAR(s *sentence, i int) bool {
	for ; i < min(5, len(s.words)-1); i++ {
		w := s.fold(i)
		if !isDefiniteAR(w) && !hasClitic(w) {
			continue
		}
		next := s.fold(i + 1)
		if s.words[i].after != "" || isDefiniteAR(next) || strings.HasPrefix(next, "وال") {
			continue
		}
		return !isParticleAR(next) && !hasClitic(next) && !startsLikeVerbAR(next) && !strings.HasPrefix(next, "و") &&
			!strings.HasSuffix(bareAR(s.words[i+1].core), "ا") && !hasPronounAR(s.words[i+1].core)
	}
	return false
}

// agreesAR reports whether a noun with the article may be the subject of a verb of
// that gender directly before it.
func agreesAR(noun string, feminine bool) bool {
	bare := bareAR(noun)
	shown := strings.HasSuffix(bare, "ة") || strings.HasSuffix(bare, "ات") || strings.HasSuffix(bare, "اء") || strings.HasSuffix(bare, "ى")
	if !feminine {
		return !strings.HasSuffix(bare, "ة") && !strings.HasSuffix(bare, "ات")
	}
	return shown || isFeminineAR(normalise(bare)) || isBrokenPluralAR(normalise(bare))
}

// isBrokenPluralAR reports whether a word in normal form has the shape of a plural
// that takes a feminine verb: أوراق, جذور, مصانع, جبال.
func isBrokenPluralAR(w string) bool {
	r := []rune(strings.TrimPrefix(w, "ال"))
	n := len(r)
	switch {
	case n >= 5 && r[n-2] == 'ا' && r[n-1] == 'ن', n == 4 && r[2] == 'و', n >= 5 && r[0] == 'ا', n >= 5 && r[2] == 'ا', n == 4 && r[2] == 'ا' && r[0] != 'م', n == 4 && r[1] == 'و' && r[2] == 'ا':
		return true
	}
	return false
}

// nameSubjectAR puts the person that the page is about behind the past verb that s
// opens with: «درس الطب» becomes «درس الحسن بن الهيثم الطب». It reports whether it
// could.
func nameSubjectAR(s *sentence, who topic) bool {
	if !who.person || who.phrase == "" || !isHumanVerbAR(s.fold(0)) || s.words[0].after != "" || isParticleAR(s.fold(1)) && !isPrepositionAR(s.fold(1)) {
		return false
	}
	switch s.fold(0) {
	case "كان", "اصبح", "صار", "ترجم":
		return false
	}
	s.setText(s.replace(0, 1, s.words[0].core+" "+who.phrase))
	s.fresh = true
	return true
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
