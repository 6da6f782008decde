package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// printQuiz prints a quiz for people to read.
func printQuiz(out io.Writer, q quiz.Quiz, answers bool) error {
	w := bufio.NewWriter(out)
	if l := q.Lesson; l != nil {
		fmt.Fprintf(w, "%s\n\n%s\n\n", l.Title, l.Summary)
	}
	for i, question := range q.Questions {
		fmt.Fprintf(w, "%d. %s\n", i+1, question.Question)
		for j, option := range question.Options {
			fmt.Fprintf(w, "   %c) %s\n", quiz.Letters[j], option)
		}
		printMatching(w, question, answers)
		if question.Hint != "" {
			fmt.Fprintf(w, "   (%s)\n", question.Hint)
		}
		if answers {
			printAnswer(w, question)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// printMatching prints the two columns of a matching question, as a learner gets
// them, or the pairs.
func printMatching(w io.Writer, question quiz.Question, answers bool) {
	hidden := question.Hide("")
	for i, left := range hidden.Left {
		if answers {
			fmt.Fprintf(w, "   %s = %s\n", question.Pairs[i].Left, question.Pairs[i].Right)
			continue
		}
		fmt.Fprintf(w, "   %s | %s\n", left, hidden.Right[i])
	}
}

func printAnswer(w io.Writer, question quiz.Question) {
	key := question.Key()
	switch {
	case key.Bool != nil:
		fmt.Fprintf(w, "   → %v\n", *key.Bool)
	case key.Text != "":
		fmt.Fprintf(w, "   → %s\n", key.Text)
	}
	fmt.Fprintf(w, "   %s\n   p. %d: “%s”\n", question.Explanation, question.Evidence.Page, question.Evidence.Text)
}
