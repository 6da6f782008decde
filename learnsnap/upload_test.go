package learnsnap_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
)

func TestUploadsTakeOnlyPages(t *testing.T) {
	torn := errors.New("connection lost")
	inspect := func(_ context.Context, r io.Reader) (string, error) {
		body, err := io.ReadAll(r)
		if bytes.Contains(body, []byte("damaged")) {
			return "", coded("CORRUPT_PAGE")
		}
		return "image/png", err
	}
	for _, c := range []struct {
		name    string
		page    io.Reader
		inspect bool
		code    learnsnap.Code
	}{
		{"nothing", strings.NewReader(""), true, learnsnap.EmptyPage},
		{"6 MiB and a byte", io.LimitReader(zeros{}, 6<<20+1), true, learnsnap.PageTooLarge},
		{"a stream without end", zeros{}, true, learnsnap.PageTooLarge},
		{"what the inspection refuses", strings.NewReader("damaged"), true, learnsnap.CorruptPage},
		{"a reader that breaks", io.MultiReader(strings.NewReader("half"), errorReader{torn}), true, learnsnap.InvalidRequest},
		{"a reader with an error of ours", errorReader{&learnsnap.Error{Code: learnsnap.BodyTooLarge}}, true, learnsnap.BodyTooLarge},
		{"a text that is a book", strings.NewReader(strings.Repeat("word ", 60_000)), false, learnsnap.PageTooLarge},
		{"neither an image nor text", strings.NewReader("\x00\x01\x02\x03"), false, learnsnap.UnsupportedPage},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, goodModel(), func(s *learnsnap.ServiceConfig) {
				if c.inspect {
					s.Inspect = inspect
				}
			})
			u := h.Upload("owner")
			require.NoError(t, u.Add(t.Context(), strings.NewReader("\xFF\xD8\xFF good")))
			err := u.Add(t.Context(), c.page)
			var failed *learnsnap.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, c.code, failed.Code, "%v", err)
			require.Equal(t, []int{2}, failed.Pages)
			require.NoError(t, u.Close())
			require.Empty(t, h.blobs())
			require.Empty(t, h.ledger())
		})
	}
}

func TestUploadsOfAllKindsAreKnownByTheirFirstBytes(t *testing.T) {
	model := goodModel()
	h := newHouse(t, model, func(c *learnsnap.ServiceConfig) { c.FreePages = -1 })
	u := h.Upload("owner")
	for _, page := range []string{
		"\xFF\xD8\xFF\xE0 jpeg", "\x89PNG\r\n\x1A\n png", "RIFF....WEBPVP8 ", "\x00\x00\x00\x18ftypheic", pageText(5), strings.Repeat("ا", 400) + "ب",
	} {
		require.NoError(t, u.Add(t.Context(), strings.NewReader(page)))
	}
	made, err := u.Create(t.Context(), learnsnap.Options{Questions: 5})
	require.NoError(t, err)
	_, err = u.Create(t.Context(), learnsnap.Options{Questions: 5})
	require.Equal(t, learnsnap.InvalidRequest, learnsnap.CodeOf(err), "once")
	require.NoError(t, u.Close(), "does nothing any more")
	require.Len(t, h.blobs(), 6)
	h.run()
	h.ended(made.ID)
	var types []string
	for _, p := range model.Prompts()[0].Parts {
		if p.Media != nil {
			types = append(types, p.Media.Type)
		}
	}
	require.Equal(t, []string{"image/jpeg", "image/png", "image/webp", "image/heic"}, types)
	require.Equal(t, []int{1, 2, 3, 4}, askOf(model.Prompts()[0]).Pages)
}

func TestUploadsHaveBounds(t *testing.T) {
	h := newHouse(t, goodModel(), func(c *learnsnap.ServiceConfig) { c.FreePages = -1 })
	u := h.Upload("owner")
	_, err := u.Create(t.Context(), learnsnap.Options{})
	require.Equal(t, learnsnap.NoPages, learnsnap.CodeOf(err))
	for range learnsnap.MaxPages {
		require.NoError(t, u.Add(t.Context(), strings.NewReader("the same page")))
	}
	require.Equal(t, learnsnap.TooManyPages, learnsnap.CodeOf(u.Add(t.Context(), strings.NewReader("one more"))))
	_, err = u.Create(t.Context(), learnsnap.Options{Questions: 51})
	require.Equal(t, learnsnap.InvalidRequest, learnsnap.CodeOf(err))
	require.Len(t, h.blobs(), 1)
	require.NoError(t, u.Close())
	require.NoError(t, u.Close())
	require.Empty(t, h.blobs())

	_, err = h.Create(t.Context(), "owner", photos(21), learnsnap.Options{})
	require.Equal(t, learnsnap.TooManyPages, learnsnap.CodeOf(err))
	_, err = h.Create(t.Context(), "", photos(1), learnsnap.Options{})
	require.Equal(t, learnsnap.InvalidRequest, learnsnap.CodeOf(err))
	_, err = h.Create(t.Context(), "owner", []ai.Media{photos(1)[0], {}}, learnsnap.Options{})
	require.Equal(t, learnsnap.InvalidRequest, learnsnap.CodeOf(err))
	require.Empty(t, h.blobs())
}

func TestAnUploadThatIsCutOffLeavesNothing(t *testing.T) {
	h := newHouse(t, goodModel())
	ctx, cancel := context.WithCancel(t.Context())
	u := h.Upload("owner")
	require.NoError(t, u.Add(ctx, strings.NewReader("\xFF\xD8\xFF first")))
	err := u.Add(ctx, readerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	}))
	require.Equal(t, learnsnap.Unavailable, learnsnap.CodeOf(err))
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, u.Close(), "though the request's context has ended")
	require.Empty(t, h.blobs())
}

func TestPagesThatNobodyCreatedAreSwept(t *testing.T) {
	h := newHouse(t, goodModel())
	require.NoError(t, h.Upload("owner").Add(t.Context(), strings.NewReader("forgotten")))
	kept := h.create(photos(1), learnsnap.Options{})
	require.Len(t, h.blobs(), 2)
	old := time.Now().Add(-4 * time.Hour)
	for _, file := range h.blobs() {
		require.NoError(t, os.Chtimes(file, old, old))
	}
	upkeep := make(chan struct{}, 1)
	h2 := houseOver(t, h.dir, h.store, goodModel(), func(c *learnsnap.ServiceConfig) {
		c.Store = swept{c.Store, upkeep}
		c.Enabled = func(flag string) bool { return flag == learnsnap.FlagGenerationStopped }
	})
	h2.run()
	<-upkeep
	require.Len(t, h.blobs(), 1)
	require.Contains(t, h.blobs()[0], kept.ID)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
