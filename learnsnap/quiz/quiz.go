package quiz

// A Type names a kind of question.
type Type string

// The question types.
const (
	MultipleChoice Type = "multiple_choice" // four options, one of them right
	TrueFalse      Type = "true_false"      // a statement to judge
	FillBlank      Type = "fill_blank"      // a sentence with a gap, written as _____
	Matching       Type = "matching"        // two to four pairs to put together
)

// Types lists the question types in the order in which they are shown.
func Types() []Type { return []Type{MultipleChoice, TrueFalse, FillBlank, Matching} }

// A Language is the language of a page or a quiz.
type Language string

// The languages. The empty Language means not known: that of the pages.
const (
	Arabic  Language = "ar"
	English Language = "en"
	Mixed   Language = "mixed"
)

// A Page is one page as it was read. Either Text or Unreadable is set.
type Page struct {
	Page       int      `json:"page"`                 // from 1
	Text       string   `json:"text,omitempty"`       // paragraphs end in a newline
	Unreadable string   `json:"unreadable,omitempty"` // why it can't be read
	Language   Language `json:"language,omitempty"`
	Confidence float64  `json:"confidence,omitempty"` // 0 to 1; 0 means not measured
	Weak       []Span   `json:"weak,omitempty"`       // words that may be misread, in order
	Source     string   `json:"source,omitempty"`     // [SourceOffline], [SourceText] or empty for a language model
}

// A Span is a stretch of a page's text that was read with little confidence.
type Span struct {
	Start      int     `json:"start"` // byte offset into Text
	End        int     `json:"end"`   // byte offset behind its last byte
	Confidence float64 `json:"confidence"`
}

// Where a page or a question comes from when it is not a language model.
const (
	SourceOffline = "offline" // read or made by rule, without a model
	SourceText    = "text"    // a page that was sent as text
)

// A Question is one question of any type. Which fields are set depends on Type:
// Options on [MultipleChoice]; Hint on [FillBlank]; Pairs instead of Correct on
// [Matching].
type Question struct {
	ID          string   `json:"id"`
	Type        Type     `json:"type"`
	Question    string   `json:"question"`
	Options     []string `json:"options,omitempty"` // four, without letters
	Correct     Answer   `json:"correct,omitzero"`  // "A" to "D", true or false, or the text of the gap
	Hint        string   `json:"hint,omitempty"`
	Pairs       []Pair   `json:"pairs,omitempty"`
	Explanation string   `json:"explanation"`
	Evidence    Evidence `json:"evidence"`
	Source      string   `json:"source,omitempty"` // [SourceOffline], or empty for a language model
}

// A Pair is one right match of a [Matching] question.
type Pair struct {
	Left  string `json:"left"`
	Right string `json:"right"`
}

// Evidence is the sentence of a page that a question rests on.
type Evidence struct {
	Text       string  `json:"text"`       // as it stands on the page
	Page       int     `json:"page"`       // from 1
	Confidence float64 `json:"confidence"` // 0 to 1
}

// A Lesson is a short course over the pages, shown beside the questions.
type Lesson struct {
	Title     string   `json:"title"`
	Summary   string   `json:"summary"`
	KeyPoints []string `json:"keyPoints"`
	TargetAge string   `json:"targetAge,omitempty"`
	Steps     []Step   `json:"steps,omitempty"`
	Source    string   `json:"source,omitempty"`
}

// A Step is one step of a lesson.
type Step struct {
	Type          string   `json:"type"` // "explanation", "example" or "practice"
	Content       string   `json:"content"`
	Question      string   `json:"question,omitempty"`
	Options       []string `json:"options,omitempty"`
	CorrectAnswer string   `json:"correctAnswer,omitempty"`
	Hint          string   `json:"hint,omitempty"`
}

// A Quiz is what a generation ends in.
type Quiz struct {
	Language  Language   `json:"language"`
	Pages     []Page     `json:"pages"`
	Lesson    *Lesson    `json:"lesson,omitempty"`
	Questions []Question `json:"questions"`
}

// An Ask is what is wanted of a model, as a value: the pages to read, what was
// read already, and what to make of it. Prompts are rendered from it, and a
// model that is no language model reads it directly.
type Ask struct {
	Pages     []int      // number of each media part of the prompt, in order; empty when all pages are read
	Texts     []Page     // pages that were read already, by page number
	Lesson    bool       // a lesson is still wanted
	Questions int        // how many more questions are wanted
	Language  Language   // of the quiz; empty means that of the pages
	Types     []Type     // question types wanted; empty means all
	Have      []Question // accepted already: not to be repeated
}
