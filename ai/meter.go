package ai

// What an estimate takes a token and an image for. Prose comes to four bytes a
// token and more, compact JSON to two or three; a page of 1568 pixels is 1,100 to
// 2,500 tokens, by provider. Both are meant to err on the dear side.
const (
	bytesPerToken  = 3
	tokensPerImage = 2500
)

// A Meter counts what one call to a model uses, while it streams. Not every call
// is seen to its end, and some providers tell what it took only there: what the
// provider has not told of is estimated from the size of the prompt and of the text.
// Reasoning that is neither shown nor told of can't be; nor is it known what a call
// took that ended before its first chunk.
//
// A Meter belongs to one goroutine.
type Meter struct {
	input int
	told  *Usage
	after int  // bytes of text since told
	begun bool // a chunk came
}

// NewMeter returns the meter of a call with this prompt.
func NewMeter(p Prompt) *Meter {
	text, images := len(p.System)+p.Schema.size(), 0
	for _, part := range p.Parts {
		text += len(part.Text)
		if part.Media != nil {
			images++
		}
	}
	return &Meter{input: tokensOf(text) + images*tokensPerImage}
}

// Count takes the next chunk in.
func (m *Meter) Count(c Chunk) {
	m.begun = true
	m.after += len(c.Text)
	if c.Usage != nil {
		m.told, m.after = c.Usage, 0
	}
}

// Usage returns what the call has used so far. It is an estimate when the provider
// has not told of all of it. Before the first chunk it is what the prompt is
// estimated to take.
func (m *Meter) Usage() (u Usage, estimated bool) {
	if m.told == nil {
		return Usage{Input: m.input, Output: tokensOf(m.after)}, true
	}
	u = *m.told
	u.Output += tokensOf(m.after)
	return u, m.after > 0
}

func tokensOf(bytes int) int { return (bytes + bytesPerToken - 1) / bytesPerToken }

// size returns about how many bytes a schema takes on the wire.
func (s *Schema) size() int {
	if s == nil {
		return 0
	}
	const frame = 20 // {"type":"object",…}
	n := frame + len(s.Type) + len(s.Description) + s.Items.size()
	for _, word := range s.Enum {
		n += len(word) + 3
	}
	for _, p := range s.Properties {
		n += 2*len(p.Name) + 6 + p.Schema.size() // as a member, and among the required ones
	}
	for _, alternative := range s.AnyOf {
		n += alternative.size()
	}
	return n
}
