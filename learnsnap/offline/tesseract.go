package offline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap/offline/internal/flat"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A TesseractConfig configures a [Tesseract]. The zero value is ready to use.
type TesseractConfig struct {
	Program string        // "" means tesseract, as PATH finds it
	Timeout time.Duration // of one pass over a page; 0 means 60 seconds
	AtOnce  int           // processes at a time; 0 means one a core
}

// A Tesseract is a [Reader] over the program tesseract (version 4 or later) with
// its languages Arabic and English. It feeds the program its own pictures only,
// never a user's bytes. It is safe for concurrent use.
type Tesseract struct {
	config TesseractConfig
	places chan struct{}

	mu    sync.Mutex
	found bool // the program and its languages
	osd   bool // it can tell orientation
}

// NewTesseract returns a reader. It runs nothing: whether the program is there is
// told by [Tesseract.Check] and at the first page.
func NewTesseract(c TesseractConfig) *Tesseract {
	if c.Program == "" {
		c.Program = "tesseract"
	}
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.AtOnce <= 0 {
		c.AtOnce = runtime.GOMAXPROCS(0)
	}
	return &Tesseract{config: c, places: make(chan struct{}, c.AtOnce)}
}

// An UnavailableError says that photos can't be read here, and what to install.
type UnavailableError struct{ Err error }

func (e *UnavailableError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// PageCode returns "OCR_UNAVAILABLE".
func (e *UnavailableError) PageCode() string { return "OCR_UNAVAILABLE" }

const install = "apt-get install tesseract-ocr tesseract-ocr-ara tesseract-ocr-eng tesseract-ocr-osd"

// Check reports whether the program and its languages are there, with an
// [*UnavailableError] that says what to install. A success is remembered; a failure
// is looked at again, so that an installation mends it without a restart.
func (t *Tesseract) Check(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.found {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.config.Program, "--list-langs")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return &UnavailableError{fmt.Errorf("photos can't be read without the program tesseract (%s): %w", install, err)}
	}
	langs := strings.Fields(string(out))
	for lang, pack := range map[string]string{"ara": "tesseract-ocr-ara", "eng": "tesseract-ocr-eng"} {
		if !slices.Contains(langs, lang) {
			return &UnavailableError{fmt.Errorf("photos can't be read without tesseract's language %s: apt-get install %s", lang, pack)}
		}
	}
	t.found, t.osd = true, slices.Contains(langs, "osd")
	return nil
}

// languages are tesseract's names of ours.
var languages = map[quiz.Language]string{quiz.Arabic: "ara", quiz.English: "eng", quiz.Mixed: "ara+eng"}

// pass reads a page in one language.
func (t *Tesseract) pass(ctx context.Context, page *flat.Gray, lang quiz.Language) (reading, error) {
	out, err := t.run(ctx, page, "-l", languages[lang], "--psm", "4", "tsv")
	if err != nil {
		return reading{}, fmt.Errorf("read a page in %q: %w", string(lang), err)
	}
	return newReading(parseTSV(out), lang), nil
}

// orientation asks by how much the page is to be turned clockwise, and in which
// language it is; "" when tesseract can't tell.
func (t *Tesseract) orientation(ctx context.Context, page *flat.Gray) (degrees int, lang quiz.Language, err error) {
	t.mu.Lock()
	can := t.osd
	t.mu.Unlock()
	if !can {
		return 0, "", nil
	}
	out, err := t.run(ctx, page, "-l", "osd", "--psm", "0")
	var exit *exec.ExitError
	if errors.As(err, &exit) { // "too few characters": it can't tell
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("find a page's orientation: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case key == "Rotate":
			fmt.Sscanf(value, "%d", &degrees)
		case key == "Script" && value == "Arabic":
			lang = quiz.Arabic
		case key == "Script" && value == "Latin":
			lang = quiz.English
		}
	}
	return degrees, lang, nil
}

const maxOutput = 8 << 20

// run runs tesseract over a page and returns what it says.
func (t *Tesseract) run(ctx context.Context, page *flat.Gray, args ...string) ([]byte, error) {
	select {
	case t.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-t.places }()
	bounded, cancel := context.WithTimeout(ctx, t.config.Timeout)
	defer cancel()
	cmd := exec.CommandContext(bounded, t.config.Program, append([]string{"stdin", "stdout"}, args...)...)
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1") // its own threads only get into each other's way
	cmd.Stdin = pgm(page)
	cmd.WaitDelay = 2 * time.Second
	var out bytes.Buffer
	cmd.Stdout = &capped{&out, maxOutput}
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case bounded.Err() != nil:
		return nil, fmt.Errorf("tesseract took longer than %v", t.config.Timeout)
	case errors.Is(err, exec.ErrNotFound):
		return nil, &UnavailableError{fmt.Errorf("photos can't be read without the program tesseract (%s): %w", install, err)}
	case err != nil:
		return nil, fmt.Errorf("tesseract: %w", err)
	}
	return out.Bytes(), nil
}

// pgm is a page in the simplest format that tesseract reads.
func pgm(page *flat.Gray) io.Reader {
	return io.MultiReader(strings.NewReader(fmt.Sprintf("P5\n%d %d\n255\n", page.W, page.H)), bytes.NewReader(page.Pix))
}

// capped is a writer that refuses more than a number of bytes.
type capped struct {
	w    io.Writer
	left int
}

func (b *capped) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errors.New("more output than a page can hold")
	}
	return b.w.Write(p)
}
