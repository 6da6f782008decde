package offline

import (
	"cmp"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A chooser picks questions one by one: the best that is left, by its own value
// and by what the quiz still lacks.
type chooser struct {
	want     int
	asked    []quiz.Fingerprint
	chosen   []candidate
	types    map[quiz.Type]int
	sentence map[*sentence][]quiz.Type
	pages    map[int]int
	keys     map[string]int
	said     map[string]bool // statements that stand in a chosen question
	trues    int
	falses   int
	asIs     int
}

// choose picks up to want of the candidates, beside the questions there are. It
// returns the rest as well, the best first. It is deterministic.
func choose(made []candidate, have []quiz.Question, want int) (chosen, rest []candidate) {
	c := &chooser{
		want: want, types: map[quiz.Type]int{}, sentence: map[*sentence][]quiz.Type{}, pages: map[int]int{},
		keys: map[string]int{}, said: map[string]bool{},
	}
	for _, q := range have {
		c.know(q, made)
	}
	rest = slices.Clone(made)
	for len(c.chosen) < want {
		best, score := -1, 0
		for i := range rest {
			if s, ok := c.score(&rest[i]); ok && (best < 0 || s > score) {
				best, score = i, s
			}
		}
		if best < 0 {
			break
		}
		pick := rest[best]
		rest = slices.Delete(rest, best, best+1)
		c.take(pick)
	}
	c.trim()
	slices.SortStableFunc(rest, func(a, b candidate) int { return cmp.Compare(b.value, a.value) })
	return inOrder(c.chosen), rest
}

// know counts a question that the quiz has already.
func (c *chooser) know(q quiz.Question, made []candidate) {
	c.asked = append(c.asked, quiz.FingerprintOf(q))
	c.types[q.Type]++
	c.pages[q.Evidence.Page]++
	c.said[normalise(q.Question)] = true
	evidence := normalise(q.Evidence.Text)
	for i := range made {
		s := made[i].s
		if s.page == q.Evidence.Page && (strings.Contains(evidence, normalise(s.raw)) || strings.Contains(normalise(s.raw), evidence)) {
			c.sentence[s] = append(c.sentence[s], q.Type)
			break
		}
	}
	if q.Type == quiz.TrueFalse && q.Correct.Bool != nil {
		c.truth(*q.Correct.Bool)
	}
}

func (c *chooser) truth(is bool) {
	if is {
		c.trues++
	} else {
		c.falses++
	}
}

// share is the part of a quiz, in hundredths, that a type should have.
func share(t quiz.Type) int {
	switch t {
	case quiz.MultipleChoice:
		return 38
	case quiz.TrueFalse:
		return 30
	case quiz.FillBlank:
		return 24
	}
	return 8
}

// weakest is the value of questions that only a short page is asked.
const weakest = 3

// score says how much a candidate adds to what is chosen; ok is false where it may
// not be taken at all.
func (c *chooser) score(x *candidate) (score int, ok bool) {
	used := c.sentence[x.s]
	if x.value <= weakest && (len(c.asked) >= 10 || len(used) > 0) || c.isFull(x) || x.key != "" && c.keys[x.key] >= 2 || c.repeatsStatement(x) {
		return 0, false
	}
	total := len(c.asked)
	if x.repeatsPage() && c.asIs+1 > max(2, 3*max(total+1, min(c.want, 10))/10) {
		return 0, false
	}
	score = 100*x.value + 4*(share(x.q.Type)*(total+1)-100*c.types[x.q.Type])
	if c.types[x.q.Type] == 0 && total >= 2 {
		score += 300
	}
	score -= 260 * len(used)
	score -= 60 * (c.pages[x.s.page] - total/max(1, len(c.pages)))
	if x.key != "" {
		score -= 300 * c.keys[x.key]
	}
	if x.q.Type == quiz.TrueFalse {
		if lead := c.trues - c.falses; *x.q.Correct.Bool {
			score -= 150 * lead
		} else {
			score += 150 * lead
		}
	}
	return score, !c.repeats(x)
}

// isFull reports whether a sentence of x carries two questions already, or one of
// its type.
func (c *chooser) isFull(x *candidate) bool {
	for _, s := range append([]*sentence{x.s}, x.also...) {
		used := c.sentence[s]
		most := 2
		if len(c.asked) < 10 && (x.q.Type == quiz.Matching || slices.Contains(used, quiz.Matching)) {
			most = 3 // a short page: the part it has in a match is not the whole of it
		}
		if len(used) >= most || slices.Contains(used, x.q.Type) {
			return true
		}
	}
	return false
}

// repeatsStatement reports whether the statements of x stand in a chosen question.
func (c *chooser) repeatsStatement(x *candidate) bool {
	for _, said := range x.says() {
		if c.said[said] {
			return true
		}
	}
	return false
}

// says returns the statements that a question shows, in normal form.
func (x *candidate) says() []string {
	if x.said == nil {
		x.said = x.statements()
	}
	return x.said
}

func (x *candidate) statements() []string {
	switch {
	case x.q.Type == quiz.TrueFalse:
		return []string{normalise(x.q.Question)}
	case x.rule == "which is true":
		said := make([]string, len(x.q.Options))
		for i, o := range x.q.Options {
			said[i] = normalise(o)
		}
		return said
	}
	return []string{}
}

// repeats reports whether x asks what was asked before. It looks at each question
// once: what was asked does not change.
func (c *chooser) repeats(x *candidate) bool {
	if x.print == nil {
		f := quiz.FingerprintOf(x.q)
		x.print = &f
	}
	for !x.repeated && x.compared < len(c.asked) {
		x.repeated = x.print.Repeats(c.asked[x.compared])
		x.compared++
	}
	return x.repeated
}

func (c *chooser) take(x candidate) {
	c.chosen = append(c.chosen, x)
	c.asked = append(c.asked, *x.print)
	c.types[x.q.Type]++
	for _, s := range slices.Compact(append([]*sentence{x.s}, x.also...)) {
		c.sentence[s] = append(c.sentence[s], x.q.Type)
	}
	c.pages[x.s.page]++
	for _, said := range x.says() {
		c.said[said] = true
	}
	if x.key != "" {
		c.keys[x.key]++
	}
	if x.q.Type == quiz.TrueFalse {
		c.truth(*x.q.Correct.Bool)
	}
	if x.repeatsPage() {
		c.asIs++
	}
}

// trim drops statements that only repeat the page where they came to be more than
// three of ten, as long as enough is left.
func (c *chooser) trim() {
	for i := len(c.chosen) - 1; i >= 0 && 10*c.asIs > 3*len(c.chosen) && c.asIs > 2; i-- {
		if c.chosen[i].repeatsPage() {
			c.chosen = slices.Delete(c.chosen, i, i+1)
			c.asked = c.asked[:len(c.asked)-1]
			c.asIs--
		}
	}
}

// inOrder puts the questions in the order of the pages, and the second question
// about a sentence behind all first ones, so that none gives the next away.
func inOrder(chosen []candidate) []candidate {
	slices.SortStableFunc(chosen, func(a, b candidate) int { return cmp.Compare(a.s.order, b.s.order) })
	var first, second []candidate
	for i, x := range chosen {
		if slices.ContainsFunc(chosen[:i], func(y candidate) bool { return y.s == x.s }) {
			second = append(second, x)
		} else {
			first = append(first, x)
		}
	}
	return append(first, second...)
}
