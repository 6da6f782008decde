package intake_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/intake"
)

func TestJSONGivesPagesAndOptionsInAnyOrder(t *testing.T) {
	photo := strings.Repeat("\x00\xffphoto", 1000)
	std, url := base64.StdEncoding.EncodeToString([]byte(photo)), base64.RawURLEncoding.EncodeToString([]byte(photo))
	for _, c := range []struct {
		name, body string
		pages      []string
		want       intake.Options
	}{
		{"nothing", ` { } `, nil, intake.Options{}},
		{"options behind the pages", `{"images":["` + std + `"],"questions":10,"language":"ar"}`, []string{photo}, intake.Options{Questions: 10, Language: "ar"}},
		{"options before the pages", `{"types":["matching","true_false"],"skipUnreadable":true,"images":["` + std + `"]}`, []string{photo},
			intake.Options{Types: []string{"matching", "true_false"}, SkipUnreadable: true}},
		{"other alphabet, no padding", `{"images":["` + url + `"]}`, []string{photo}, intake.Options{}},
		{"a data URL", `{"images":["data:image/jpeg;base64,` + std + `"]}`, []string{photo}, intake.Options{}},
		{"escaped slashes and line breaks", `{"images":["` + strings.ReplaceAll(std, "/", `\/`)[:40] + `\r\n` + strings.ReplaceAll(std, "/", `\/`)[40:] + `"]}`, []string{photo}, intake.Options{}},
		{"texts and images count on", `{"texts":["one"],"images":["` + std + `"],"texts":["\u0661 \ud83c\udf3f \"ok\"\n"]}`, []string{"one", photo, "١ 🌿 \"ok\"\n"}, intake.Options{}},
		{"null is not there", `{"images":null,"questions":null,"types":null,"texts":["x"]}`, []string{"x"}, intake.Options{}},
		{"no images", `{"images":[]}`, nil, intake.Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages, options, err := fromJSON(strings.NewReader(c.body))
			require.NoError(t, err)
			require.Equal(t, c.pages, pages)
			require.Equal(t, c.want, options)

			// However the bytes arrive.
			pages, options, err = fromJSON(iotest.OneByteReader(strings.NewReader(c.body)))
			require.NoError(t, err)
			require.Equal(t, c.pages, pages)
			require.Equal(t, c.want, options)
		})
	}
}

func TestJSONSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       intake.Error
	}{
		{"empty", ``, intake.Error{Fault: intake.Malformed}},
		{"junk", `hello`, intake.Error{Fault: intake.Malformed}},
		{"an array", `[]`, intake.Error{Fault: intake.Malformed}},
		{"cut", `{"images":["aGVsbG8`, intake.Error{Fault: intake.Malformed}},
		{"cut in an escape", `{"texts":["\u06`, intake.Error{Fault: intake.Malformed}},
		{"something behind", `{"texts":["x"]} x`, intake.Error{Fault: intake.Malformed}},
		{"a comma too many", `{"texts":["x"],}`, intake.Error{Fault: intake.Malformed}},
		{"a line break in a string", "{\"texts\":[\"a\nb\"]}", intake.Error{Fault: intake.Malformed}},
		{"an unknown escape", `{"texts":["\x41"]}`, intake.Error{Fault: intake.Malformed}},
		{"a field that is not known", `{"image":["x"]}`, intake.Error{Fault: intake.UnknownField, Field: "image"}},
		{"a very long name", `{"` + strings.Repeat("a", 5000) + `":1}`, intake.Error{Fault: intake.UnknownField, Field: strings.Repeat("a", 64)}},
		{"bad base64", `{"images":["aGVsbG8=","not base64!"]}`, intake.Error{Fault: intake.BadBase64, Page: 2}},
		{"base64 that ends early", `{"images":["aGVsbG8gd"]}`, intake.Error{Fault: intake.BadBase64, Page: 1}},
		{"base64 behind its padding", `{"images":["aGVsbG8=aGVsbG8="]}`, intake.Error{Fault: intake.BadBase64, Page: 1}},
		{"an address", `{"images":["data:text/html,x"]}`, intake.Error{Fault: intake.BadBase64, Page: 1}},
		{"pages that are none", `{"images":"aGVsbG8="}`, intake.Error{Fault: intake.BadValue, Field: "images"}},
		{"a page that is none", `{"texts":[1]}`, intake.Error{Fault: intake.BadValue, Field: "texts"}},
		{"too many questions", `{"questions":51}`, intake.Error{Fault: intake.BadValue, Field: "questions"}},
		{"half a question", `{"questions":5.5}`, intake.Error{Fault: intake.BadValue, Field: "questions"}},
		{"questions as a text", `{"questions":"10"}`, intake.Error{Fault: intake.BadValue, Field: "questions"}},
		{"a number with a leading zero", `{"questions":010}`, intake.Error{Fault: intake.Malformed}},
		{"an unknown language", `{"language":"fr"}`, intake.Error{Fault: intake.BadValue, Field: "language"}},
		{"an unknown type", `{"types":["essay"]}`, intake.Error{Fault: intake.BadValue, Field: "types"}},
		{"a number for a switch", `{"skipUnreadable":1}`, intake.Error{Fault: intake.BadValue, Field: "skipUnreadable"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := fromJSON(strings.NewReader(c.body))
			requireFault(t, c.want, err)
		})
	}
}

func TestMultipartGivesPagesAndOptionsInAnyOrder(t *testing.T) {
	body, boundary := multipartBody(t, func(w *multipart.Writer) {
		require.NoError(t, w.WriteField("questions", "10"))
		file(t, w, "pages", "page1.jpg", "first")
		require.NoError(t, w.WriteField("types", "matching, true_false"))
		file(t, w, "pages", "page2.jpg", "second\r\n--not the boundary")
		require.NoError(t, w.WriteField("pages", "a text"))
		file(t, w, "pages", "", "") // a browser's empty field
		require.NoError(t, w.WriteField("types", "fill_blank"))
		require.NoError(t, w.WriteField("language", ""))
		require.NoError(t, w.WriteField("skipUnreadable", "true"))
	})
	pages, options, err := fromMultipart(bytes.NewReader(body), boundary)
	require.NoError(t, err)
	require.Equal(t, []string{"first", "second\r\n--not the boundary", "a text"}, pages)
	require.Equal(t, intake.Options{Questions: 10, Types: []string{"matching", "true_false", "fill_blank"}, SkipUnreadable: true}, options)
}

func TestMultipartSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(t *testing.T, w *multipart.Writer)
		want  intake.Error
	}{
		{"a photo under a wrong name", func(t *testing.T, w *multipart.Writer) { file(t, w, "photo", "a.jpg", "x") },
			intake.Error{Fault: intake.UnknownField, Field: "photo"}},
		{"an unknown field", func(t *testing.T, w *multipart.Writer) { require.NoError(t, w.WriteField("question", "10")) },
			intake.Error{Fault: intake.UnknownField, Field: "question"}},
		{"no number", func(t *testing.T, w *multipart.Writer) { require.NoError(t, w.WriteField("questions", "ten")) },
			intake.Error{Fault: intake.BadValue, Field: "questions"}},
		{"too few questions", func(t *testing.T, w *multipart.Writer) { require.NoError(t, w.WriteField("questions", "4")) },
			intake.Error{Fault: intake.BadValue, Field: "questions"}},
		{"a long value", func(t *testing.T, w *multipart.Writer) {
			require.NoError(t, w.WriteField("language", strings.Repeat("ar", 1000)))
		}, intake.Error{Fault: intake.BadValue, Field: "language"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, boundary := multipartBody(t, func(w *multipart.Writer) { c.write(t, w) })
			_, _, err := fromMultipart(bytes.NewReader(body), boundary)
			requireFault(t, c.want, err)
		})
	}
}

func TestMultipartThatIsCutAnywhereIsMalformed(t *testing.T) {
	body, boundary := multipartBody(t, func(w *multipart.Writer) { file(t, w, "pages", "a.jpg", "the page") })
	whole := bytes.LastIndex(body, []byte("--")) + 2
	for cut := range whole {
		_, _, err := fromMultipart(bytes.NewReader(body[:cut]), boundary)
		require.Error(t, err, "cut to %q", body[:cut])
		requireFault(t, intake.Error{Fault: intake.Malformed}, err)
	}
}

func TestErrorsOfReadingAndOfThePageComeBackAsTheyAre(t *testing.T) {
	gone := errors.New("the client is gone")
	form, boundary := multipartBody(t, func(w *multipart.Writer) { file(t, w, "pages", "a.jpg", "the page") })
	object := []byte(`{"texts":["the page"]}`)
	for cut := range len(object) {
		_, _, err := fromJSON(io.MultiReader(bytes.NewReader(object[:cut]), iotest.ErrReader(gone)))
		require.Equal(t, gone, err)
	}
	for cut := range len(form) - 4 {
		_, _, err := fromMultipart(io.MultiReader(bytes.NewReader(form[:cut]), iotest.ErrReader(gone)), boundary)
		require.Equal(t, gone, err)
	}
	full := errors.New("the disk is full")
	refuse := func(int, io.Reader) error { return full }
	_, err := intake.JSON(bytes.NewReader(object), refuse)
	require.Equal(t, full, err)
	_, err = intake.Multipart(bytes.NewReader(form), boundary, refuse)
	require.Equal(t, full, err)
}

func TestPageThatIsNotReadIsPassedOver(t *testing.T) {
	var read []string
	second := func(number int, r io.Reader) error {
		if number == 1 {
			return nil
		}
		content, err := io.ReadAll(r)
		read = append(read, string(content))
		return err
	}
	_, err := intake.JSON(strings.NewReader(`{"texts":["a \"long\" one","two"]}`), second)
	require.NoError(t, err)
	body, boundary := multipartBody(t, func(w *multipart.Writer) {
		file(t, w, "pages", "a.jpg", strings.Repeat("x", 100_000))
		file(t, w, "pages", "b.jpg", "two")
	})
	_, err = intake.Multipart(bytes.NewReader(body), boundary, second)
	require.NoError(t, err)
	require.Equal(t, []string{"two", "two"}, read)
}

func TestLargePageIsNeverHeld(t *testing.T) {
	const size = 8 << 20
	object := func() io.Reader {
		return io.MultiReader(strings.NewReader(`{"images":["`), io.LimitReader(letterA{}, size), strings.NewReader(`"]}`))
	}
	read := func() {
		_, err := intake.JSON(object(), func(_ int, r io.Reader) error {
			n, err := io.Copy(io.Discard, r)
			require.EqualValues(t, size/4*3, n)
			return err
		})
		require.NoError(t, err)
	}
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read()
		}
	}).AllocedBytesPerOp()
	require.Less(t, allocated, int64(256<<10))
}

// letterA is an endless base64 text.
type letterA struct{}

func (letterA) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

func collect(pages *[]string) intake.Page {
	return func(number int, r io.Reader) error {
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if *pages = append(*pages, string(content)); len(*pages) != number {
			return fmt.Errorf("page %d is number %d", len(*pages), number)
		}
		return nil
	}
}

func fromJSON(r io.Reader) (pages []string, o intake.Options, err error) {
	o, err = intake.JSON(r, collect(&pages))
	return pages, o, err
}

func fromMultipart(r io.Reader, boundary string) (pages []string, o intake.Options, err error) {
	o, err = intake.Multipart(r, boundary, collect(&pages))
	return pages, o, err
}

func multipartBody(t *testing.T, write func(w *multipart.Writer)) (body []byte, boundary string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	write(w)
	require.NoError(t, w.Close())
	return b.Bytes(), w.Boundary()
}

func file(t *testing.T, w *multipart.Writer, field, name, content string) {
	t.Helper()
	part, err := w.CreateFormFile(field, name)
	require.NoError(t, err)
	_, err = io.WriteString(part, content)
	require.NoError(t, err)
}

func requireFault(t *testing.T, want intake.Error, err error) {
	t.Helper()
	var got *intake.Error
	require.ErrorAs(t, err, &got)
	require.Equal(t, want, intake.Error{Fault: got.Fault, Field: got.Field, Page: got.Page}, "%v", err)
}
