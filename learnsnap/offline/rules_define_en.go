package offline

import (
	"strings"
)

// entryEN reads "Evaporation: the change of …".
func (b *book) entryEN(s *sentence) []*fact {
	n := entryName(s)
	if n == 0 || n >= len(s.words) {
		return nil
	}
	f := &fact{kind: defined, s: s, from: 0, to: n, meaning: trimMeaning(s.text[s.words[n].start-len(s.words[n].before):])}
	b.nameEN(f, s.span(0, n), isThingEN(s, n))
	f.meaning = b.lowered(f.meaning)
	return []*fact{f}
}

// isThingEN reports whether an entry explains, from word at on, something of which
// there can be several: "a strong band of …", but not "a general rise in …".
func isThingEN(s *sentence, at int) bool {
	if w := s.fold(at); w != "a" && w != "an" {
		return false
	}
	head := at + 1
	for head+1 < len(s.words) && !opensQualifierEN(s.fold(head+1), true) && s.words[head].after == "" {
		head++
	}
	switch s.fold(head) {
	case "rise", "fall", "change", "process", "increase", "decrease", "state", "condition", "study", "science", "lack", "loss", "ability", "feeling", "form", "way", "kind", "type",
		"force", "energy", "substance", "pigment", "acid", "chemical", "gas", "liquid", "metal", "mineral", "sugar", "fuel", "powder", "rock", "material", "tissue", "fluid", "hormone", "disease",
		"method", "quality", "amount", "movement", "reaction", "mixture", "period", "branch", "growth", "shortage", "measure", "practice", "system", "style", "art", "language", "game", "sport", "number", "series", "lot", "set":
		return false
	}
	return true
}

// statedEN reads the definitions and names in a statement, clause by clause.
func (b *book) statedEN(s *sentence) []*fact {
	var facts []*fact
	for _, c := range clausesEN(s) {
		if f := b.labelledEN(s, c); f != nil {
			facts = append(facts, f)
			continue
		}
		if f := b.copulaEN(s, c); f != nil {
			facts = append(facts, f)
		}
		if f := b.namedEN(s, c); f != nil {
			facts = append(facts, f)
		}
	}
	return facts
}

// clausesEN cuts a statement where ", and" or a semicolon joins two clauses.
func clausesEN(s *sentence) []stretch {
	var all []stretch
	start := 0
	for i := 1; i < len(s.words)-2; i++ {
		before := s.words[i-1].after
		switch w := s.fold(i); {
		case strings.HasPrefix(before, ",") && (w == "and" || w == "but" || w == "while" || w == "whereas") && i+1 < len(s.words):
			all = append(all, stretch{start, i})
			start = i + 1
		case strings.HasPrefix(before, ";"):
			all = append(all, stretch{start, i})
			start = i
		}
	}
	return append(all, stretch{start, len(s.words)})
}

func isBeEN(w string) bool { return w == "is" || w == "are" || w == "was" || w == "were" }

// labelledEN reads "The place where two bones meet is called a joint."
func (b *book) labelledEN(s *sentence, c stretch) *fact {
	for k := c.start + 3; k < c.end; k++ {
		next := k + 1
		switch s.fold(k) {
		case "called", "named", "termed":
		case "known":
			if s.fold(k+1) != "as" {
				continue
			}
			next++
		default:
			continue
		}
		be := k - 1
		if w := s.fold(be); w == "also" || w == "often" || w == "sometimes" || w == "usually" {
			be--
		}
		if !isBeEN(s.fold(be)) || be-c.start < 2 || !isSubjectEN(s, c.start, be) {
			continue
		}
		from, to := nameAtEN(s, next, c.end)
		if to <= from || to < c.end && s.words[to-1].after == "" {
			return nil
		}
		f := &fact{kind: labelled, s: s, from: from, to: to, verb: s.fold(be)}
		f.meaning = b.lowered(s.span(c.start, be))
		if from > next && s.fold(next) == "the" {
			f.phrase = "The " + b.lowered(s.span(from, to))
		}
		b.nameEN(f, s.span(from, to), from > next && s.fold(next) != "the")
		return f
	}
	return nil
}

// isSubjectEN reports whether the words from i up to j can stand in "What is …
// called?".
func isSubjectEN(s *sentence, i, j int) bool {
	first := s.fold(i)
	if first == "each" || first == "every" || first == "some" || first == "other" || first == "another" || isPrepositionEN(first) || isPronounEN(first) || isLinkEN(first) || isAuxiliaryEN(first) || j-i > 20 {
		return false
	}
	for ; i < j; i++ {
		if strings.ContainsAny(s.words[i].after, ",;:") || s.fold(i) == "it" || s.fold(i) == "they" || isBeEN(s.fold(i)) && !hasRelativeEN(s, i) {
			return false
		}
	}
	return true
}

// hasRelativeEN reports whether "that", "which", "who" or "where" stands before
// word i.
func hasRelativeEN(s *sentence, i int) bool {
	for i--; i >= 0; i-- {
		switch s.fold(i) {
		case "that", "which", "who", "where", "when", "whose":
			return true
		}
	}
	return false
}

// copulaEN reads "A fraction is a number that …".
func (b *book) copulaEN(s *sentence, c stretch) *fact {
	be := c.start
	for be < c.end && be < c.start+6 && !isBeEN(s.fold(be)) {
		w := s.words[be]
		if w.after != "" || isAuxiliaryEN(w.fold) || isPronounEN(w.fold) || isPrepositionEN(w.fold) && (be == c.start || w.fold != "of") || isLinkEN(w.fold) || isPointerEN(w.fold) || be > c.start && isDeterminerEN(w.fold) && w.fold != "the" {
			return nil
		}
		be++
	}
	name := c.start
	if isArticleEN(s.fold(name)) {
		name++
	}
	if numberEN(s.fold(name)) > 0 || isDeterminerEN(s.fold(name)) || be >= c.end || be <= name || !isBeEN(s.fold(be)) || isGenericEN(s.fold(be-1)) || isGenericEN(s.fold(name)) || strings.HasSuffix(s.fold(be-1), "est") && be-name == 1 {
		return nil
	}
	article := isArticleEN(s.fold(be+1)) || s.fold(be+1) == "any"
	plural := s.fold(be) == "are" || s.fold(be) == "were"
	if !article && !plural || c.end-be < 5 || isVagueEN(s.fold(be+2)) && article || !isNounPhraseEN(s, be+1) {
		return nil
	}
	f := &fact{kind: copula, s: s, from: name, to: be, verb: s.fold(be), phrase: s.span(c.start, be)}
	f.meaning = trimMeaning(s.text[s.words[be+1].start:s.words[c.end-1].end])
	b.nameEN(f, s.span(name, be), isArticleEN(s.fold(c.start)) && s.fold(c.start) != "the")
	return f
}

// isVagueEN knows words behind "is a", "is the" that make no definition.
func isVagueEN(w string) bool {
	switch w {
	case "same", "important", "example", "good", "bad", "lot", "new", "great", "major", "common", "popular", "useful", "only", "result", "way", "reason", "part",
		"time", "few", "little", "better", "best", "very", "more", "most", "main", "kind", "type", "key", "famous", "matter", "serious", "first", "next", "big", "different":
		return true
	}
	return strings.HasSuffix(w, "est")
}

// namedEN reads "small openings called stomata", "which we call the Gutenberg
// Bible".
func (b *book) namedEN(s *sentence, c stretch) *fact {
	for k := c.start + 2; k < c.end-0; k++ {
		next := k + 1
		switch s.fold(k) {
		case "called":
		case "named":
			if isCapital(s.words[k-1].core) {
				continue
			}
		case "call":
			if s.fold(k-1) != "we" && s.fold(k-1) != "scientists" && s.fold(k-1) != "people" {
				continue
			}
		case "known":
			if s.fold(k+1) != "as" {
				continue
			}
			next++
		default:
			continue
		}
		if isAuxiliaryEN(s.fold(k-1)) || isLinkEN(s.fold(k-1)) {
			return nil
		}
		from, to := nameAtEN(s, next, c.end)
		if to <= from {
			return nil
		}
		f := &fact{kind: named, s: s, from: from, to: to}
		b.nameEN(f, s.span(from, to), from > next && s.fold(next) != "the")
		return f
	}
	return nil
}

// nameAtEN returns the words of the name that begins at word i, its article left
// out; none when its end can't be told or another name is joined to it.
func nameAtEN(s *sentence, i, end int) (from, to int) {
	if isArticleEN(s.fold(i)) {
		i++
	}
	from = i
	for ; i < end; i++ {
		w := s.words[i]
		if isFunctionEN(w.fold) && i > from && w.fold != "of" || i == from && isFunctionEN(w.fold) {
			break
		}
		if w.after != "" {
			i++
			break
		}
	}
	next := s.fold(i)
	if closed := i == end || s.words[i-1].after != ""; i > from && i-from <= 3 {
		if (next == "and" || next == "or") && i < end || s.fold(i-1) == "of" {
			return 0, 0
		}
		if closed || isFunctionEN(next) {
			return from, i
		}
	}
	// "vessels called xylem carry the water": one word, then a verb and its object
	if s.fold(from+2) != "" && !isFunctionEN(s.fold(from)) && !isFunctionEN(s.fold(from+1)) && s.words[from].after == "" && s.words[from+1].after == "" &&
		(isDeterminerEN(s.fold(from+2)) || isPrepositionEN(s.fold(from+2)) && s.fold(from+2) != "of") && !isNounLike(s.fold(from+1)) {
		return from, from + 1
	}
	return 0, 0
}

// isNounLike knows endings that verbs in the present rarely have.
func isNounLike(w string) bool {
	for _, end := range []string{"ion", "ment", "ness", "ity", "ism", "ide", "gen", "ology", "er", "or", "al", "ic", "ous"} {
		if strings.HasSuffix(w, end) {
			return true
		}
	}
	return false
}

// nameEN sets the name of a fact, as options show it, and what it is like.
func (b *book) nameEN(f *fact, name string, counted bool) {
	if i := strings.Index(name, " ("); i > 0 {
		name = name[:i]
	}
	f.name = b.lowered(name)
	if f.phrase == "" {
		f.phrase = upperFirst(f.name)
		if counted && !isPluralEN(f.name) {
			f.phrase = upperFirst(withArticle(f.name))
		}
	}
	f.class = class{plural: isPluralEN(f.name) || f.kind == copula && present(f.verb) == "are", counted: counted, proper: isCapital(f.name)}
	if f.verb == "" || f.kind == labelled {
		f.verb = "is"
		if f.class.plural {
			f.verb = "are"
		}
	}
}

// lowered returns text as it stands inside a sentence: the first letter small,
// unless the word is a name.
func (b *book) lowered(text string) string {
	first, _, _ := strings.Cut(text, " ")
	first = strings.TrimRightFunc(first, isOutside)
	if b.proper[normalise(first)] || strings.ToLower(first[min(1, len(first)):]) != first[min(1, len(first)):] || first == "I" {
		return text
	}
	return lowerFirst(text)
}

func withArticle(name string) string {
	if name != "" && strings.ContainsRune("aeiou", rune(normalise(name)[0])) {
		return "an " + name
	}
	return "a " + name
}

// isPluralEN reports whether a name is of many: by its last word, or the one
// before "of".
func isPluralEN(name string) bool {
	head, _, _ := strings.Cut(normalise(name), " of ")
	w := head[strings.LastIndex(head, " ")+1:]
	switch w {
	case "stomata", "bacteria", "children", "people", "fungi", "teeth", "feet", "mice", "larvae", "data", "men", "women", "algae", "nuclei", "media":
		return true
	case "lens", "physics", "mathematics", "economics", "politics", "gas", "atlas", "canvas", "news", "diabetes", "species", "series", "rabies", "christmas", "bias", "pancreas", "mars":
		return false
	}
	return strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "is")
}

// topicEN returns whom or what a statement, or the line before a list, is about.
func topicEN(s *sentence) topic {
	if phrase := personEN(s); phrase != "" {
		return topic{phrase: phrase, person: true}
	}
	for i := 1; i < min(6, len(s.words)); i++ {
		w := s.fold(i)
		if s.words[i-1].after != "" || isPrepositionEN(s.fold(0)) || isPronounEN(s.fold(0)) || isLinkEN(s.fold(0)) {
			return topic{}
		}
		single := w == "is" || w == "was" || w == "has"
		if !single && w != "are" && w != "were" && w != "have" {
			continue
		}
		// Only what was just explained or introduced is surely meant next.
		if s.role != intro && !isArticleEN(s.fold(i+1)) {
			return topic{}
		}
		return topic{phrase: s.span(0, i), plural: !single}
	}
	return topic{}
}

// personEN returns the one name of two words or more in a statement that can be a
// person's, or "".
func personEN(s *sentence) string {
	found := ""
	for i := 0; i < len(s.words); i++ {
		if !isCapital(s.words[i].core) || i == 0 && isFunctionEN(s.fold(0)) {
			continue
		}
		j := i + 1
		for j < len(s.words) && s.words[j-1].after == "" && isCapital(s.words[j].core) && s.words[j].before == "" {
			j++
		}
		before := s.fold(i - 1)
		if j-i >= 2 && before != "the" && before != "in" && before != "of" && before != "at" && before != "to" && before != "from" {
			if found != "" {
				return ""
			}
			found = s.span(i, j)
		}
		i = j - 1
	}
	return found
}
