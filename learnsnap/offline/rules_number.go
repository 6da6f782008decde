package offline

import (
	"slices"
	"strconv"
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
	for i, w := range s.words {
		if inRange(s, i) || isLabelled(s, i) {
			continue
		}
		switch {
		case isNumeral(w.core):
			if n, ok := m.figure(s, i); ok {
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

// figure reads the number at word i and finds wrong ones in its place.
func (m *maker) figure(s *sentence, i int) (numeral, bool) {
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

// A limit is what a number bounds. "More than 200" is true of more than 150 as
// well: only numbers on the other side are wrong.
type limit uint8

const (
	exact   limit = iota
	lower         // "more than", "at least"
	upper         // "less than", "up to"
	unclear       // "before", "since": what is wrong can't be told
)

// excludes reports whether a number that bounds at value says that other is wrong.
func (l limit) excludes(value, other float64) bool {
	switch l {
	case lower:
		return other > value
	case upper:
		return other < value
	}
	return l == exact && other != value
}

// limitAt returns what the number at word i bounds.
func limitAt(s *sentence, i int) limit {
	if s.arabic {
		return limitAR(s, i)
	}
	denied := func(k int) bool { return s.fold(k) == "no" || s.fold(k) == "not" || s.fold(k) == "never" }
	for k := i - 1; k >= max(0, i-4); k-- {
		if s.words[k].after != "" {
			break
		}
		switch s.fold(k) {
		case "before", "after", "since", "until", "till":
			return unclear
		case "more", "over", "least", "above", "exceed", "exceeds", "beyond", "minimum", "longer", "higher", "larger", "greater", "older", "reach", "reaches", "reached":
			if denied(k - 1) {
				return upper
			}
			return lower
		case "less", "fewer", "under", "below", "most", "maximum", "within", "up", "smaller", "lower", "shorter", "younger":
			if denied(k - 1) {
				return lower
			}
			return upper
		}
	}
	for k := i + 1; k < min(len(s.words), i+4); k++ {
		if w := s.fold(k); w == "or" && s.fold(k+1) == "more" {
			return lower
		} else if w == "or" && (s.fold(k+1) == "less" || s.fold(k+1) == "fewer") {
			return upper
		}
	}
	return exact
}

func limitAR(s *sentence, i int) limit {
	denied := func(k int) bool {
		return s.fold(k) == "لا" || s.fold(k) == "فلا" || s.fold(k) == "ولا" || s.fold(k) == "لم" || s.fold(k) == "لن"
	}
	for k := i - 1; k >= max(0, i-8); k-- {
		near := i-k <= 4
		switch w := s.fold(k); {
		case near && (w == "قبل" || w == "بعد" || w == "منذ" || w == "حتي"):
			return unclear
		case near && (w == "اكثر" || w == "فوق" || w == "يفوق" || w == "تفوق"), w == "يزيد" || w == "تزيد" || near && (w == "تصل" || w == "يصل" || w == "وصل" || w == "وصلت" || w == "ليصل" || w == "لتصل") || w == "يتجاوز" || w == "تتجاوز" || w == "زادت" || w == "تجاوز" || w == "يتعدي" || w == "تتعدي":
			if denied(k - 1) {
				return upper
			}
			return lower
		case near && (w == "اقل" || w == "تحت" || w == "دون" || w == "اقصاه" || w == "اقصاها"), w == "يقل" || w == "تقل":
			if denied(k - 1) {
				return lower
			}
			return upper
		}
		if s.words[k].after != "" && near {
			break
		}
	}
	for k := i + 1; k+1 < min(len(s.words), i+5); k++ {
		if s.fold(k) == "علي" && s.fold(k+1) == "الاقل" || s.fold(k) == "فاكثر" || s.fold(k) == "او" && s.fold(k+1) == "اكثر" {
			return lower
		}
		if s.fold(k) == "علي" && s.fold(k+1) == "الاكثر" || s.fold(k) == "فاقل" {
			return upper
		}
	}
	return exact
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

// yearsNear returns years about a year, none in the future; past ones only where
// asked for.
func yearsNear(y float64, past bool) []float64 {
	switch {
	case past && y > 1930:
		return []float64{y - 10, y - 20, y - 30, y - 40}
	case past: // what was there by 1500 was there by 1540 as well
		return []float64{y - 50, y - 100, y - 150, y - 200}
	case y > 1930:
		return []float64{y - 10, y - 25, y - 40, y - 60}
	case y < 300:
		return []float64{y + 40, y + 75, y + 110, y + 150}
	}
	return []float64{y - 50, y + 40, y - 100, y + 75, y - 150}
}

// amountsNear returns amounts about an amount, as round as it is.
func amountsNear(v float64, decimals int) []float64 {
	if decimals > 0 {
		return []float64{v + 1, v * 2, v + 2, v - 1, v + 3}
	}
	if v <= 12 {
		return []float64{v + 2, v - 1, v + 1, v - 2, v * 2, v + 3, v + 4, v + 5}
	}
	scale := 1.0
	for scale*10 <= v {
		scale *= 10
	}
	step := scale
	if v < 3*scale {
		step = scale / 2
	}
	values := []float64{v + step, v - step, v + 2*step, v - 2*step, v + 3*step, v * 2, v * 3, v * 5, v - 3*step, v / 2, v / 5, v / 10}
	return slices.DeleteFunc(values, func(x float64) bool { return x != float64(int64(x)) || x < 2 })
}

// isRough reports whether the number at word i is a rough one: "about 8".
func isRough(s *sentence, i int) bool {
	switch s.fold(i - 1) {
	case "about", "around", "nearly", "almost", "roughly", "approximately", "نحو", "حوالي", "قرابه", "زهاء", "تقريبا":
		return true
	}
	return s.fold(i+1) == "تقريبا" || s.fold(i+2) == "تقريبا"
}

// roundAbout returns amounts that nobody would take for "about" v.
func roundAbout(v float64) []float64 {
	values := []float64{v * 2, v / 2, v * 3, v * 1.5}
	return slices.DeleteFunc(values, func(x float64) bool { return x != float64(int64(x)) || x < 2 })
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

// countClassAR tells apart the numbers that take another form of the noun behind
// them: three to ten, eleven to ninety-nine, whole hundreds, and the rest.
func countClassAR(v float64) int {
	switch n := int64(v) % 100; {
	case v != float64(int64(v)):
		return 4
	case n >= 3 && n <= 10:
		return 1
	case n >= 11:
		return 2
	case n == 0:
		return 3
	}
	return 5
}

// A figure is a number as it is written.
type figure struct {
	value    float64
	decimals int
	grouped  bool   // with separators of thousands
	group    string // the separator
	point    string
	zero     rune   // the digit 0 of its script
	sign     string // a percent sign behind it
	ok       bool
}

// readFigure reads a number in figures. A separator with three digits behind it
// parts thousands.
func readFigure(core string) figure {
	f := figure{zero: '0', group: ",", point: "."}
	digits := strings.TrimRight(core, "%٪")
	f.sign = core[len(digits):]
	for _, r := range digits {
		if r >= '٠' && r <= '٩' {
			f.zero, f.group, f.point = '٠', "٬", "٫"
		} else if r >= '۰' && r <= '۹' {
			f.zero, f.group, f.point = '۰', "٬", "٫"
		}
	}
	var plain strings.Builder
	for i, r := range digits {
		switch {
		case unicode.IsDigit(r) && (r < 0x80 || f.zero != '0'):
			plain.WriteByte(byte('0' + (r-f.zero)%10))
		case unicode.IsDigit(r):
			return f // another script
		case (r == ',' || r == '٬') && countDigits(digits[i:]) >= 3:
			f.grouped, f.group = true, string(r)
		default:
			f.point = string(r)
			f.decimals = countDigits(digits[i:])
			plain.WriteByte('.')
		}
	}
	v, err := strconv.ParseFloat(plain.String(), 64)
	f.value, f.ok = v, err == nil
	return f
}

// like writes another value in the way of f.
func (f figure) like(v float64) string {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', f.decimals, 64), ".")
	if f.grouped {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + f.group + whole[i:]
		}
	}
	if fraction != "" {
		whole += f.point + fraction
	}
	if f.zero != '0' {
		whole = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return f.zero + r - '0'
			}
			return r
		}, whole)
	}
	return whole + f.sign
}
