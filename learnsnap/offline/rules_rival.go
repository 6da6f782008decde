package offline

import (
	"cmp"
	"slices"
	"strings"
)

// otherNames returns at least three names that could be taken for f's and are not,
// or fewer when the pages have no more.
func (m *maker) otherNames(f *fact) []string {
	var names []string
	for _, o := range m.rivals(f, func(o *fact) bool { return m.fitsBeside(f, o) }) {
		if apart(o.name, append(names, f.name), o.kind == defined && f.kind == defined) {
			names = append(names, o.name)
		}
	}
	return names
}

// fitsBeside reports whether o's name can stand as an option beside f's.
func (m *maker) fitsBeside(f, o *fact) bool {
	if f.class.arabic {
		return o.class.person == f.class.person && o.class.definite == f.class.definite
	}
	return o.class.proper == f.class.proper && (o.class.plural == f.class.plural || f.kind == defined && o.kind == defined)
}

// swapFor returns a fact whose name makes f's sentence false and keeps it
// grammatical, or nil.
func (m *maker) swapFor(f *fact) *fact {
	rivals := m.rivals(f, func(o *fact) bool {
		a, b := f.class, o.class
		a.adjective, b.adjective = false, false
		return a == b && (f.kind != defined || o.verb == "" || o.verb == f.verb) && isOfKind(f, o) && apart(o.name, []string{f.name}, o.kind == defined && f.kind == defined)
	})
	if len(rivals) == 0 {
		return nil
	}
	return rivals[0]
}

// isOfKind reports whether two facts are about things of one kind, so that one can
// be said of the other without being absurd: entries of a glossary, names given in
// passing, and what is explained by the same noun.
func isOfKind(f, o *fact) bool {
	switch {
	case f.kind == named || o.kind == named:
		return o.kind == f.kind || o.kind == labelled || f.kind == labelled
	case f.kind == copula || o.kind == copula:
		a, b := headOf(f), headOf(o)
		return a != "" && (a == b || isActionNoun(a, f.class.arabic) && isActionNoun(b, f.class.arabic))
	}
	return true
}

// isActionNoun reports whether a word is the name of an action or a process.
func isActionNoun(w string, arabic bool) bool {
	if !arabic {
		switch w {
		case "process", "change", "exchange", "release", "transfer", "act", "action", "flow", "loss", "use":
			return true
		}
		return strings.HasSuffix(w, "ing") || strings.HasSuffix(w, "tion") || strings.HasSuffix(w, "ment")
	}
	switch w {
	case "عمليه", "حركه", "سقوط", "خروج", "دخول", "حبس", "جمع", "نقل", "قطع", "اخذ", "دفع", "بيع", "شراء", "صنع", "زياده", "نقص", "فقدان", "قدره", "حصول", "وصول", "رفض", "ترك", "منح":
		return true
	case "تربه", "تمر", "تاج", "تلميذ", "تاجر", "توام", "تل":
		return false
	}
	r := []rune(w)
	n := len(r)
	return n >= 4 && n <= 6 && r[0] == 'ت' && r[n-1] != 'ه' || n >= 5 && r[0] == 'ا' && r[n-2] == 'ا' // تفعّل تفعيل تفاعل; افتعال انفعال استفعال
}

// headOf returns the first word of a meaning, without its article.
func headOf(f *fact) string {
	for _, w := range strings.Fields(normalise(f.meaning)) {
		if !isArticleEN(w) {
			return stem(w, f.class.arabic)
		}
	}
	return ""
}

// rivals returns the facts with another name that fit and do not stand in f's
// sentence; the likest first.
func (m *maker) rivals(f *fact, fits func(*fact) bool) []*fact {
	var all []*fact
	for _, o := range m.facts {
		if o.class.arabic == f.class.arabic && o.s != f.s && normalise(o.name) != normalise(f.name) && fits(o) && !mentions(f, o) && !(f.kind == copula && m.isWholeOf(f, o)) {
			all = append(all, o)
		}
	}
	distance := func(o *fact) int {
		d := 0
		if o.kind != f.kind {
			d += 4
		}
		if o.class.feminine != f.class.feminine || o.class.counted != f.class.counted {
			d += 2
		}
		if o.s.page != f.s.page {
			d++
		}
		return d
	}
	slices.SortStableFunc(all, func(a, b *fact) int {
		return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(hash(f.name, a.name), hash(f.name, b.name)))
	})
	return all
}

// mentions reports whether f's sentence speaks of o, or o is explained by f's name
// (a compass needle is a small magnet, and attracts iron as magnets do): then both
// may be right.
func mentions(f, o *fact) bool {
	if f.kind == copula && sharesLead(f.s, o.name) {
		return true
	}
	name := stemText(normalise(o.name), f.class.arabic)
	if strings.Contains(" "+stemmed(f.s)+" ", " "+name+" ") || f.s.holds(normalise(o.name)) {
		return true
	}
	if o.meaning == "" {
		return false
	}
	meaning := stemText(normalise(o.meaning), f.class.arabic)
	return strings.Contains(" "+meaning+" ", " "+stemText(normalise(f.name), f.class.arabic)+" ") || normalise(o.meaning) == normalise(f.meaning)
}

// sharesLead reports whether the first two words of a longer name stand in s, be it
// behind an "and": the name may be a kind or a part of what s explains.
func sharesLead(s *sentence, name string) bool {
	words := strings.Fields(normalise(name))
	if len(words) < 3 {
		return false
	}
	for i, w := range s.words[:max(0, len(s.words)-1)] {
		if (w.fold == words[0] || w.fold == "و"+words[0]) && s.fold(i+1) == words[1] {
			return true
		}
	}
	return false
}

// isWholeOf reports whether a statement says that one of two names is a part of the
// other: what is true of one may be true of both.
func (b *book) isWholeOf(f, o *fact) bool {
	a, c := " "+stemText(normalise(f.name), f.class.arabic)+" ", " "+stemText(normalise(o.name), f.class.arabic)+" "
	return slices.ContainsFunc(b.parts, func(s string) bool { return strings.Contains(s, a) && strings.Contains(s, c) })
}

// countsParts reports whether a statement says what a thing has parts or kinds of.
func countsParts(s *sentence) bool {
	return strings.Contains(s.text, ": ") || s.holds("such as") || s.holds("including") ||
		slices.ContainsFunc(s.words, func(w token) bool { return isPartWord(w.fold) })
}

// isPartWord knows the words by which a whole has parts.
func isPartWord(w string) bool {
	switch w {
	case "consists", "consist", "contains", "contain", "includes", "include", "made", "divided", "parts", "part", "kinds", "types", "kind", "type",
		"يتكون", "تتكون", "وتتكون", "ويتكون", "يشمل", "تشمل", "يحتوي", "تحتوي", "وتحتوي", "ويحتوي", "منها", "ومنها", "ينقسم", "تنقسم", "يتالف", "تتالف", "اقسام", "انواع", "اجزاء", "جزء", "نوع", "قسمين", "نوعين":
		return true
	}
	return false
}

func stemText(text string, arabic bool) string {
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = stem(strings.TrimFunc(w, isOutside), arabic)
	}
	return strings.Join(words, " ")
}

func stemmed(s *sentence) string {
	var b strings.Builder
	for _, w := range s.words {
		b.WriteString(stem(w.fold, s.arabic))
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

// apart reports whether a name is none of the others, nor a part of one, nor
// built on the same word. Entries of one list may share a word.
func apart(name string, others []string, entries bool) bool {
	n := normalise(name)
	for _, o := range others {
		o = normalise(o)
		if strings.Contains(" "+o+" ", " "+n+" ") || strings.Contains(" "+n+" ", " "+o+" ") || !entries && shareStem(n, o) {
			return false
		}
	}
	return true
}

// shareStem reports whether two names have words that begin with the same four
// letters.
func shareStem(a, b string) bool {
	for _, x := range strings.Fields(a) {
		for _, y := range strings.Fields(b) {
			if p := root(x); p != "" && p == root(y) {
				return true
			}
		}
	}
	return false
}

func root(w string) string {
	r := []rune(strings.TrimPrefix(w, "ال"))
	if len(r) < 4 {
		return ""
	}
	return string(r[:4])
}

// otherMeanings returns three meanings of other entries, of a length like f's.
func (m *maker) otherMeanings(f *fact) []string {
	if f.kind != defined {
		return nil
	}
	var meanings []string
	for _, o := range m.rivals(f, func(o *fact) bool {
		return o.kind == defined && o.class.plural == f.class.plural && !strings.Contains(normalise(o.meaning), normalise(f.name))
	}) {
		if !slices.Contains(meanings, o.meaning) && o.meaning != f.meaning {
			meanings = append(meanings, o.meaning)
		}
	}
	return meanings
}
