package offline

import (
	"encoding/json"
	"fmt"

	"github.com/learnsnap/learnsnap-go/ai"
)

// A reply writes the reply's object, one item a chunk.
type reply struct {
	model string
	yield func(ai.Chunk, error) bool
	begun bool   // the object's brace is written
	open  string // the array that is open
	left  bool   // the consumer has left the loop
}

// item writes an element of an array. It reports whether to go on.
func (r *reply) item(array string, v any) bool {
	if r.open == array {
		return r.write(",", v)
	}
	head := r.member(array) + "["
	r.open = array
	return r.write(head, v)
}

// object writes a member that is an object.
func (r *reply) object(name string, v any) bool { return r.write(r.member(name), v) }

// member returns what stands before the value of the next member.
func (r *reply) member(name string) string {
	head := r.close()
	switch {
	case !r.begun:
		head = "{"
	default:
		head += ","
	}
	r.begun = true
	return head + fmt.Sprintf("%q:", name)
}

// close returns what ends the open array.
func (r *reply) close() string {
	if r.open == "" {
		return ""
	}
	r.open = ""
	return "]"
}

func (r *reply) write(head string, v any) bool {
	data, err := json.Marshal(v)
	if err != nil { // values of strings, numbers and lists: it can't be
		panic(fmt.Sprintf("write %T: %v", v, err))
	}
	return r.send(ai.Chunk{Text: head + string(data), Model: r.model})
}

// end writes the end of the object.
func (r *reply) end() {
	tail := r.close() + "}"
	if !r.begun {
		tail = "{}"
	}
	r.send(ai.Chunk{Text: tail, Finish: ai.FinishStop, Model: r.model})
}

func (r *reply) send(c ai.Chunk) bool {
	r.left = r.left || !r.yield(c, nil)
	return !r.left
}
