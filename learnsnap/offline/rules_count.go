package offline

import (
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// wordNumberEN reads "two poles" and "the fifteenth century" at word i.
func wordNumberEN(s *sentence, i int) (numeral, bool) {
	w := s.words[i]
	next := s.fold(i + 1)
	n := numeral{i: i, core: w.core, what: gapNumber}
	if limitAt(s, i) != exact {
		return n, false
	}
	if names := ordinalNamesEN(); next == "century" || next == "month" {
		at := slices.Index(names, w.fold)
		if at < 0 || w.after != "" {
			return n, false
		}
		n.hard = true
		for _, d := range []int{-2, 2, 1, -1, 3} {
			if j := at + d; j >= 0 && j < len(names) {
				n.others = append(n.others, names[j])
			}
		}
		return n, true
	}
	v := numberEN(w.fold)
	if v == 0 || next == "" || w.after != "" || isFunctionEN(next) || isScaleEN(next) || isScaleEN(s.fold(i+2)) || isCapital(w.core) && i > 0 || strings.Contains(w.core, "-") {
		return n, false
	}
	if s.fold(i-1) == "between" || s.fold(i-1) == "these" || s.fold(i-1) == "or" || s.fold(i+1) == "or" || s.fold(i-1) == "of" || !strings.HasSuffix(next, "s") && !isPluralEN(next) && !strings.HasSuffix(s.fold(i+2), "s") {
		return n, false
	}
	n.hard = true
	names := numberNamesEN()
	for _, d := range []int{1, 2, -1, 3, 4} {
		if j := v - 2 + d; j >= 0 && j < len(names) {
			other := names[j]
			if isCapital(w.core) {
				other = upperFirst(other)
			}
			n.others = append(n.others, other)
		}
	}
	return n, true
}

func isScaleEN(w string) bool {
	switch w {
	case "hundred", "thousand", "million", "billion", "hundreds", "thousands", "dozen", "times":
		return true
	}
	return false
}

// wordNumberAR reads «أربعة أبواب» and «القرن الثاني» at word i.
func wordNumberAR(s *sentence, i int) (numeral, bool) {
	w := s.words[i]
	n := numeral{i: i, core: w.core, what: gapNumber, hard: true}
	next := s.fold(i + 1)
	bare := bareAR(w.core)
	if limitAt(s, i) != exact {
		return n, false
	}
	for _, gender := range []int{0, 1} {
		if i > 0 && isCountedAR(s.fold(i-1)) && s.words[i-1].after == "" && next != "عشر" && next != "عشره" && !strings.HasPrefix(next, "وال") {
			forms := ordinalFormsAR()
			if at := slices.IndexFunc(forms, func(f [2]string) bool { return f[gender] == bare }); at >= 0 {
				for _, d := range []int{2, -2, 1, -1, 3, -3} {
					if j := at + d; j >= 0 && j < len(forms) {
						n.others = append(n.others, forms[j][gender])
					}
				}
				return n, true
			}
		}
		forms := numberFormsAR()
		at := slices.IndexFunc(forms, func(f [2]string) bool { return f[gender] == bare })
		if at < 0 || w.after != "" || next == "" || isParticleAR(next) || strings.HasPrefix(next, "و") || next == "عشر" || next == "عشره" || next == "مئه" || next == "مائه" || isDefiniteAR(next) {
			continue
		}
		for _, d := range []int{2, -1, 1, 3, -2} {
			if j := at + d; j >= 0 && j < len(forms) {
				n.others = append(n.others, forms[j][gender])
			}
		}
		return n, true
	}
	return n, false
}

// ranges makes a false statement of "between 25 and 35 degrees" by moving both ends
// beyond the range.
func (m *maker) ranges(s *sentence, v voice) {
	for i := len(s.words) - 1; i >= 0; i-- { // the last one: the first may say who is meant
		if !isRangeStart(s, i) {
			continue
		}
		end := i + 2
		prefix := ""
		if end >= len(s.words) || !isNumeral(s.words[end].core) || s.arabic && isNumeral(strings.TrimPrefix(s.words[i+1].core, "و")) {
			end, prefix = i+1, "و"
		}
		low, high := readFigure(s.words[i].core), readFigure(strings.TrimPrefix(s.words[end].core, prefix))
		if limitAt(s, i) == unclear || !low.ok || !high.ok || low.value >= high.value || low.decimals+high.decimals > 0 || low.value < 2 {
			continue
		}
		gap := 2 * (high.value - low.value)
		a, b := low.like(low.value+gap), high.like(high.value+gap)
		if s.arabic && countClassAR(high.value) != countClassAR(high.value+gap) || m.book.numbers[normalise(a)] || m.book.numbers[normalise(b)] || strings.ContainsAny(high.sign, "%٪") && high.value+gap > 100 {
			continue
		}
		was := s.span(i, end+1)
		middle := s.text[s.words[i].end:s.words[end].start] + prefix
		now := a + middle + b
		m.addTruth(s, "number", 8, was, s.replace(i, end+1, now), v.notThis(was, now, s), false)
		return
	}
}

// standsFor asks for what an abbreviation means: "REM stands for rapid eye
// movement."
func (m *maker) standsFor(s *sentence) {
	for i := 1; i < min(4, len(s.words)-3); i++ {
		if s.arabic || s.fold(i) != "stands" && s.fold(i) != "stand" || s.fold(i+1) != "for" || s.words[i-1].after != "" {
			continue
		}
		end := i + 2
		if isArticleEN(s.fold(end)) {
			end++
		}
		from := end
		for end < len(s.words) && end-from < 6 {
			end++
			if s.words[end-1].after != "" {
				break
			}
		}
		if s.words[end-1].after == "" || end-from > 5 {
			return
		}
		key := s.span(from, end)
		m.addGap(s, "stands for", 9, key, s.replace(from, end, quiz.Gap), m.voice(false).missing(key, s))
		return
	}
}
