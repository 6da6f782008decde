package offline

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
		case near && (w == "اكثر" || w == "فوق" || w == "يفوق" || w == "تفوق"), w == "يزيد" || w == "تزيد" || i-k <= 6 && (w == "تصل" || w == "يصل" || w == "وصل" || w == "وصلت" || w == "ليصل" || w == "لتصل") || w == "يتجاوز" || w == "تتجاوز" || w == "زادت" || w == "تجاوز" || w == "يتعدي" || w == "تتعدي":
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
