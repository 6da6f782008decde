package learnsnap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// render writes what is asked for as a prompt. Instructions, parts, schema and
// data all come from the same ask, and the same ask gives the same prompt. The
// images stand before the text, as providers advise.
func render(a quiz.Ask, media map[int]ai.Media) ai.Prompt {
	p := ai.Prompt{Schema: schema(a), Data: a}
	p.System = instructions(a, p.Schema)
	for _, n := range a.Pages {
		m := media[n]
		p.Parts = append(p.Parts, ai.Part{Media: &m})
	}
	p.Parts = append(p.Parts, ai.Part{Text: message(a)})
	return p
}

// instructions are the part of a prompt that says how.
func instructions(a quiz.Ask, shape *ai.Schema) string {
	sections := []string{promptRole, promptReply + outline(shape), promptData}
	if len(a.Pages) > 0 {
		sections = append(sections, promptReading)
	}
	if a.Lesson {
		sections = append(sections, promptLesson)
	}
	if a.Questions > 0 {
		sections = append(sections, promptQuestions)
		for _, t := range asked(a.Types) {
			sections = append(sections, typeSection(t))
		}
	}
	if a.Lesson || a.Questions > 0 {
		sections = append(sections, languageSections(a)...)
	}
	return strings.Join(sections, "\n\n")
}

func typeSection(t quiz.Type) string {
	switch t {
	case quiz.MultipleChoice:
		return promptChoice
	case quiz.TrueFalse:
		return promptTrueFalse
	case quiz.FillBlank:
		return promptBlank
	}
	return promptMatching
}

func asked(types []quiz.Type) []quiz.Type {
	if len(types) == 0 {
		return quiz.Types()
	}
	return types
}

// languageSections say in which language to write. While pages are still to be
// read nobody knows theirs.
func languageSections(a quiz.Ask) []string {
	language := a.Language
	if language == "" && len(a.Pages) == 0 {
		language = languageOf(a.Texts)
	}
	switch language {
	case quiz.English:
		return []string{promptEnglishLanguage}
	case quiz.Arabic:
		return []string{promptArabicLanguage, promptArabic}
	case quiz.Mixed:
		return []string{promptMixedLanguage, promptArabic}
	}
	return []string{promptPagesLanguage, promptArabic}
}

// message is the part of a prompt that says what: the data first, the task last.
// Texts stand in JSON, out of whose quotes no page can break.
func message(a quiz.Ask) string {
	var b strings.Builder
	if len(a.Pages) > 0 {
		fmt.Fprintf(&b, "The images above are, in this order: %s.\n\n", pageNames(a.Pages))
	}
	if len(a.Texts) > 0 {
		b.WriteString("These pages were read already:\n")
		writeJSON(&b, map[string]any{pagesKey: knownPages(a.Texts)})
		b.WriteString("\n\n")
	}
	if len(a.Have) > 0 {
		b.WriteString("These questions are there already; do not repeat them:\n")
		writeJSON(&b, map[string]any{questionsKey: knownQuestions(a.Have)})
		b.WriteString("\n\n")
	}
	b.WriteString(missing(a))
	return b.String()
}

// missing says what to write.
func missing(a quiz.Ask) string {
	var parts []string
	if n := len(a.Pages); n > 0 {
		parts = append(parts, "the text of "+pageNames(a.Pages))
	}
	if a.Lesson {
		parts = append(parts, "the lesson")
	}
	if a.Questions > 0 {
		what := "question"
		if len(a.Have) > 0 {
			what = "more question"
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", quantity(a.Questions, what), shares(a)))
	}
	return "Write " + strings.Join(parts, ", then ") + "."
}

// shares spreads the questions that are missing over the types, so that in the end
// each has its share.
func shares(a quiz.Ask) string {
	types := asked(a.Types)
	counts := make([]int, len(types))
	for _, q := range a.Have {
		if i := slices.Index(types, q.Type); i >= 0 {
			counts[i]++
		}
	}
	missing := make([]int, len(types))
	for range a.Questions {
		next := 0
		for i, t := range types {
			// Who has least for its weight gets the next one.
			if (counts[i]+1)*weight(types[next]) < (counts[next]+1)*weight(t) {
				next = i
			}
		}
		counts[next]++
		missing[next]++
	}
	var parts []string
	for i, t := range types {
		if missing[i] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", missing[i], t))
		}
	}
	about := "about "
	if len(types) == 1 {
		about = ""
	}
	return about + strings.Join(parts, ", ")
}

// weight is how many questions of a type belong into a quiz, in proportion. Few
// sentences hold enough for a matching question.
func weight(t quiz.Type) int {
	switch t {
	case quiz.MultipleChoice:
		return 3
	case quiz.Matching:
		return 1
	}
	return 2
}

func quantity(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func pageNames(numbers []int) string {
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = fmt.Sprintf("page %d", n)
	}
	return strings.Join(names, ", ")
}

type knownPage struct {
	Page int    `json:"page"`
	Text string `json:"text"`
}

func knownPages(pages []quiz.Page) []knownPage {
	known := make([]knownPage, len(pages))
	for i, p := range pages {
		known[i] = knownPage{p.Page, p.Text}
	}
	return known
}

type knownQuestion struct {
	Type     quiz.Type `json:"type"`
	Question string    `json:"question"`
	Answer   string    `json:"answer"`
}

// knownQuestions tells a model enough of the questions not to repeat them.
func knownQuestions(questions []quiz.Question) []knownQuestion {
	known := make([]knownQuestion, len(questions))
	for i, q := range questions {
		known[i] = knownQuestion{q.Type, q.Question, answerOf(q)}
	}
	return known
}

func answerOf(q quiz.Question) string {
	switch {
	case q.Type == quiz.Matching:
		lefts := make([]string, len(q.Pairs))
		for i, p := range q.Pairs {
			lefts[i] = p.Left + " = " + p.Right
		}
		return strings.Join(lefts, "; ")
	case q.Correct.Bool != nil:
		return fmt.Sprint(*q.Correct.Bool)
	case q.Type == quiz.MultipleChoice:
		if i := strings.Index(quiz.Letters, q.Correct.Text); i >= 0 && i < len(q.Options) {
			return q.Options[i]
		}
	}
	return q.Correct.Text
}

// writeJSON writes v as compact JSON, with letters as they are.
func writeJSON(b *strings.Builder, v any) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("prompt: " + err.Error()) // strings and numbers always have a form
	}
	b.Write(bytes.TrimSuffix(out.Bytes(), []byte("\n")))
}
