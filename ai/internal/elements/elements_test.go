package elements_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/internal/elements"
)

type element struct{ key, json string }

// scan reads a text in pieces of n bytes.
func scan(t testing.TB, text string, n int) (found []element, broken int) {
	t.Helper()
	s := elements.Scanner{Limit: 1 << 20}
	for rest := text; rest != ""; {
		piece := rest[:min(n, len(rest))]
		rest = rest[len(piece):]
		require.NoError(t, s.Write([]byte(piece), func(key string, e []byte, err error) bool {
			if err != nil {
				broken++
			} else {
				found = append(found, element{key, string(e)})
			}
			return true
		}))
	}
	return found, broken
}

func TestScannerFindsElementsWhereverTheTextIsCut(t *testing.T) {
	const reply = `{"pages":[{"page":1,"text":"\"a\" {b} [c] \\ é م"} , {"page":2,"nested":{"x":[{}]}}],"lesson":{"title":"t"},"n":-1.5e3,"s":"x\"{","none":null,"questions":[1,"}",[{"no":1}],{"q":1}],"empty":[]}`
	want := []element{
		{"pages", `{"page":1,"text":"\"a\" {b} [c] \\ é م"}`}, {"pages", `{"page":2,"nested":{"x":[{}]}}`},
		{"lesson", `{"title":"t"}`}, {"questions", `{"q":1}`},
	}
	for name, text := range map[string]string{
		"plain":   reply,
		"fenced":  "Here you are:\n```json\n" + reply + "\n```\nEnjoy {it}.",
		"remarks": strings.ReplaceAll(reply, ` , {`, "\n// next\n,,{"),
	} {
		for n := 1; n <= len(text); n++ {
			got, broken := scan(t, text, n)
			require.Equal(t, want, got, "%s in pieces of %d", name, n)
			require.Zero(t, broken)
		}
	}
}

func TestScannerHandsAnElementOverWithItsBrace(t *testing.T) {
	var s elements.Scanner
	found := 0
	for _, c := range []byte(`{"questions":[{"q":1}`) {
		require.NoError(t, s.Write([]byte{c}, func(string, []byte, error) bool { found++; return true }))
	}
	require.Equal(t, 1, found, "neither the comma nor the bracket is waited for")
}

func TestScannerTellsBrokenElements(t *testing.T) {
	got, broken := scan(t, `{"questions":[{"q":1,},{"q":tru},{"q":2},{"q":"`+"\xff"+`"}]}`, 3)
	require.Equal(t, []element{{"questions", `{"q":2}`}}, got)
	require.Equal(t, 3, broken)
}

func TestScannerBoundsAnElement(t *testing.T) {
	s := elements.Scanner{Limit: 1000}
	err := s.Write([]byte(`{"q":[{"a":"`+strings.Repeat("x", 2000)), func(string, []byte, error) bool { return true })
	require.ErrorIs(t, err, elements.ErrTooLarge)
}

func TestScannerStopsWhenToldTo(t *testing.T) {
	var s elements.Scanner
	found := 0
	require.NoError(t, s.Write([]byte(`{"q":[{},{},{}]}`), func(string, []byte, error) bool { found++; return found < 2 }))
	require.Equal(t, 2, found)
}

// FuzzScanner compares with encoding/json: of every valid object the same elements
// are found, wherever it is cut, and nothing makes the scanner fail.
func FuzzScanner(f *testing.F) {
	f.Add(`{"pages":[{"a":1},{"b":"x"}],"lesson":{"c":[{}]}}`, uint8(1))
	f.Add(`{"a":"\u0041\"","b":{},"c":[[{}],{},"s",1]}`, uint8(3))
	f.Add("```json\n{\"q\":[{}]}", uint8(7))
	f.Fuzz(func(t *testing.T, text string, cut uint8) {
		got, _ := scan(t, text, int(cut)+1)
		if whole, _ := scan(t, text, len(text)+1); len(whole) > 0 {
			require.Equal(t, whole, got, "where it is cut makes no difference")
		}
		if !utf8.ValidString(text) {
			return
		}
		var want []element
		d := json.NewDecoder(strings.NewReader(text))
		open, err := d.Token()
		if err != nil || open != json.Delim('{') {
			return
		}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return
			}
			var value json.RawMessage
			if d.Decode(&value) != nil {
				return
			}
			name, err := json.Marshal(key)
			if err != nil || len(name) != len(key.(string))+2 || len(name) > 200 {
				return // keys with escapes are kept as written
			}
			var members []json.RawMessage
			if value[0] == '{' {
				members = []json.RawMessage{value}
			} else if value[0] == '[' {
				require.NoError(t, json.Unmarshal(value, &members))
			}
			for _, m := range members {
				if m[0] == '{' {
					want = append(want, element{key.(string), string(m)})
				}
			}
		}
		if _, err := d.Token(); err != nil || strings.TrimSpace(text[d.InputOffset():]) != "" {
			return
		}
		require.Equal(t, want, got)
	})
}

func reply(items int) string {
	var b strings.Builder
	b.WriteString(`{"questions":[`)
	for i := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"multiple_choice","question":"What is number %d of the things that stand on the page?","options":["first","second","third","fourth"],"correct":"B","explanation":"The page says so in its %d-th sentence, which is quoted below.","evidence":{"text":"This sentence stands on the page as number %d.","page":1,"confidence":0.9}}`, i, i, i)
	}
	b.WriteString("]}")
	return b.String()
}

func BenchmarkScanner(b *testing.B) {
	text := []byte(reply(60))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s := elements.Scanner{Limit: 1 << 20}
		for rest := text; len(rest) > 0; {
			piece := rest[:min(100, len(rest))]
			rest = rest[len(piece):]
			if err := s.Write(piece, func(string, []byte, error) bool { return true }); err != nil {
				b.Fatal(err)
			}
		}
	}
}
