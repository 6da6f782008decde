// Package quiz holds the values of a quiz and everything that can be said about
// them without a model, a store or a network: whether a question is well formed,
// whether its evidence stands on the page, whether it repeats another, and
// whether an answer is right.
//
// All of it is pure: no I/O, no globals, no clock. Functions are safe for
// concurrent use.
//
// # Accepting a question
//
// A question is taken into a quiz by a [Judge], which holds the pages:
//
//	judge := quiz.NewJudge(pages)
//	q, err := quiz.Decode(reply)       // forgives what models get wrong about shape
//	if err == nil {
//		q, err = judge.Accept(q, have) // form, evidence, repetition
//	}
//	if err != nil {
//		return quiz.ReasonOf(err)      // a stable word, for a counter
//	}
//	q = quiz.Balance(q, seed, len(have)+1, have)
//	q.ID = quiz.QuestionID(len(have) + 1)
//
// What it accepts quotes a sentence of a page, as it stands there. It does not
// know whether the key is true: a second opinion on that is the business of
// whoever has another model.
//
// # Comparing texts
//
// Arabic is written in many spellings that its readers take for one. Texts are
// compared in the form that [Normalise] gives them, and shown in that of [Clean];
// never the other way round. [Words] and [Sentences] cut both languages.
//
// # Answering
//
// A learner sees [Question.Hide], and [Question.Grade] and [Score] say what was
// right.
package quiz
