package learnsnap_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

// photoHouse is a service of real parts alone, and the folder of real photos. It
// skips where there are none, or no program that reads them.
func photoHouse(t *testing.T, ocr offline.TesseractConfig) (h *house, dir string) {
	t.Helper()
	dir = os.Getenv("LEARNSNAP_PAGES")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "pages")
	}
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		t.Skipf("no photos of pages: %v (set LEARNSNAP_PAGES to their folder)", err)
	}
	if _, err := exec.LookPath("tesseract"); err != nil {
		t.Skip("no tesseract: apt-get install tesseract-ocr tesseract-ocr-ara tesseract-ocr-eng")
	}
	reader := pages.New(pages.Config{})
	model := offline.New(offline.Config{Reader: offline.NewTesseract(ocr)})
	h = newHouse(t, model, func(c *learnsnap.ServiceConfig) {
		c.Inspect = reader.Inspect
		c.Engine = newEngine(t, learnsnap.Config{Model: model, Prepare: reader.Prepare})
		c.FreePages = -1
	})
	h.run()
	return h, dir
}

// send makes a session of files.
func (h *house) send(dir string, o learnsnap.Options, files ...string) (learnsnap.Session, error) {
	h.t.Helper()
	u := h.Upload("owner")
	defer func() { require.NoError(h.t, u.Close()) }()
	for _, name := range files {
		f, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			h.t.Skipf("another set of photos: %v", err)
		}
		require.NoError(h.t, err)
		err = u.Add(h.t.Context(), f)
		require.NoError(h.t, f.Close())
		if err != nil {
			return learnsnap.Session{}, err
		}
	}
	return u.Create(h.t.Context(), o)
}

func TestPhotosBecomeQuizzes(t *testing.T) {
	h, dir := photoHouse(t, offline.TesseractConfig{})
	for _, c := range []struct {
		files    []string
		language quiz.Language
	}{
		{[]string{"en_photosynthesis_exif6.jpg"}, quiz.English},
		{[]string{"ar_water_cycle_clean.png"}, quiz.Arabic},
		{[]string{"en_injection_clean.png", "en_water_cycle_photo.webp"}, quiz.English},
	} {
		t.Run(c.files[0], func(t *testing.T) {
			made, err := h.send(dir, learnsnap.Options{}, c.files...)
			require.NoError(t, err)
			ready := h.ended(made.ID)
			require.Equal(t, storage.Ready, ready.Status, "%+v", ready.Failure)
			require.Equal(t, c.language, ready.Language)
			require.Len(t, ready.PageItems, len(c.files))
			require.GreaterOrEqual(t, len(ready.Questions), 8)
			for _, q := range ready.Questions {
				page := ready.PageItems[q.Evidence.Page-1]
				require.GreaterOrEqual(t, quiz.Grounded(q.Evidence.Text, page.Text), 0.99)
				require.False(t, quiz.GivesOrders(q.Evidence.Text), q.Evidence.Text)
			}
			require.Empty(t, h.blobs())
		})
	}
}

func TestPhotosThatCannotBeReadAreNamed(t *testing.T) {
	h, dir := photoHouse(t, offline.TesseractConfig{})
	files := []string{"unreadable_blur.jpg", "en_water_cycle_clean.png", "blank_page.jpg"}
	made, err := h.send(dir, learnsnap.Options{}, files...)
	require.NoError(t, err)
	require.Equal(t, &learnsnap.Failure{Code: learnsnap.RecaptureRequired, Pages: []int{1, 3}}, h.ended(made.ID).Failure)

	made, err = h.send(dir, learnsnap.Options{Questions: 5, SkipUnreadable: true}, files...)
	require.NoError(t, err)
	require.Len(t, h.ended(made.ID).Questions, 5)
}

func TestFilesThatAreNoPagesAreRefusedAtTheDoor(t *testing.T) {
	h, dir := photoHouse(t, offline.TesseractConfig{})
	for file, code := range map[string]learnsnap.Code{
		"truncated.jpg":   learnsnap.CorruptPage,
		"polyglot.jpg":    learnsnap.CorruptPage,
		"bomb_header.png": learnsnap.ImageTooLarge,
		"not_image.jpg":   learnsnap.UnsupportedPage,
		"page.svg":        learnsnap.UnsupportedPage,
		"empty.jpg":       learnsnap.EmptyPage,
		"fmt_page.bmp":    learnsnap.PageTooLarge,
	} {
		t.Run(file, func(t *testing.T) {
			_, err := h.send(dir, learnsnap.Options{}, "en_water_cycle_clean.png", file)
			var failed *learnsnap.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, code, failed.Code, "%v", err)
			require.Equal(t, []int{2}, failed.Pages)
			require.Empty(t, h.blobs())
		})
	}
}

func TestWithoutOCRTextsAreReadAndPhotosSayWhy(t *testing.T) {
	h, dir := photoHouse(t, offline.TesseractConfig{Program: "no-such-program"})
	made, err := h.send(dir, learnsnap.Options{}, "en_water_cycle_clean.png")
	require.NoError(t, err)
	require.Equal(t, learnsnap.OCRUnavailable, h.ended(made.ID).Failure.Code)

	text, err := h.Create(t.Context(), "owner", textPages(1, 1), learnsnap.Options{Questions: 5})
	require.NoError(t, err)
	require.Equal(t, storage.Ready, h.ended(text.ID).Status)
}
