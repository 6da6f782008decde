package offline

import (
	"strings"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// gaps takes a noun out of a statement: one that stands alone, so that what is
// missing is a whole, and at a place where the rest says what it must be.
func (m *maker) gaps(s *sentence) {
	for i := 3; i < len(s.words); i++ {
		w := s.words[i]
		value := 0
		if s.arabic {
			value = m.loneAR(s, i)
		} else {
			value = m.loneEN(s, i)
		}
		if value == 0 || strings.Count(" "+stemmed(s)+" ", " "+stem(w.fold, s.arabic)+" ") > 1 {
			continue
		}
		m.addGap(s, "gap", value, w.core, s.replace(i, i+1, quiz.Gap), m.voice(s.arabic).missing(w.core, s))
	}
	m.listGap(s)
	if !s.arabic {
		m.properGap(s)
	}
}

// properGap takes a name out of an English statement: one of two words or more, or
// a place at the end of a clause.
func (m *maker) properGap(s *sentence) {
	for i := 2; i < len(s.words); i++ {
		if !isCapital(s.words[i].core) || isCapital(s.words[i-1].core) && s.words[i-1].after == "" || s.words[i].before != "" {
			continue
		}
		j := i + 1
		for j < len(s.words) && s.words[j-1].after == "" && isCapital(s.words[j].core) && s.words[j].before == "" {
			j++
		}
		key := s.span(i, j)
		before := s.fold(i - 1)
		place := j == i+1 && (before == "in" || before == "from") && s.words[i].after != "" && len(key) > 3 && !isCalendarEN(s.fold(i))
		if j-i > 3 || j-i < 2 && !place || !isNameLike(key) || strings.Count(s.text, key) > 1 || before == "the" && j-i >= 2 && isCapital(s.fold(i-2)) {
			continue
		}
		m.addGap(s, "name", 7, key, s.replace(i, j, quiz.Gap), m.voice(false).missing(key, s))
	}
}

// isNameLike reports whether a name is of letters, and not an abbreviation.
func isNameLike(name string) bool {
	for _, w := range strings.Fields(name) {
		if len(w) > 1 && strings.ToUpper(w) == w || !isLetters(strings.NewReplacer("'", "", "-", "").Replace(normalise(w))) {
			return false
		}
	}
	return true
}

func isCalendarEN(w string) bool {
	switch w {
	case "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "may", "june", "july",
		"august", "september", "october", "november", "december", "english", "arabic", "french", "latin", "spring", "summer", "autumn", "winter":
		return true
	}
	return false
}

// worth is how good a gap is by how much the pages speak of the word.
func (m *maker) worth(s *sentence, i int) int {
	value := 4
	if m.count[stem(s.fold(i), s.arabic)] >= 2 {
		value++
	}
	if i == len(s.words)-1 {
		value++
	}
	return value
}

func (m *maker) loneEN(s *sentence, i int) int {
	w := s.words[i]
	if len(w.fold) < 3 || isFunctionEN(w.fold) || isGenericEN(w.fold) || isCapital(w.core) || w.before != "" || !isLetters(w.fold) ||
		strings.HasSuffix(w.fold, "ing") || strings.HasSuffix(w.fold, "ly") || strings.HasSuffix(w.fold, "ed") || strings.HasSuffix(w.fold, "est") && len(w.fold) > 5 && w.fold != "forest" && w.fold != "harvest" || !endsPhraseEN(s, i) {
		return 0
	}
	before := s.fold(i - 1)
	salient := m.count[stem(w.fold, false)] >= 2
	switch {
	case s.words[i-1].after != "":
		return 0
	case before == "the":
	case before == "from" || before == "into" || before == "through" || before == "of":
		if s.fold(i-2) == "kind" || s.fold(i-2) == "kinds" || s.fold(i-2) == "instead" || s.fold(i-2) == "lot" || s.fold(i-2) == "lots" {
			return 0
		}
	case (before == "by" || before == "with" || before == "in" || before == "on") && salient:
	default:
		return 0
	}
	return m.worth(s, i)
}

// endsPhraseEN reports whether a noun at word i is the last word of its phrase.
func endsPhraseEN(s *sentence, i int) bool {
	if i == len(s.words)-1 || strings.ContainsAny(s.words[i].after, ".,;") {
		return true
	}
	if s.words[i].after != "" {
		return false
	}
	next := s.fold(i + 1)
	return isPrepositionEN(next) && next != "of" && next != "as" && next != "like" && next != "than" || next == "because" || next == "when" || next == "where" || next == "which"
}

func isLetters(w string) bool {
	for _, c := range []byte(w) {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func (m *maker) loneAR(s *sentence, i int) int {
	w := s.words[i]
	bare := bareAR(w.core)
	if !isDefiniteAR(w.fold) || isGenericAR(w.fold) || w.before != "" || isFeminineAdjectiveAR(bare) || s.words[i-1].after != "" || hasPronounAR(w.core) {
		return 0
	}
	switch s.fold(i - 1) {
	case "من", "الي", "عبر", "في", "داخل", "علي", "عن", "حول", "بين", "نحو", "تحت", "فوق", "خلال":
	default:
		return 0
	}
	last := i == len(s.words)-1 || strings.ContainsAny(w.after, ".،؛")
	if next := s.fold(i + 1); !last && (w.after != "" || !isPrepositionAR(next) || next == "بين" || s.fold(i-1) == "بين") {
		return 0
	}
	value := m.worth(s, i)
	if value < 5 {
		return 0
	}
	return value
}

// isFeminineAdjectiveAR knows endings of words that describe rather than name.
func isFeminineAdjectiveAR(w string) bool {
	for _, end := range []string{"ية", "ي", "ائية"} {
		if strings.HasSuffix(w, end) && strings.HasPrefix(w, "ال") && countLetters(w) >= 6 {
			return true
		}
	}
	return false
}

// listGap takes the last item out of a list that says how many it has: «ثلاثة
// أقسام: الماضي والمضارع و_____.»
func (m *maker) listGap(s *sentence) {
	start, count := openList(s)
	if start == 0 {
		return
	}
	items := listItems(s, start)
	if len(items) != count || count < 2 {
		return
	}
	last := items[len(items)-1]
	key := s.span(last.start, last.end)
	text := s.replace(last.start, last.end, quiz.Gap)
	if s.arabic {
		rest := strings.TrimPrefix(key, "و")
		if rest == key {
			return
		}
		key, text = rest, s.replace(last.start, last.end, "و"+quiz.Gap)
	}
	if last.end-last.start <= 3 && strings.Count(s.text, key) == 1 {
		m.addGap(s, "list", 9, key, text, m.voice(s.arabic).missing(key, s))
	}
}

// openList returns where the items begin of a list with a number in front of it,
// and that number.
func openList(s *sentence) (start, count int) {
	for i, w := range s.words {
		if n := countAt(s, i); n > 0 {
			count = n
		}
		opens := strings.HasPrefix(w.after, ":")
		switch w.fold {
		case "هما", "هي", "وهما", "وهي":
			opens = opens || s.arabic
		case "called", "namely":
			opens = opens || !s.arabic
		}
		if opens && count > 0 && i+2 < len(s.words) {
			return i + 1, count
		}
	}
	return 0, 0
}

// countAt returns the number of things that word i counts, or 0.
func countAt(s *sentence, i int) int {
	if !s.arabic {
		return numberEN(s.fold(i))
	}
	bare := bareAR(s.words[i].core)
	for n, forms := range numberFormsAR() {
		if bare == forms[0] || bare == forms[1] {
			return n + 3
		}
	}
	switch s.fold(i) {
	case "نوعين", "نوعان", "قسمين", "قسمان", "ركنين", "ركنان", "جزءين", "جزآن", "جزءان", "جزاين", "مجموعتين", "مجموعتان", "طريقتين", "طريقتان", "عنصرين", "عنصران", "شكلين", "شكلان", "نوعيين", "مرحلتين", "مرحلتان", "فئتين", "فئتان":
		return 2
	}
	return 0
}

// listItems cuts the words from start to the end of the sentence into items.
func listItems(s *sentence, start int) []stretch {
	var items []stretch
	from := start
	for i := start; i < len(s.words); i++ {
		w := s.words[i]
		if i > from && (!s.arabic && (w.fold == "and" || w.fold == "or") || s.arabic && joinsItem(s, start, i)) {
			if s.words[i-1].after == "" {
				items = append(items, stretch{from, i})
			}
			from = i
			if !s.arabic {
				from++
			}
		}
		if strings.ContainsAny(w.after, ",،") && i >= from {
			items = append(items, stretch{from, i + 1})
			from = i + 1
		} else if w.after != "" && i < len(s.words)-1 {
			return nil
		}
	}
	if from >= len(s.words) {
		return nil
	}
	if !s.arabic && isArticleEN(s.fold(from)) {
		from++
	}
	return append(items, stretch{from, len(s.words)})
}

// joinsItem reports whether the و of word i joins an item to the list: the item
// begins as the first one does.
func joinsItem(s *sentence, start, i int) bool {
	rest, ok := strings.CutPrefix(s.fold(i), "و")
	return ok && (isDefiniteAR(rest) && isDefiniteAR(s.fold(start)) || rest == s.fold(start))
}
