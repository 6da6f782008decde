package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// readAll reads the media, several at a time, and hands the pages to emit in
// order, each as soon as those before it are there. It returns the pages; on the
// first error, or when emit reports false, it stops the readings and waits for
// them.
func (m *Model) readAll(ctx context.Context, ask quiz.Ask, media []ai.Media, emit func(quiz.Page) bool) ([]quiz.Page, error) {
	var readers sync.WaitGroup
	defer readers.Wait()
	all := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	type outcome struct {
		page quiz.Page
		err  error
	}
	outcomes := make([]chan outcome, len(media))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	hoped := newLanguage(ask)
	var next atomic.Int64
	for range min(m.parallel, len(media)) {
		readers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(media) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				page, err := m.readOne(ctx, media[i], hoped.get())
				page.Page = ask.Pages[i]
				hoped.learn(page)
				outcomes[i] <- outcome{page, err}
			}
		})
	}
	pages := make([]quiz.Page, 0, len(media))
	for i := range outcomes {
		select {
		case <-all.Done():
			return nil, all.Err()
		case o := <-outcomes[i]:
			if o.err != nil {
				return nil, m.failed(all, fmt.Errorf("page %d: %w", ask.Pages[i], o.err))
			}
			pages = append(pages, o.page)
			if !emit(o.page) {
				return nil, nil
			}
		}
	}
	return pages, nil
}

func (m *Model) readOne(ctx context.Context, media ai.Media, lang quiz.Language) (quiz.Page, error) {
	if media.Open == nil {
		return quiz.Page{}, &ai.Error{Kind: ai.BadRequest, Provider: "offline", Model: m.Name(), Err: errors.New("a media part without Open")}
	}
	if strings.HasPrefix(media.Type, "text/plain") {
		page, err := readText(media)
		if err != nil {
			return page, &ai.Error{Kind: ai.BadRequest, Provider: "offline", Model: m.Name(), Err: err}
		}
		return page, nil
	}
	page, err := m.reader.Read(ctx, media, lang)
	if err == nil && page.Source == "" {
		page.Source = quiz.SourceOffline
	}
	if page.Unreadable != "" {
		page.Text, page.Weak = "", nil
	} else if err == nil && strings.TrimSpace(page.Text) == "" {
		page.Unreadable = NoText
	}
	return page, err
}

// readText takes a text page as it is.
func readText(media ai.Media) (quiz.Page, error) {
	const most = 1 << 20
	f, err := media.Open()
	if err != nil {
		return quiz.Page{}, fmt.Errorf("open text: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return quiz.Page{}, fmt.Errorf("read text: %w", err)
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	switch {
	case len(data) > most:
		return quiz.Page{}, errors.New("a text of more than 1 MiB")
	case !utf8.ValidString(text):
		return quiz.Page{}, errors.New("a text that is not UTF-8")
	case strings.TrimSpace(text) == "":
		return quiz.Page{Unreadable: NoText, Source: quiz.SourceText}, nil
	}
	return quiz.Page{Text: text, Language: quiz.LanguageOf(text), Source: quiz.SourceText}, nil
}

// A language is what the pages that are still to be read are hoped to be in: what
// the quiz is asked in, else what the last page was in.
type language struct {
	fixed quiz.Language
	last  atomic.Value
}

func newLanguage(ask quiz.Ask) *language {
	l := &language{fixed: ask.Language}
	for _, p := range ask.Texts {
		l.learn(p)
	}
	return l
}

func (l *language) learn(p quiz.Page) {
	if p.Language != "" {
		l.last.Store(p.Language)
	}
}

func (l *language) get() quiz.Language {
	if l.fixed != "" {
		return l.fixed
	}
	last, _ := l.last.Load().(quiz.Language)
	return last
}
