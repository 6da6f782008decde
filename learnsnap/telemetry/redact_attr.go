package telemetry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"unicode/utf8"
)

const (
	attrDepth = 8                 // groups in groups; what lies deeper is left out
	cutMark   = "…[cut]"          // where a text was too long
	deepMark  = "[nested deeper]" // where a group was
)

// A cleaner makes the attributes of one record fit to be written. Room is how many
// bytes of text it may still let through.
type cleaner struct {
	room int
}

// text scrubs a text and cuts it to the room that there is.
func (c *cleaner) text(s string) string {
	if limit := 4*c.room + 256; len(s) > limit { // what is cut away need not be read
		s = s[:limit]
	}
	s = Scrub(s)
	if len(s) <= c.room {
		c.room -= len(s)
		return s
	}
	cut := max(c.room, 0)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	c.room = 0
	return s[:cut] + cutMark
}

// attr returns what may be written of an attribute. The sort of its group's name
// holds for it as well.
func (c *cleaner) attr(a slog.Attr, within sort, depth int) slog.Attr {
	of := within
	if of == plain || of == learners {
		if own := sortOf(a.Key); own != plain {
			of = own
		}
	}
	c.room -= len(a.Key)
	return slog.Attr{Key: safeName(a.Key), Value: c.value(a.Value, of, depth)}
}

// safeName scrubs a name, unless it is one as sources have it.
func safeName(name string) string {
	for i := range len(name) {
		if !isLetter(name[i]) || i == 20 {
			return Scrub(name)
		}
	}
	return name
}

func (c *cleaner) value(v slog.Value, of sort, depth int) (safe slog.Value) {
	defer func() {
		if r := recover(); r != nil { // a LogValue or an Error of somebody's
			safe = slog.StringValue(fmt.Sprintf("[%T panicked]", r))
		}
	}()
	v = v.Resolve()
	if v.Kind() == slog.KindGroup {
		return c.group(v.Group(), of, depth)
	}
	switch of {
	case secret, personal:
		if v.Kind() == slog.KindBool {
			return v // that there is one, or none
		}
		return slog.StringValue(Redacted)
	case learners:
		if v.Kind() == slog.KindString || v.Kind() == slog.KindAny {
			return slog.StringValue(LearnersText)
		}
	}
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(c.text(v.String()))
	case slog.KindInt64:
		if n := v.Int64(); n > 0 && isPhoneNumber(uint64(n)) {
			return slog.StringValue(Redacted)
		}
	case slog.KindUint64:
		if isPhoneNumber(v.Uint64()) {
			return slog.StringValue(Redacted)
		}
	case slog.KindAny:
		return c.any(v.Any(), depth)
	}
	return v
}

func (c *cleaner) group(attrs []slog.Attr, of sort, depth int) slog.Value {
	if depth >= attrDepth {
		return slog.StringValue(deepMark)
	}
	safe := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		safe[i] = c.attr(a, of, depth+1)
	}
	return slog.GroupValue(safe...)
}

// any returns what may be written of a value that slog knows nothing of: an error's
// text, an address without its secrets, else its JSON, looked through name by name.
func (c *cleaner) any(v any, depth int) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(c.text(v.Error()))
	case []byte:
		return slog.StringValue(fmt.Sprintf("[%d bytes]", len(v)))
	case *url.URL:
		if v == nil {
			return slog.AnyValue(nil)
		}
		return slog.StringValue(c.text(safeURL(v)))
	case http.Header:
		return slog.AnyValue(c.tree(asTree(v), plain, depth))
	}
	body, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(fmt.Sprintf("[%T can't be written]", v))
	}
	var tree any
	numbers := json.NewDecoder(bytes.NewReader(body))
	numbers.UseNumber()
	if err := numbers.Decode(&tree); err != nil {
		return slog.StringValue(fmt.Sprintf("[%T can't be written]", v))
	}
	return slog.AnyValue(c.tree(tree, plain, depth))
}

// tree cleans a value of decoded JSON.
func (c *cleaner) tree(v any, of sort, depth int) any {
	if depth >= attrDepth {
		return deepMark
	}
	switch v := v.(type) {
	case map[string]any:
		safe := make(map[string]any, len(v))
		for name, value := range v {
			own := sortOf(name)
			if of == secret || of == personal || own == plain {
				own = of
			}
			c.room -= len(name)
			safe[Scrub(name)] = c.tree(value, own, depth+1)
		}
		return safe
	case []any:
		for i := range v {
			v[i] = c.tree(v[i], of, depth+1)
		}
		return v
	case string:
		switch of {
		case secret, personal:
			return Redacted
		case learners:
			return LearnersText
		}
		return c.text(v)
	case json.Number:
		if of == secret || of == personal {
			return Redacted
		}
		if safe := Scrub(v.String()); safe != v.String() {
			return safe
		}
	}
	return v
}

// safeURL hides the user, and the values of secret names in the query.
func safeURL(u *url.URL) string {
	safe := *u
	if query := u.Query(); len(query) > 0 {
		for name, values := range query {
			if sortOf(name) != plain {
				for i := range values {
					values[i] = Redacted
				}
			}
		}
		safe.RawQuery = query.Encode()
	}
	return safe.Redacted()
}

func asTree(h http.Header) map[string]any {
	tree := make(map[string]any, len(h))
	for name, values := range h {
		list := make([]any, len(values))
		for i, value := range values {
			list[i] = value
		}
		tree[name] = list
	}
	return tree
}
