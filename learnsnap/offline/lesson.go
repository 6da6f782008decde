package offline

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// lesson makes a lesson of sentences of the pages. It reports false where no
// sentence stands alone.
func (p plan) lesson() (quiz.Lesson, bool) {
	told := p.told()
	if len(told) == 0 {
		return quiz.Lesson{}, false
	}
	l := quiz.Lesson{Title: p.title(told), Source: quiz.SourceOffline}
	summary := leading(told, 3)
	for _, s := range summary {
		l.Summary = strings.TrimSpace(l.Summary + " " + closed(s.text))
	}
	l.KeyPoints = p.keyPoints(told, summary)
	l.Steps = p.steps(told)
	return l, true
}

// told returns the statements and entries, in order.
func (p plan) told() []*sentence {
	var told []*sentence
	for _, s := range p.book.sentences {
		if (s.role == statement || s.role == entry) && utf8.RuneCountInString(s.text) <= 300 {
			told = append(told, s)
		}
	}
	return told
}

// leading returns the first n statements, spread over the pages: one of each page
// before a second of any.
func leading(told []*sentence, n int) []*sentence {
	var picked []*sentence
	perPage := map[int]int{}
	for round := 1; len(picked) < n && round <= n; round++ {
		for _, s := range told {
			if s.role == statement && len(picked) < n && perPage[s.page] < round && !slices.Contains(picked, s) {
				picked = append(picked, s)
				perPage[s.page]++
			}
		}
	}
	if len(picked) == 0 {
		picked = told[:min(n, len(told))]
	}
	slices.SortFunc(picked, func(a, b *sentence) int { return a.order - b.order })
	return picked
}

func closed(text string) string {
	if endsSentence(text) {
		return text
	}
	return text + "."
}

// title is the heading of the first page that has one, without its number.
func (p plan) title(told []*sentence) string {
	for _, s := range p.book.sentences {
		asked := s.role == exercise && asks(s.text) && s.line == 0 // "Lesson 11: What Is Money?"
		if s.role != heading && !asked || len(s.words) > 12 || countDigits(s.text) > len(s.words) || !strings.ContainsFunc(s.text, unicode.IsLetter) {
			continue
		}
		if n := entryName(s); n > 0 && n <= 3 && isLabel(s) {
			return s.text[s.words[n].start-len(s.words[n].before):]
		}
		return s.text
	}
	if len(p.book.facts) > 0 {
		return upperFirst(p.book.facts[0].name)
	}
	words := strings.Fields(told[0].text)
	return strings.Join(words[:min(6, len(words))], " ") + " …"
}

// keyPoints are what the pages define, then what the questions rest on.
func (p plan) keyPoints(told, summary []*sentence) []string {
	const most = 6
	var points []*sentence
	take := func(s *sentence) {
		if len(points) < most && !slices.Contains(points, s) && !slices.Contains(summary, s) && slices.Contains(told, s) {
			points = append(points, s)
		}
	}
	for _, f := range p.book.facts {
		if f.meaning != "" {
			take(f.s)
		}
	}
	for _, c := range p.chosen {
		take(c.s)
	}
	if len(points) == 0 {
		points = summary
	}
	slices.SortFunc(points, func(a, b *sentence) int { return a.order - b.order })
	texts := make([]string, len(points))
	for i, s := range points {
		texts[i] = closed(s.text)
	}
	return texts
}

// steps are an explanation for each section of the pages, an example of theirs,
// and a question that the quiz does not ask.
func (p plan) steps(told []*sentence) []quiz.Step {
	const sections = 3
	var steps []quiz.Step
	for i := 0; i < len(told) && len(steps) < sections; {
		j := i
		var text []string
		for ; j < len(told) && told[j].section == told[i].section && told[j].page == told[i].page; j++ {
			if len(text) < 3 {
				text = append(text, closed(told[j].text))
			}
		}
		content := strings.Join(text, " ")
		if told[i].section != "" && len(steps) > 0 {
			content = told[i].section + ": " + content
		}
		steps = append(steps, quiz.Step{Type: "explanation", Content: content})
		i = j
	}
	for _, s := range told {
		if givesExample(s) {
			steps = append(steps, quiz.Step{Type: "example", Content: closed(s.text)})
			break
		}
	}
	if step, ok := p.practice(); ok {
		steps = append(steps, step)
	}
	return steps
}

func givesExample(s *sentence) bool {
	for _, w := range []string{"for example", "for instance", "such as", "مثل", "مثال", "كمثل"} {
		if s.holds(w) {
			return true
		}
	}
	return false
}

func (p plan) practice() (quiz.Step, bool) {
	for _, c := range p.spare {
		if c.q.Type == quiz.MultipleChoice && c.value >= 8 {
			return quiz.Step{
				Type: "practice", Content: p.try(c), Question: c.q.Question, Options: c.q.Options,
				CorrectAnswer: c.q.Options[strings.Index(quiz.Letters, c.q.Correct.Text)],
			}, true
		}
	}
	for _, c := range p.spare {
		if c.q.Type == quiz.FillBlank && c.value >= 6 {
			return quiz.Step{Type: "practice", Content: p.try(c), Question: c.q.Question, CorrectAnswer: c.q.Correct.Text, Hint: c.q.Hint}, true
		}
	}
	return quiz.Step{}, false
}

// try opens a practice: the reader finds the answer in the section above.
func (p plan) try(c candidate) string {
	return voice{arabic: c.s.arabic}.choose("Answer from memory, then look it up on page %d.", "أجب من الذاكرة، ثم تحقق من إجابتك في الصفحة %d.", c.s.page)
}
