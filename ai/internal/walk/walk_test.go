package walk_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
)

func TestWalkFindsWhatIsThere(t *testing.T) {
	v, err := walk.Value([]byte(` {"a": "x", "b": [1, {"c": "q\"\u0645"}], "n": -12, "f": 3.9, "z": null, "a": "last"} `))
	require.NoError(t, err)
	require.Equal(t, "last", walk.Text(walk.Find(v, "a")))
	require.Equal(t, -12, walk.Int(walk.Find(v, "n")))
	require.Equal(t, 3, walk.Int(walk.Find(v, "f")))
	require.True(t, walk.Null(walk.Find(v, "z")) && walk.Null(walk.Find(v, "missing")))
	var elements []string
	walk.Elements(walk.Find(v, "b"), func(e []byte) bool { elements = append(elements, string(e)); return true })
	require.Equal(t, []string{"1", `{"c": "q\"\u0645"}`}, elements)
	require.Equal(t, "q\"م", walk.Text(walk.Find([]byte(elements[1]), "c")))
	require.True(t, walk.Is([]byte(`"stop"`), "stop"))
	require.Nil(t, walk.Find([]byte(`[1]`), "a"))
	require.Equal(t, "", walk.Text([]byte(`7`)))
	require.Equal(t, 0, walk.Int([]byte(`"7"`)))
}

// FuzzValue compares with encoding/json: the same bytes are valid, and the same
// members are found.
func FuzzValue(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[1,2.5e-3,"\u0000",{}]`, ` null `, `{"a":{"b":[true,false]},"c":"é\n"}`, `01`, `{"a" 1}`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := walk.Value(data)
		if len(data) > 1000 { // nesting is bounded here
			return
		}
		require.Equal(t, json.Valid(data) && utf8.Valid(data), err == nil)
		if err != nil {
			return
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(v, &object) == nil {
			for key, want := range object {
				if plain, _ := json.Marshal(key); len(plain) == len(key)+2 && utf8.ValidString(key) {
					if got := walk.Find(v, key); got != nil {
						require.Equal(t, string(want), string(got))
					}
				}
			}
		}
		var array []json.RawMessage
		if json.Unmarshal(v, &array) == nil && len(array) > 0 {
			i := 0
			walk.Elements(v, func(e []byte) bool { require.Equal(t, string(array[i]), string(e)); i++; return true })
			require.Len(t, array, i)
		}
		var s string
		if len(v) > 0 && v[0] == '"' && json.Unmarshal(v, &s) == nil {
			require.Equal(t, s, walk.Text(v))
		}
	})
}

func BenchmarkFind(b *testing.B) {
	chunk := []byte(`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1777319809,"model":"gpt-6-luna","choices":[{"index":0,"delta":{"content":"a piece of text"},"finish_reason":null}],"usage":null}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		v, err := walk.Value(chunk)
		if err != nil || walk.Find(v, "choices") == nil {
			b.Fatal(err)
		}
	}
}
