package intake_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/intake"
)

// FuzzJSON has encoding/json as its oracle: what is taken is valid JSON, and says
// the same.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"images":["aGVsbG8=","data:image/png;base64,aGVsbG8"],"questions":20}`,
		`{"texts":["\u0627\ud83c\udf3f\n","\ud800"],"language":"ar","types":["true_false"],"skipUnreadable":true}`,
		`{"images":[],"texts":null,"questions":-0}`, `{"texts":["a\\\/\b"]} `, `{"texts":["\ud83c\u0041"]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		pages, options, err := fromJSON(bytes.NewReader(body))
		if err != nil {
			return
		}
		var want struct {
			Images, Texts  []string
			Questions      int
			Language       string
			Types          []string
			SkipUnreadable bool
		}
		require.NoError(t, json.Unmarshal(body, &want))
		if !utf8.Valid(body) || repeats(body) {
			return // the oracle repairs what we leave to whoever looks at the page
		}
		require.Equal(t, want.Questions, options.Questions)
		require.Equal(t, want.Language, options.Language)
		require.Equal(t, want.SkipUnreadable, options.SkipUnreadable)
		for _, wanted := range want.Types {
			require.Contains(t, options.Types, wanted)
		}
		expected := want.Texts
		for _, image := range want.Images {
			expected = append(expected, decode(t, image))
		}
		slices.Sort(expected)
		slices.Sort(pages)
		require.Equal(t, strings.Join(expected, "|"), strings.Join(pages, "|"))
	})
}

// repeats reports whether a member may stand twice: then the oracle takes the last
// one, and we every page.
func repeats(body []byte) bool {
	for _, name := range []string{`"images"`, `"texts"`, `"questions"`, `"language"`, `"types"`, `"skipUnreadable"`} {
		if bytes.Count(body, []byte(name)) > 1 {
			return true
		}
	}
	return bytes.Contains(body, []byte(`\u`)) && bytes.Count(body, []byte(`:`)) > 1 // an escaped name
}

// decode is the slow way.
func decode(t *testing.T, image string) string {
	if strings.HasPrefix(image, "data:") {
		_, image, _ = strings.Cut(image, ",")
	}
	image = strings.NewReplacer("-", "+", "_", "/", "=", "", "\n", "", "\r", "", " ", "", "\t", "").Replace(image)
	content, err := base64.RawStdEncoding.DecodeString(image)
	require.NoError(t, err)
	return string(content)
}

// FuzzMultipart checks that a form is read to its end or refused in words, and
// that a page is what stands in the body.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"pages\"; filename=\"a\"\r\n\r\nhello\r\n--b--\r\n"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"questions\"\r\n\r\n20\r\n--b\r\nContent-Disposition: form-data; name=pages\r\n\r\nx\r\n--b--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		pages, options, err := fromMultipart(bytes.NewReader(body), "b")
		if err != nil {
			var fault *intake.Error
			require.ErrorAs(t, err, &fault)
			return
		}
		for _, page := range pages {
			require.Contains(t, string(body), page)
		}
		require.True(t, options.Questions == 0 || options.Questions >= 5 && options.Questions <= 50)
	})
}
