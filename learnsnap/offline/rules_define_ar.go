package offline

import (
	"strings"
	"unicode/utf8"
)

// entryAR reads «التكاثف: تحول بخار الماء إلى …».
func (b *book) entryAR(s *sentence) []*fact {
	n := entryName(s)
	if n == 0 || n >= len(s.words) {
		return nil
	}
	f := &fact{kind: defined, s: s, from: 0, to: n}
	if isPronounHe(s.fold(n)) { // «الخامدة: وهي التي …»
		f.verb = strings.TrimPrefix(s.words[n].core, "و")
		n++
	}
	f.meaning = trimMeaning(s.text[s.words[n].start-len(s.words[n].before):])
	nameAR(f)
	return []*fact{f}
}

// statedAR reads the definitions and names in a statement.
func (b *book) statedAR(s *sentence) []*fact {
	var facts []*fact
	if from, to := copulaAR(s); to > from {
		f := &fact{kind: copula, s: s, from: from, to: to, verb: s.words[to].core}
		f.meaning = trimMeaning(firstClauseAR(s, to+1))
		nameAR(f)
		f.class.person = isPersonAR(s.fold(to + 1))
		facts = append(facts, f)
	} else if to := equationAR(s); to > 0 {
		f := &fact{kind: copula, s: s, from: 0, to: to}
		f.meaning = trimMeaning(firstClauseAR(s, to))
		nameAR(f)
		facts = append(facts, f)
	}
	facts = append(facts, clauseFactsAR(s)...)
	return append(facts, namedAR(s)...)
}

// clauseFactsAR reads definitions in later clauses: «…، فالاكتناز هو حبس المال» and
// «أما المفعول به فهو اسم منصوب …».
func clauseFactsAR(s *sentence) []*fact {
	var facts []*fact
	for i := 2; i < len(s.words)-3; i++ {
		if !strings.HasPrefix(s.words[i-1].after, "،") && !strings.HasPrefix(s.words[i-1].after, "؛") {
			continue
		}
		from, verb := i, 0
		contrast := s.fold(i) == "اما" || s.fold(i) == "واما"
		if contrast {
			from++
		}
		for k := from + 1; k < min(from+5, len(s.words)-2); k++ {
			if w := s.fold(k); contrast && (w == "فهو" || w == "فهي") || !contrast && (w == "هو" || w == "هي") {
				verb = k
				break
			}
			if s.words[k-1].after != "" {
				break
			}
		}
		if verb == 0 {
			continue
		}
		name := s.span(from, verb)
		if bare := withoutAnd(s.fold(from)); bare != s.fold(from) {
			name = name[len("و"):]
		} else if !contrast {
			continue
		}
		c := &sentence{page: s.page, arabic: true}
		c.setText(name + " " + strings.TrimPrefix(s.words[verb].core, "ف") + " " + s.text[s.words[verb+1].start-len(s.words[verb+1].before):])
		_, to := copulaAR(c)
		if to == 0 {
			continue
		}
		f := &fact{kind: defined, s: s, from: from, to: verb, verb: c.words[to].core, meaning: trimMeaning(firstClauseAR(c, to+1))}
		f.name, f.phrase, f.class = name, name, classAR(c, 0, to)
		if strings.Count(f.meaning, " ") >= 2 {
			facts = append(facts, f)
		}
	}
	return facts
}

// firstClauseAR returns the text from word i up to where another clause begins.
func firstClauseAR(s *sentence, i int) string {
	for k := i; k < len(s.words); k++ {
		if strings.ContainsAny(s.words[k].after, "،؛") && k-i >= 2 {
			return s.text[s.words[i].start-len(s.words[i].before) : s.words[k].end]
		}
	}
	return s.text[s.words[i].start-len(s.words[i].before):]
}

// copulaAR finds «X هو …» at the start of a sentence, or behind «، ف»; the name is
// the words from from up to to, and word to is the pronoun. Without one, to is 0.
func copulaAR(s *sentence) (from, to int) {
	for i := 1; i < min(6, len(s.words)-2); i++ {
		switch s.fold(i) {
		case "هو", "هي", "هم", "هما":
		default:
			if w := s.words[i-1]; w.after != "" || isParticleAR(w.fold) || startsLikeVerbAR(w.fold) && !isMasdarAR(w.fold) || isGenericAR(w.fold) || hasPronounAR(w.core) {
				return 0, 0
			}
			continue
		}
		if !isNounAR(s, 0, i) || len(s.words)-i < 4 || s.fold(i) == "هما" || !isNounPhraseAR(s, i+1) && s.fold(i+1) != "الذي" || isRelativeAR(s.fold(i+1)) || isVagueAR(s.fold(i+1)) {
			return 0, 0
		}
		return 0, i
	}
	return 0, 0
}

// isNounAR reports whether the words from i up to j are a name: with an article
// at the first or the second word, or the name of a person.
func isNounAR(s *sentence, i, j int) bool {
	for k := i; k < j; k++ {
		w := s.words[k]
		if w.after != "" || isParticleAR(w.fold) || isGenericAR(w.fold) && k == i || hasPronounAR(w.core) || isRelativeAR(w.fold) || k > i && startsLikeVerbAR(w.fold) && !isMasdarAR(w.fold) {
			return false
		}
	}
	return isDefiniteAR(s.fold(i)) || j-i >= 2 && (isDefiniteAR(s.fold(i+1)) || isNameAR(s, i))
}

// isVagueAR knows words behind هو that make no definition.
func isVagueAR(w string) bool {
	switch w {
	case "الاهم", "الافضل", "السبب", "نفسه", "نفسها", "احد", "احدي", "من", "ايضا", "الحل", "المسؤول", "المسوول", "الاكثر", "الاقل", "مصدر":
		return true
	}
	return false
}

// equationAR finds «المبتدأ اسم مرفوع …»: a name and, without a pronoun between,
// what it is. It returns the number of words of the name, or 0.
func equationAR(s *sentence) int {
	for i := 1; i < min(4, len(s.words)-2); i++ {
		if isHypernymAR(s.fold(i)) && isNounAR(s, 0, i) && isDefiniteAR(s.fold(i-1)) && s.words[i-1].after == "" {
			return i
		}
	}
	return 0
}

// namedAR reads «فتحات صغيرة تسمى الثغور».
func namedAR(s *sentence) []*fact {
	var facts []*fact
	for i := 2; i < len(s.words)-1; i++ {
		next := i + 1
		switch s.fold(i) {
		case "تسمي", "يسمي", "تدعي", "يدعي", "سمي", "سميت", "سماها", "سماه", "دعيت", "اسماها", "اسماه", "سماهما", "فتسمي", "فيسمي":
		case "يطلق":
			if w := s.fold(next); w != "عليه" && w != "عليها" && w != "عليهم" {
				continue
			}
			next++
			if w := s.fold(next); w == "اسم" || w == "لفظ" || w == "مصطلح" {
				next++
			}
		default:
			continue
		}
		if from, to := nameAtAR(s, next); to > from {
			f := &fact{kind: named, s: s, from: from, to: to}
			nameAR(f)
			facts = append(facts, f)
		}
	}
	return facts
}

// nameAtAR returns the words of the name that begins at word i; none when its end
// can't be told or another name is joined to it.
func nameAtAR(s *sentence, i int) (from, to int) {
	from = i
	if i >= len(s.words) {
		return 0, 0
	}
	first := s.words[i]
	if isParticleAR(first.fold) || isRelativeAR(first.fold) || hasClitic(first.fold) || strings.HasPrefix(first.fold, "ب") && first.after == "" && isDefiniteAR(strings.TrimPrefix(first.fold, "ب")) {
		return 0, 0
	}
	if !isDefiniteAR(first.fold) && first.after == "" { // «بيت الحكمة»: the article stands at the second
		if i+1 >= len(s.words) || !isDefiniteAR(s.fold(i+1)) {
			return 0, 0
		}
		i++
	}
	for s.words[i].after == "" && i+1 < len(s.words) && isDefiniteAR(s.fold(i+1)) {
		i++
	}
	to = i + 1
	next := s.fold(to)
	if to-from > 4 || s.words[i].after == "" && (strings.HasPrefix(next, "وال") || isRelativeAR(next) || next == "او" || next == "و") || strings.HasPrefix(next, "وال") && s.words[i].after == "" {
		return 0, 0
	}
	if s.words[i].after == "" && next != "" && !isParticleAR(next) && !strings.HasPrefix(next, "و") {
		return 0, 0 // «الموجات فوق …» may go on
	}
	switch next { // «الموجات فوق الصوتية»: the preposition is part of the name
	case "فوق", "تحت", "بين", "غير", "دون":
		if s.words[i].after == "" {
			return 0, 0
		}
	}
	return from, to
}

// nameAR sets the name of a fact and what it is like.
func nameAR(f *fact) {
	f.name = f.s.span(f.from, f.to)
	if i := strings.Index(f.name, " ("); i > 0 {
		f.name = f.name[:i]
	}
	f.phrase = f.name
	f.class = classAR(f.s, f.from, f.to)
	if f.verb == "" {
		f.verb = "هو"
		if head, _, _ := strings.Cut(normalise(f.meaning), " "); f.class.feminine || isManyAR(head) {
			f.verb = "هي"
		}
	}
}

// isManyAR reports whether a noun in normal form is a plural by its shape: ذرات,
// أجسام.
func isManyAR(w string) bool {
	r := []rune(w)
	n := len(r)
	switch w {
	case "خلايا", "مواد", "صخور", "نجوم", "كواكب", "طيور", "حروف", "غدد", "عظام", "خيوط", "قوي", "قطع", "اشياء":
		return true
	}
	return n >= 4 && strings.HasSuffix(w, "ات") || n == 5 && r[0] == 'ا' && (r[3] == 'ا' || r[4] == 'ه') // أفعال, أفعلة
}

// topicAR returns what a statement is about: what it explains, or the subject
// behind its verb.
func topicAR(s *sentence) topic {
	from, to := copulaAR(s)
	if to > from {
		return topic{phrase: s.span(from, to), person: isPersonAR(s.fold(to + 1)), feminine: s.fold(to) == "هي"}
	}
	if !startsLikeVerbAR(s.fold(0)) || s.words[0].after != "" || !isDefiniteAR(s.fold(1)) || isNameAR(s, 1) {
		return topic{}
	}
	end := 2
	for end < len(s.words) && s.words[end-1].after == "" && isDefiniteAR(s.fold(end)) {
		end++
	}
	return topic{phrase: s.span(1, end), feminine: strings.HasSuffix(bareAR(s.words[1].core), "ة") || isFeminineAR(s.fold(1))}
}

// classAR returns what the name in the words from from up to to is like.
func classAR(s *sentence, from, to int) class {
	first := s.words[from]
	bare := bareAR(first.core)
	c := class{
		arabic:    true,
		definite:  isDefiniteAR(first.fold) || to-from > 1 && isDefiniteAR(s.fold(from+1)),
		feminine:  strings.HasSuffix(bare, "ة") || strings.HasSuffix(bare, "ات") || isFeminineAR(first.fold),
		adjective: to-from > 1,
		plural:    strings.HasSuffix(bare, "ات"),
	}
	for i := from; i < to; i++ {
		if w := s.fold(i); w == "بن" || w == "ابن" || w == "ابو" {
			c.person = true
		}
	}
	return c
}

// countLetters counts the letters of a word, without diacritics.
func countLetters(w string) int { return utf8.RuneCountInString(bareAR(w)) }
