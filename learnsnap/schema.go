package learnsnap

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// schema is the shape of the reply that is asked for: the members that are still
// missing, in the order that the fold needs. It keeps to what all providers take:
// every member is required, what may be missing is null.
func schema(a quiz.Ask) *ai.Schema {
	root := objectSchema()
	root.Name = "quiz"
	if len(a.Pages) > 0 {
		property(root, pagesKey, listSchema(pageSchema()))
	}
	if a.Lesson {
		property(root, lessonKey, lessonSchema())
	}
	if a.Questions > 0 {
		property(root, questionsKey, listSchema(questionSchema(a.Types)))
	}
	return root
}

func pageSchema() *ai.Schema {
	s := objectSchema()
	property(s, "page", &ai.Schema{Type: "integer", Description: "the page's number"})
	property(s, "text", nullableSchema("everything that is printed, or null"))
	property(s, "unreadable", nullableSchema("null, or why the page can't be read"))
	return s
}

func lessonSchema() *ai.Schema {
	step := objectSchema()
	property(step, "type", &ai.Schema{Type: "string", Enum: []string{"explanation", "example", "practice"}})
	property(step, "content", textSchema(""))
	property(step, "question", nullableSchema("of a practice step"))
	property(step, "options", &ai.Schema{Type: "array", Items: textSchema(""), Nullable: true})
	property(step, "correctAnswer", nullableSchema(""))
	property(step, "hint", nullableSchema(""))

	s := objectSchema()
	property(s, "title", textSchema(""))
	property(s, "summary", textSchema(""))
	property(s, "keyPoints", listSchema(textSchema("")))
	property(s, "targetAge", textSchema("for example 12-14"))
	property(s, "steps", listSchema(step))
	return s
}

// questionSchema has one alternative a type. The evidence comes before what is
// made of it: a model that has quoted its sentence asks about that sentence.
func questionSchema(types []quiz.Type) *ai.Schema {
	if len(types) == 0 {
		types = quiz.Types()
	}
	var kinds []*ai.Schema
	for _, t := range types {
		s := objectSchema()
		property(s, "type", &ai.Schema{Type: "string", Enum: []string{string(t)}})
		property(s, "evidence", evidenceSchema())
		property(s, "question", textSchema(""))
		switch t {
		case quiz.MultipleChoice:
			property(s, "options", &ai.Schema{Type: "array", Items: textSchema(""), MinItems: 4, MaxItems: 4})
			property(s, "correct", &ai.Schema{Type: "string", Enum: []string{"A", "B", "C", "D"}})
		case quiz.TrueFalse:
			property(s, "correct", &ai.Schema{Type: "boolean"})
		case quiz.FillBlank:
			property(s, "correct", textSchema("the text of the gap"))
			property(s, "hint", textSchema(""))
		case quiz.Matching:
			pair := objectSchema()
			property(pair, "left", textSchema(""))
			property(pair, "right", textSchema(""))
			property(s, "pairs", &ai.Schema{Type: "array", Items: pair, MinItems: 2, MaxItems: 4})
		}
		property(s, "explanation", textSchema(""))
		kinds = append(kinds, s)
	}
	if len(kinds) == 1 {
		return kinds[0]
	}
	return &ai.Schema{AnyOf: kinds}
}

func evidenceSchema() *ai.Schema {
	s := objectSchema()
	property(s, "page", &ai.Schema{Type: "integer"})
	property(s, "text", textSchema("the sentence of the page, as it stands there"))
	return s
}

func objectSchema() *ai.Schema { return &ai.Schema{Type: "object"} }

func property(s *ai.Schema, name string, of *ai.Schema) {
	s.Properties = append(s.Properties, ai.Property{Name: name, Schema: of})
}

func listSchema(of *ai.Schema) *ai.Schema { return &ai.Schema{Type: "array", Items: of} }

func textSchema(description string) *ai.Schema {
	return &ai.Schema{Type: "string", Description: description}
}

func nullableSchema(description string) *ai.Schema {
	return &ai.Schema{Type: "string", Description: description, Nullable: true}
}

// outline writes a schema as one line that a model reads easily.
func outline(s *ai.Schema) string {
	switch {
	case len(s.AnyOf) > 0:
		return join(s.AnyOf, " or ", outline)
	case s.Type == "object":
		return "{" + join(s.Properties, ", ", func(p ai.Property) string { return fmt.Sprintf("%q: %s", p.Name, outline(p.Schema)) }) + "}"
	}
	shape := s.Type
	switch {
	case s.Type == "array":
		shape = "[" + outline(s.Items) + ", ...]"
	case len(s.Enum) > 0:
		shape = join(s.Enum, " or ", strconv.Quote)
	}
	if s.Nullable {
		shape += " or null"
	}
	return shape
}

func join[T any](list []T, by string, write func(T) string) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = write(v)
	}
	return strings.Join(texts, by)
}
