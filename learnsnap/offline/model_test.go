package offline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const magnets = `Magnets
A magnet is an object that attracts iron. Every magnet has two poles called the north pole and the south pole. Like poles repel each other and unlike poles attract each other.
The area around a magnet where its force acts is called a magnetic field. A compass needle is a small magnet that points to the north.`

const saving = `الادخار
الادخار هو الاحتفاظ بجزء من الدخل لاستخدامه في المستقبل. ويختلف الادخار عن الاكتناز، فالاكتناز هو حبس المال وعدم استثماره. تقبل المصارف أموال المدخرين وتقرضها للتجار وأصحاب المصانع، فتنشط الحياة الاقتصادية.`

// A reader is a Reader made of a function.
type readerFunc func(ctx context.Context, m ai.Media, lang quiz.Language) (quiz.Page, error)

func (f readerFunc) Read(ctx context.Context, m ai.Media, lang quiz.Language) (quiz.Page, error) {
	return f(ctx, m, lang)
}

// photo is a media part whose bytes are its name.
func photo(name string) ai.Part {
	return ai.Part{Media: &ai.Media{Type: "image/jpeg", Size: int64(len(name)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(name)), nil
	}}}
}

func nameOf(m ai.Media) string {
	f, err := m.Open()
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	data, _ := io.ReadAll(f)
	return string(data)
}

// reads makes a Reader of texts by the name of the photo.
func reads(texts map[string]quiz.Page) offline.Reader {
	return readerFunc(func(_ context.Context, m ai.Media, _ quiz.Language) (quiz.Page, error) {
		return texts[nameOf(m)], nil
	})
}

// collect returns the chunks of a reply and the error that it ended in.
func collect(m ai.Model, p ai.Prompt) (chunks []string, err error) {
	for c, e := range m.Stream(context.Background(), p) {
		if e != nil {
			return chunks, e
		}
		chunks = append(chunks, c.Text)
	}
	return chunks, nil
}

func TestAReplyIsOneObjectWithEachItemInAChunkOfItsOwn(t *testing.T) {
	model := offline.New(offline.Config{Reader: reads(map[string]quiz.Page{"one": {Text: magnets}, "two": {Text: saving}})})
	chunks, err := collect(model, ai.Prompt{
		Parts: []ai.Part{{Text: "read this"}, photo("one"), photo("two")},
		Data:  quiz.Ask{Pages: []int{4, 7}, Lesson: true, Questions: 12},
	})
	require.NoError(t, err)
	var m made
	require.NoError(t, json.Unmarshal([]byte(strings.Join(chunks, "")), &m))
	require.Len(t, chunks, 2+1+len(m.Questions)+1, "two pages, a lesson, the questions, the end")
	require.Equal(t, []int{4, 7}, []int{m.Pages[0].Page, m.Pages[1].Page})
	require.Equal(t, magnets, m.Pages[0].Text)
	require.Equal(t, quiz.SourceOffline, m.Pages[0].Source)
	require.Equal(t, "Magnets", m.Lesson.Title)
	require.Len(t, m.Questions, 12)
	requireAccepted(t, m.Pages, m.Questions)
	require.True(t, slices.ContainsFunc(m.Questions, func(q quiz.Question) bool { return q.Evidence.Page == 7 }), "both pages are asked about")
	require.True(t, strings.HasPrefix(chunks[0], `{"pages":[{"page":4,`), chunks[0])
	require.True(t, strings.HasPrefix(chunks[2], `],"lesson":{`), chunks[2])
	require.True(t, strings.HasPrefix(chunks[3], `,"questions":[{`), chunks[3])
}

func TestTheFirstPageIsShownBeforeTheLastIsRead(t *testing.T) {
	shown := make(chan struct{})
	model := offline.New(offline.Config{Parallel: 2, Reader: readerFunc(func(ctx context.Context, m ai.Media, _ quiz.Language) (quiz.Page, error) {
		if nameOf(m) == "last" {
			select {
			case <-shown:
			case <-ctx.Done():
				return quiz.Page{}, ctx.Err()
			}
		}
		return quiz.Page{Text: magnets}, nil
	})})
	first := true
	for _, err := range model.Stream(t.Context(), ai.Prompt{Parts: []ai.Part{photo("first"), photo("last")}, Data: quiz.Ask{Pages: []int{1, 2}}}) {
		require.NoError(t, err)
		if first {
			close(shown)
			first = false
		}
	}
	require.False(t, first)
}

func TestPagesComeInOrderWhicheverIsReadFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most int
		turn := make(chan struct{}, 1)
		turn <- struct{}{}
		model := offline.New(offline.Config{Parallel: 3, Reader: readerFunc(func(_ context.Context, m ai.Media, _ quiz.Language) (quiz.Page, error) {
			<-turn
			running++
			most = max(most, running)
			turn <- struct{}{}
			time.Sleep(time.Duration(10-len(nameOf(m))) * time.Second)
			<-turn
			running--
			turn <- struct{}{}
			return quiz.Page{Text: nameOf(m)}, nil
		})})
		chunks, err := collect(model, ai.Prompt{
			Parts: []ai.Part{photo("a"), photo("bb"), photo("ccc"), photo("dddd"), photo("eeeee")},
			Data:  quiz.Ask{Pages: []int{1, 2, 3, 4, 5}},
		})
		require.NoError(t, err)
		var m made
		require.NoError(t, json.Unmarshal([]byte(strings.Join(chunks, "")), &m))
		for i, want := range []string{"a", "bb", "ccc", "dddd", "eeeee"} {
			require.Equal(t, want, m.Pages[i].Text)
		}
		require.Equal(t, 3, most, "as many at a time as Config says")
	})
}

func TestAnUnreadablePageIsSaidAndTheOthersAreAskedAbout(t *testing.T) {
	model := offline.New(offline.Config{Reader: reads(map[string]quiz.Page{
		"good": {Text: magnets}, "bad": {Unreadable: offline.Blurred}, "empty": {Text: " \n"},
	})})
	chunks, err := collect(model, ai.Prompt{
		Parts: []ai.Part{photo("bad"), photo("empty"), photo("good")}, Data: quiz.Ask{Pages: []int{1, 2, 3}, Questions: 5},
	})
	require.NoError(t, err)
	var m made
	require.NoError(t, json.Unmarshal([]byte(strings.Join(chunks, "")), &m))
	require.Equal(t, offline.Blurred, m.Pages[0].Unreadable)
	require.Equal(t, offline.NoText, m.Pages[1].Unreadable)
	require.Len(t, m.Questions, 5)
	for _, q := range m.Questions {
		require.Equal(t, 3, q.Evidence.Page)
	}
}

func TestTextPagesNeedNoReader(t *testing.T) {
	part := photo("\uFEFF" + magnets)
	part.Media.Type = "text/plain; charset=utf-8"
	chunks, err := collect(offline.New(offline.Config{Reader: reads(nil)}), ai.Prompt{Parts: []ai.Part{part}, Data: quiz.Ask{Pages: []int{1}, Questions: 5}})
	require.NoError(t, err)
	var m made
	require.NoError(t, json.Unmarshal([]byte(strings.Join(chunks, "")), &m))
	require.Equal(t, magnets, m.Pages[0].Text)
	require.Equal(t, quiz.SourceText, m.Pages[0].Source)
	require.Len(t, m.Questions, 5)
}

type codedError struct{ code string }

func (e codedError) Error() string    { return "page: " + e.code }
func (e codedError) PageCode() string { return e.code }

func TestWhatAReaderFailsWithComesAsAKindAndKeepsItsCause(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		kind ai.Kind
	}{
		{"no program", codedError{"OCR_UNAVAILABLE"}, ai.Unavailable},
		{"a page that is broken", codedError{"CORRUPT_PAGE"}, ai.BadRequest},
		{"no photo", fmt.Errorf("decode: %w", image.ErrFormat), ai.BadRequest},
		{"too slow", fmt.Errorf("tesseract: %w", context.DeadlineExceeded), ai.Timeout},
		{"its own kind", &ai.Error{Kind: ai.Overloaded}, ai.Overloaded},
		{"anything", errors.New("disk on fire"), ai.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			model := offline.New(offline.Config{Parallel: 1, Reader: readerFunc(func(_ context.Context, m ai.Media, _ quiz.Language) (quiz.Page, error) {
				if nameOf(m) == "bad" {
					return quiz.Page{}, c.err
				}
				return quiz.Page{Text: magnets}, nil
			})})
			chunks, err := collect(model, ai.Prompt{Parts: []ai.Part{photo("good"), photo("bad")}, Data: quiz.Ask{Pages: []int{1, 2}}})
			require.ErrorIs(t, err, c.kind)
			require.ErrorIs(t, err, c.err)
			var e *ai.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, model.Name(), e.Model)
			require.Len(t, chunks, 1, "the page in front of it is there")
		})
	}
}

func TestAPromptWithoutAnAskIsABadRequest(t *testing.T) {
	for name, p := range map[string]ai.Prompt{
		"no data":                   {},
		"other data":                {Data: "a quiz, please"},
		"more pages than media":     {Data: quiz.Ask{Pages: []int{1}}},
		"media that has no number":  {Data: quiz.Ask{}, Parts: []ai.Part{photo("x")}},
		"a media part without Open": {Data: quiz.Ask{Pages: []int{1}}, Parts: []ai.Part{{Media: &ai.Media{Type: "image/png"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := collect(offline.New(offline.Config{Reader: reads(nil)}), p)
			require.ErrorIs(t, err, ai.BadRequest)
		})
	}
}

func TestACancelEndsEveryReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{}, 4)
	model := offline.New(offline.Config{Parallel: 2, Reader: readerFunc(func(ctx context.Context, _ ai.Media, _ quiz.Language) (quiz.Page, error) {
		started <- struct{}{}
		<-ctx.Done()
		return quiz.Page{}, ctx.Err()
	})})
	go func() {
		<-started
		<-started
		cancel()
	}()
	var ends []error
	for _, err := range model.Stream(ctx, ai.Prompt{Parts: []ai.Part{photo("a"), photo("b"), photo("c")}, Data: quiz.Ask{Pages: []int{1, 2, 3}}}) {
		ends = append(ends, err)
	}
	require.Len(t, ends, 1)
	require.ErrorIs(t, ends[0], context.Canceled)
}

func TestLeavingTheLoopStopsWhatIsStillRead(t *testing.T) {
	model := offline.New(offline.Config{Parallel: 2, Reader: readerFunc(func(ctx context.Context, m ai.Media, _ quiz.Language) (quiz.Page, error) {
		if nameOf(m) == "first" {
			return quiz.Page{Text: magnets}, nil
		}
		<-ctx.Done()
		return quiz.Page{}, ctx.Err()
	})})
	for range model.Stream(t.Context(), ai.Prompt{Parts: []ai.Part{photo("first"), photo("second")}, Data: quiz.Ask{Pages: []int{1, 2}}}) {
		break // the loop returns only when no reading is left; goleak looks again at the end
	}
}

func TestCheckAsksTheReader(t *testing.T) {
	require.NoError(t, offline.New(offline.Config{Reader: reads(nil)}).Check(t.Context()), "a Reader that can't tell passes")
	broken := offline.New(offline.Config{Reader: checkedReader{}})
	require.ErrorIs(t, ai.Check(t.Context(), broken), ai.Unavailable)
}

type checkedReader struct{}

func (checkedReader) Read(context.Context, ai.Media, quiz.Language) (quiz.Page, error) {
	return quiz.Page{}, nil
}
func (checkedReader) Check(context.Context) error { return errors.New("no program") }
