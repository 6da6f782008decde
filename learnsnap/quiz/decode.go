package quiz

import (
	"encoding/json"
	"strconv"
)

// Decode reads a question as a model wrote it and repairs it (see [Repair]). It
// forgives what models get wrong about the shape: a key that is a number, options
// as an object by letter, evidence as a bare text, a page number as a text. What
// it can't read at all is an [*Error] with [NotAQuestion]. Decode does not
// validate; a [Judge] does.
func Decode(data []byte) (Question, error) {
	var w struct {
		Question
		Correct  json.RawMessage `json:"correct"`
		Options  json.RawMessage `json:"options"`
		Evidence json.RawMessage `json:"evidence"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return Question{}, &Error{Reason: NotAQuestion}
	}
	q := w.Question
	var err error
	if q.Correct, err = decodeKey(w.Correct); err != nil {
		return Question{}, &Error{NotAQuestion, "correct"}
	}
	if q.Options, err = decodeOptions(w.Options); err != nil {
		return Question{}, &Error{NotAQuestion, "options"}
	}
	if q.Evidence, err = decodeEvidence(w.Evidence); err != nil {
		return Question{}, &Error{NotAQuestion, "evidence"}
	}
	return Repair(q), nil
}

// decodeKey reads a key; a number becomes its text.
func decodeKey(data json.RawMessage) (Answer, error) {
	var n json.Number
	if len(data) > 0 && (data[0] == '-' || data[0] >= '0' && data[0] <= '9') {
		err := json.Unmarshal(data, &n)
		return Answer{Text: n.String()}, err
	}
	var a Answer
	err := a.UnmarshalJSON(data)
	return a, err
}

// decodeOptions reads options as a list of texts or numbers, or as an object by
// letter.
func decodeOptions(data json.RawMessage) ([]string, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if data[0] == '{' {
		var byLetter map[string]optionText
		if err := json.Unmarshal(data, &byLetter); err != nil {
			return nil, err
		}
		options := make([]string, len(byLetter))
		for letter, o := range byLetter {
			i := optionLetter(letter)
			if i < 0 || i >= len(options) {
				return nil, &Error{NotAQuestion, "options"}
			}
			options[i] = string(o)
		}
		return options, nil
	}
	var list []optionText
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	options := make([]string, len(list))
	for i, o := range list {
		options[i] = string(o)
	}
	return options, nil
}

// An optionText is a text that may be written as a number.
type optionText string

// UnmarshalJSON reads a text or a number.
func (o *optionText) UnmarshalJSON(data []byte) error {
	var n json.Number
	if len(data) > 0 && data[0] != '"' {
		err := json.Unmarshal(data, &n)
		*o = optionText(n)
		return err
	}
	return json.Unmarshal(data, (*string)(o))
}

// decodeEvidence reads evidence as an object or a bare text. A page that is no
// number is 0: not known.
func decodeEvidence(data json.RawMessage) (Evidence, error) {
	if len(data) > 0 && data[0] == '"' {
		var e Evidence
		err := json.Unmarshal(data, &e.Text)
		return e, err
	}
	if len(data) == 0 {
		return Evidence{}, nil
	}
	var w struct {
		Text       string     `json:"text"`
		Page       optionText `json:"page"`
		Confidence float64    `json:"confidence"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		return Evidence{}, err
	}
	page, err := strconv.Atoi(Normalise(string(w.Page)))
	if err != nil {
		page = 0
	}
	return Evidence{Text: w.Text, Page: page, Confidence: w.Confidence}, nil
}
