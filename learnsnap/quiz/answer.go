package quiz

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// An Answer is the value that answers a question, in the key or by a learner: a
// letter or a text, a truth value, or pairs. The zero value is no answer. It is
// written as the bare JSON value: "B", true, "text" or {"left": "right"}.
type Answer struct {
	Text  string            // [MultipleChoice]: "A" to "D"; [FillBlank]: the text of the gap
	Bool  *bool             // [TrueFalse]
	Pairs map[string]string // [Matching]: left to right
}

// IsZero reports whether a is no answer.
func (a Answer) IsZero() bool { return a.Text == "" && a.Bool == nil && a.Pairs == nil }

// MarshalJSON writes the bare value; no answer is null.
func (a Answer) MarshalJSON() ([]byte, error) {
	switch {
	case a.Pairs != nil:
		return json.Marshal(a.Pairs)
	case a.Bool != nil:
		return json.Marshal(*a.Bool)
	case a.Text != "":
		return json.Marshal(a.Text)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads a string, a truth value, an object of strings, or null.
func (a *Answer) UnmarshalJSON(data []byte) error {
	*a = Answer{}
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0 || bytes.Equal(data, []byte("null")):
		return nil
	case data[0] == '"':
		return json.Unmarshal(data, &a.Text)
	case data[0] == '{':
		return json.Unmarshal(data, &a.Pairs)
	case data[0] == 't' || data[0] == 'f':
		a.Bool = new(bool)
		return json.Unmarshal(data, a.Bool)
	}
	return fmt.Errorf("answer: want a text, true or false, or pairs")
}
