package elements_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/ai/internal/elements"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func TestScannerForgivesWhatModelsWriteAroundElements(t *testing.T) {
	one := []element{{"q", `{"n":1}`}}
	two := append(one, element{"q", `{"n":2}`})
	for name, c := range map[string]struct {
		text string
		want []element
	}{
		"text before":                {`Sure! Here is {your} quiz: {"q":[{"n":1}]}`, one},
		"a fence":                    {"```json\n{\"q\":[{\"n\":1}]}\n```", one},
		"a second object":            {`{"q":[{"n":1}]}` + "\n" + `{"q":[{"n":2}]}`, two},
		"a missing comma":            {`{"q":[{"n":1} {"n":2}]}`, two},
		"commas too many":            {`{"q":[,,{"n":1},,,{"n":2},]}`, two},
		"a comment":                  {"{\"q\":[{\"n\":1}, // it's \"good\n{\"n\":2}]}", two},
		"words between":              {`{"q":[{"n":1} and then {"n":2}]}`, two},
		"words before an object":     {"{\"lesson\": here it is {\"n\":0},\"q\":[{\"n\":1}]}", []element{{"lesson", `{"n":0}`}, {"q", `{"n":1}`}}},
		"words before an array":      {`{"q": the questions: [{"n":1}]}`, one},
		"a string that is no key":    {`{"oops" "q":[{"n":1}]}`, one},
		"a quote that is no string":  {"{\"\n\"q\":[{\"n\":1}]}", one},
		"members that are no object": {`{"a":1,"b":"}]{","c":null,"d":true,"q":["{",2,null,[{"n":0},[]],{"n":1}],"e":-1.5e3}`, one},
		"an escaped key":             {`{"\u0071":[{"n":1}]}`, one},
		"an object in an object":     {`{"lesson":{"steps":[{"n":0}]},"q":[{"n":1}]}`, []element{{"lesson", `{"steps":[{"n":0}]}`}, {"q", `{"n":1}`}}},
		"nothing":                    {``, nil},
		"an array alone":             {`[{"n":1}]`, nil},
		"a cut":                      {`{"q":[{"n":1},{"n":`, one},
	} {
		t.Run(name, func(t *testing.T) {
			for n := 1; n <= len(c.text); n++ {
				got, broken := scan(t, c.text, n)
				require.Equal(t, c.want, got, "in pieces of %d", n)
				require.Zero(t, broken)
			}
		})
	}
}

func TestScannerKeepsLittleOfALongKey(t *testing.T) {
	got, _ := scan(t, `{"`+strings.Repeat("k", 5000)+`":{}}`, 7)
	require.Len(t, got, 1)
	require.Less(t, len(got[0].key), 300)
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
	got, broken := scan(t, `{"questions":[{"q":1,},{"q":tru},{"q":2},{"q":"`+"\xff"+`"},{"q":[1}]},{"q":"\x"},{"q":3}]}`, 3)
	require.Equal(t, []element{{"questions", `{"q":2}`}, {"questions", `{"q":3}`}}, got)
	require.Equal(t, 5, broken)
}

func TestScannerBoundsAnElement(t *testing.T) {
	s := elements.Scanner{Limit: 1000}
	found := func(string, []byte, error) bool { return true }
	err := s.Write([]byte(`{"q":[{"a":"`+strings.Repeat("x", 2000)), found)
	require.ErrorIs(t, err, elements.ErrTooLarge)

	s = elements.Scanner{Limit: 1000}
	require.NoError(t, s.Write([]byte(`{"text":"`+strings.Repeat("x", 2000)+`","q":[[{"`+strings.Repeat("y", 2000)+`":0}],`), found),
		"what is passed over is not kept and has no bound")
}

func TestScannerStopsWhenToldTo(t *testing.T) {
	var s elements.Scanner
	found := 0
	require.NoError(t, s.Write([]byte(`{"q":[{},{},{}]}`), func(string, []byte, error) bool { found++; return found < 2 }))
	require.Equal(t, 2, found)
}

// oracle returns the elements of a text that is one valid JSON object, as
// encoding/json sees them.
func oracle(t testing.TB, text string) (found []element, valid bool) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') || !json.Valid([]byte(text)) {
		return nil, false
	}
	for d.More() {
		key, err := d.Token()
		require.NoError(t, err)
		var value json.RawMessage
		require.NoError(t, d.Decode(&value))
		var members []json.RawMessage
		switch value[0] {
		case '{':
			members = []json.RawMessage{value}
		case '[':
			require.NoError(t, json.Unmarshal(value, &members))
		}
		for _, m := range members {
			if m[0] == '{' {
				found = append(found, element{key.(string), string(m)})
			}
		}
	}
	return found, true
}

// scanRandomly reads a text in pieces of random size.
func scanRandomly(t testing.TB, text string, seed uint64) (found []element) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	s := elements.Scanner{Limit: 1 << 20}
	for rest := text; rest != ""; {
		piece := rest[:1+rng.IntN(min(len(rest), 40))]
		rest = rest[len(piece):]
		require.NoError(t, s.Write([]byte(piece), func(key string, e []byte, err error) bool {
			if err == nil {
				found = append(found, element{key, string(e)})
			}
			return true
		}))
	}
	return found
}

// FuzzScanner compares with encoding/json. Of every valid JSON object the same
// elements are found, wherever it is cut. Of anything else, what is handed over is
// valid JSON, and where it is cut makes no difference.
func FuzzScanner(f *testing.F) {
	f.Add(`{"pages":[{"a":1},{"b":"x"}],"lesson":{"c":[{}]}}`, uint64(1))
	f.Add(`{"a":"\u0041\"","b":{},"c":[[{}],{},"s",1]}`, uint64(3))
	f.Add("```json\n{\"q\":[{}]}", uint64(7))
	f.Add(`{"k\n":[{"\\\"":"\\"},{"م":"\ud83d\ude00 😀"}]}`, uint64(9))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		got := scanRandomly(t, text, seed)
		whole, _ := scan(t, text, len(text)+1)
		require.Equal(t, whole, got, "where it is cut makes no difference")
		for _, e := range got {
			require.True(t, json.Valid([]byte(e.json)))
		}
		if !utf8.ValidString(text) || len(text) > 256 || strings.Count(text, "{")+strings.Count(text, "[") > 200 {
			return // stricter than encoding/json, and keys and depth are bounded
		}
		if want, valid := oracle(t, text); valid {
			require.Equal(t, want, got)
		}
	})
}

func TestScannerFindsWhatEncodingJSONFinds(t *testing.T) {
	for seed := range uint64(3000) {
		text := object(rand.New(rand.NewPCG(seed, 2)), 3)
		want, valid := oracle(t, text)
		require.True(t, valid, "seed %d: %s", seed, text)
		require.Equal(t, want, scanRandomly(t, text, seed), "seed %d: %s", seed, text)
	}
}

// object writes a random JSON object.
func object(rng *rand.Rand, depth int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range rng.IntN(4) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(blank(rng) + quoted(rng) + blank(rng) + ":" + blank(rng) + randomValue(rng, depth) + blank(rng))
	}
	return b.String() + "}"
}

func randomValue(rng *rand.Rand, depth int) string {
	switch n := rng.IntN(7); {
	case n < 2 && depth > 0:
		return object(rng, depth-1)
	case n < 5 && depth > 0:
		var members []string
		for range rng.IntN(4) {
			members = append(members, blank(rng)+randomValue(rng, depth-1)+blank(rng))
		}
		return "[" + strings.Join(members, ",") + "]"
	case n == 5:
		return quoted(rng)
	}
	return []string{"0", "-1.5e+3", "true", "false", "null"}[rng.IntN(5)]
}

func quoted(rng *rand.Rand) string {
	var b strings.Builder
	b.WriteByte('"')
	for range rng.IntN(6) {
		b.WriteString([]string{"a", `\"`, `\\`, `\n`, `\u0041`, `\ud83d\ude00`, "م", "😀", "{", "}", "[", "]", ",", ":"}[rng.IntN(14)])
	}
	return b.String() + `"`
}

func blank(rng *rand.Rand) string { return []string{"", "", " ", "\n\t"}[rng.IntN(4)] }

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
	arabic := strings.NewReplacer("What is number", "ما هو رقم", "of the things that stand on the page", "من الأشياء التي في الصفحة",
		"The page says so in its", "تقول الصفحة ذلك في", "sentence, which is quoted below", "جملة، وهي منقولة أدناه").Replace(reply(60))
	for _, c := range []struct {
		name, text string
		piece      int
	}{
		{"English/100B", reply(60), 100},
		{"English/4KiB", reply(60), 4096},
		{"Arabic/100B", arabic, 100},
		{"passed over", `{"thoughts":"` + strings.Repeat("thinking ", 4000) + `"}`, 100},
	} {
		b.Run(c.name, func(b *testing.B) {
			text := []byte(c.text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				s := elements.Scanner{Limit: 1 << 20}
				for rest := text; len(rest) > 0; {
					piece := rest[:min(c.piece, len(rest))]
					rest = rest[len(piece):]
					if err := s.Write(piece, func(string, []byte, error) bool { return true }); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
