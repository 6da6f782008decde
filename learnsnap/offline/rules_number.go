package offline

import (
	"slices"
	"strings"
	"unicode"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A numeral is a number in a sentence that can be asked for.
type numeral struct {
	i      int      // its word
	core   string   // as it is written
	what   gapOf    // gapYear or gapNumber
	others []string // numbers in its place that are wrong, the likeliest first
	hard   bool     // worth a question of its own: a year, a measure
	open   bool     // "by 1500": an earlier year is no surely false statement
}

// numbers asks for the numbers of a statement.
func (m *maker) numbers(s *sentence) {
	v := m.voice(s.arabic)
	for _, n := range m.numerals(s) {
		gapped := s.replace(n.i, n.i+1, quiz.Gap)
		if len(n.others) > 0 && !n.open {
			other := n.others[int(hash(s.text, n.core)%uint64(min(2, len(n.others))))]
			m.addTruth(s, "number", 8, n.core, s.replace(n.i, n.i+1, other), v.notThis(n.core, other, s), false)
		}
		if len(n.others) >= 3 && n.hard {
			m.addChoice(s, "number", 8, n.core, v.completes(n.what, gapped), v.missing(n.core, s), n.others)
		}
		if n.hard && isNumeral(n.core) {
			m.addGap(s, "number", 6, n.core, gapped, v.missing(n.core, s))
		}
	}
	m.ranges(s, v)
}

// numerals finds the numbers of s that stand alone, in figures and in words.
func (m *maker) numerals(s *sentence) []numeral {
	var all []numeral
	if sameValues(s) {
		return nil
	}
	list, _ := openList(s)
	if !s.arabic && list > 0 && s.fold(list-1) == "called" {
		list = 0
	}
	for i, w := range s.words {
		if inRange(s, i) || isLabelled(s, i) || i < list && countAt(s, i) > 0 { // a list that follows can be counted
			continue
		}
		switch {
		case isNumeral(w.core):
			if n, ok := m.inFigures(s, i); ok {
				all = append(all, n)
			}
		case s.arabic:
			if n, ok := wordNumberAR(s, i); ok {
				all = append(all, n)
			}
		default:
			if n, ok := wordNumberEN(s, i); ok {
				all = append(all, n)
			}
		}
	}
	return all
}

// sameValues reports whether a number stands in s twice, in figures and in words:
// one would give the other away.
func sameValues(s *sentence) bool {
	seen := map[int64]bool{}
	for i, w := range s.words {
		v := int64(countAt(s, i))
		if isNumeral(w.core) {
			v = int64(readFigure(w.core).value)
		}
		if v > 1 && seen[v] {
			return true
		}
		seen[v] = true
	}
	return false
}

// isNumeral reports whether a word is a number in figures, of any script, with a
// percent sign at most.
func isNumeral(w string) bool {
	w = strings.TrimRight(w, "%٪")
	digits := 0
	for _, r := range w {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune(".,٫٬", r):
			return false
		}
	}
	return digits > 0
}

// inRange reports whether number i is one end of "between 6 and 12", "9 to 12",
// "6-12": changing one end alone may give nonsense.
func inRange(s *sentence, i int) bool {
	return isRangeStart(s, i) || isRangeStart(s, i-2) || isRangeStart(s, i-1)
}

// isRangeStart reports whether a range of figures begins at word i.
func isRangeStart(s *sentence, i int) bool {
	if i < 0 || i+1 >= len(s.words) || !isNumeral(s.words[i].core) || s.words[i].after != "" {
		return false
	}
	if s.arabic {
		next := s.words[i+1].core
		rest := strings.TrimPrefix(next, "و")
		between := s.fold(i-1) == "بين" || s.fold(i-1) == "من"
		return between && (rest != next && isNumeral(rest) || (next == "و" || next == "إلى" || next == "الى") && i+2 < len(s.words) && isNumeral(s.words[i+2].core))
	}
	link := s.fold(i + 1)
	return i+2 < len(s.words) && isNumeral(s.words[i+2].core) && (link == "to" || link == "and" && s.fold(i-1) == "between" || link == "or")
}

// isLabelled reports whether number i is the number of a figure, page or person.
func isLabelled(s *sentence, i int) bool {
	switch s.fold(i - 1) {
	case "figure", "fig", "table", "chapter", "unit", "lesson", "page", "no", "number", "section", "part", "war", "الشكل", "الجدول", "الفصل", "الوحده", "الدرس", "صفحه", "رقم", "العدد", "الصفحه", "صوره":
		return true
	}
	return s.words[i].before != "" && strings.ContainsAny(s.words[i].before, "([") || strings.HasPrefix(s.words[i].after, ")")
}

// inFigures reads the number at word i and finds wrong ones in its place.
func (m *maker) inFigures(s *sentence, i int) (numeral, bool) {
	core := s.words[i].core
	f := readFigure(core)
	if f.value <= 31 && (isMonth(s.fold(i+1)) || isMonth(s.fold(i-1))) {
		return numeral{}, false // a day: 34 October would be no mistake but nonsense
	}
	if !f.ok || f.value < 2 || f.value > 1e12 || f.decimals > 3 || strings.Contains(s.text, core+"-") {
		return numeral{}, false
	}
	n := numeral{i: i, core: core, what: gapNumber, hard: true}
	var values []float64
	switch {
	case f.decimals == 0 && isYear(s, i, f):
		n.what = gapYear
		n.open = s.fold(i-1) == "by" || s.fold(i-2) == "by"
		values = yearsNear(f.value, n.open)
	case strings.ContainsAny(core, "%٪") || isPercent(s, i):
		values = []float64{f.value + 10, f.value - 10, f.value + 20, f.value - 20, f.value / 2, f.value * 2}
		values = slices.DeleteFunc(values, func(v float64) bool { return v <= 0 || v >= 100 || v != float64(int(v)) && f.decimals == 0 })
	default:
		values = amountsNear(f.value, f.decimals)
		if isRough(s, i) && f.decimals == 0 {
			values = slices.Concat(roundAbout(f.value), values)
		}
	}
	limit := limitAt(s, i)
	for _, v := range values {
		other := f.like(v)
		if v >= 2 && limit.excludes(f.value, v) && (n.what == gapYear || !s.arabic || countClassAR(v) == countClassAR(f.value)) &&
			!m.book.numbers[normalise(other)] && !slices.Contains(n.others, other) {
			n.others = append(n.others, other)
		}
	}
	return n, true
}

// isYear reports whether the number at word i is a year.
func isYear(s *sentence, i int, f figure) bool {
	prev := s.fold(i - 1)
	if isMonth(prev) && f.value >= 100 {
		return true
	}
	if s.arabic {
		switch prev {
		case "عام", "سنه", "العام", "السنه", "بعام", "لعام", "وعام", "وسنه":
			return f.value >= 2
		}
		return false
	}
	if f.value < 1000 || f.value > 2100 || f.grouped {
		return false
	}
	switch prev {
	case "in", "since", "by", "around", "until", "from", "before", "after", "year", "and", "to":
		return true
	case "about":
		w := s.fold(i - 2)
		return w == "in" || w == "since" || w == "until" || w == "by"
	}
	return false
}

func isPercent(s *sentence, i int) bool {
	switch s.fold(i + 1) {
	case "percent", "%", "بالمئه", "بالمائه":
		return true
	case "per":
		return s.fold(i+2) == "cent"
	case "في":
		return s.fold(i+2) == "المئه" || s.fold(i+2) == "المائه"
	}
	return false
}

// isMonth knows months in normal form.
func isMonth(w string) bool {
	switch w {
	case "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
		"يناير", "فبراير", "مارس", "ابريل", "مايو", "يونيو", "يوليو", "اغسطس", "سبتمبر", "اكتوبر", "نوفمبر", "ديسمبر", "محرم", "صفر", "رجب", "شعبان", "رمضان", "شوال",
		"شباط", "اذار", "نيسان", "ايار", "حزيران", "تموز", "اب", "ايلول", "تشرين", "كانون", "جمادي", "ربيع", "جانفي", "فيفري", "جويليه", "اوت":
		return true
	}
	return false
}
