package offline

import (
	"strings"
	"unicode/utf8"
)

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
