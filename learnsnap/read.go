package learnsnap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// takeTexts takes the pages that were sent as text: they go to no model for
// reading.
func (g *generation) takeTexts(ctx context.Context) error {
	for _, n := range g.unread() {
		if !isText(g.request.Pages[n-1].Type) {
			continue
		}
		page, err := g.readText(ctx, n)
		if err != nil {
			return err
		}
		g.finish(ctx, Item{Kind: PageItem, Page: page})
		if !g.flush() {
			return nil
		}
	}
	return nil
}

// readText reads a page that was sent as text.
func (g *generation) readText(ctx context.Context, n int) (*quiz.Page, error) {
	m, failed := g.preparePage(ctx, n)
	if failed != nil {
		return nil, failed
	}
	if _, params, _ := mime.ParseMediaType(m.Type); !isUTF8(params["charset"]) {
		return nil, pageError(n, UnsupportedPage, errors.New("a text in another encoding than UTF-8"))
	}
	r, err := m.Open()
	if err != nil {
		return nil, pageError(n, Internal, fmt.Errorf("open: %w", err))
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, MaxTextBytes+1))
	switch {
	case err != nil:
		return nil, pageError(n, Internal, fmt.Errorf("read: %w", err))
	case len(raw) > MaxTextBytes:
		return nil, pageError(n, PageTooLarge, nil)
	case !utf8.Valid(raw):
		return nil, pageError(n, UnsupportedPage, errors.New("a text in another encoding than UTF-8"))
	}
	page := &quiz.Page{Page: n, Text: unwrap(cleanText(string(raw))), Confidence: 1, Source: quiz.SourceText}
	settle(page)
	return page, nil
}

func isUTF8(charset string) bool {
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii":
		return true
	}
	return false
}

// prepare brings the pages that still have to be read to what models take, as many
// at a time as there are cores. The error names all pages that failed in the way
// of the first.
func (g *generation) prepare(ctx context.Context) error {
	numbers := g.unread()
	media := make([]ai.Media, len(numbers))
	failed := make([]*Error, len(numbers))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(numbers)) {
		workers.Go(func() {
			for i := range next {
				media[i], failed[i] = g.preparePage(ctx, numbers[i])
			}
		})
	}
	for i := range numbers {
		next <- i
	}
	close(next)
	workers.Wait()

	var first *Error
	for i, n := range numbers {
		switch err := failed[i]; {
		case err == nil:
			g.media[n] = media[i]
		case first == nil:
			first = err
		case err.Code == first.Code:
			first.Pages = append(first.Pages, n)
		}
	}
	if first != nil {
		return first
	}
	return nil
}

// preparePage prepares one page. A panic in a decoder is that page's error.
func (g *generation) preparePage(ctx context.Context, n int) (m ai.Media, failed *Error) {
	m = g.request.Pages[n-1]
	if g.engine.config.Prepare == nil {
		return m, nil
	}
	if err := ctx.Err(); err != nil {
		return ai.Media{}, pageError(n, Unavailable, err)
	}
	defer func() {
		if r := recover(); r != nil {
			failed = pageError(n, Internal, fmt.Errorf("panic: %v", r))
		}
	}()
	m, err := g.engine.config.Prepare(ctx, m)
	if err != nil {
		return ai.Media{}, pageError(n, Internal, err)
	}
	return m, nil
}

// pageError is an error about one page. It has the code that err brings along, or
// else the one given.
func pageError(n int, code Code, err error) *Error {
	if own, ok := pageCode(err); ok {
		code = own
	}
	var pages []int
	if e := (*Error)(nil); errors.As(err, &e) {
		pages, err = slices.Clone(e.Pages), e.Err
	}
	if len(pages) == 0 {
		pages = []int{n}
	}
	return &Error{Code: code, Pages: pages, Err: err}
}
