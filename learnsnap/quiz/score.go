package quiz

// A Result is a graded quiz.
type Result struct {
	Score   int      `json:"score"` // right answers
	Total   int      `json:"total"` // questions
	Results []Graded `json:"results"`
}

// A Graded answer says what was given and what would have been right.
type Graded struct {
	ID          string   `json:"id"`
	Right       bool     `json:"right"`
	Given       Answer   `json:"given"`   // null where there was none
	Correct     Answer   `json:"correct"` // see [Question.Key]
	Explanation string   `json:"explanation"`
	Evidence    Evidence `json:"evidence"`
}

// Score grades the answers, by question id, to a whole quiz (see
// [Question.Grade]). A question without an answer counts as wrong. The first
// answer that can't be graded ends it with an [*Error]; so does an id that no
// question has, with [QuestionUnknown].
func Score(questions []Question, answers map[string]Answer) (Result, error) {
	result := Result{Total: len(questions), Results: make([]Graded, 0, len(questions))}
	known := make(map[string]bool, len(questions))
	for _, q := range questions {
		known[q.ID] = true
		given := answers[q.ID]
		right, err := q.Grade(given)
		if err != nil {
			return Result{}, err
		}
		if right {
			result.Score++
		}
		result.Results = append(result.Results, Graded{
			ID: q.ID, Right: right, Given: given, Correct: q.Key(), Explanation: q.Explanation, Evidence: q.Evidence,
		})
	}
	for id := range answers {
		if !known[id] {
			return Result{}, &Error{QuestionUnknown, "answers"} // the id is the caller's text
		}
	}
	return result, nil
}
