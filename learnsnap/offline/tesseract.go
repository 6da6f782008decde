package offline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap/offline/internal/flat"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A TesseractConfig configures a [Tesseract]. The zero value is ready to use.
type TesseractConfig struct {
	Program string        // "" means tesseract, as PATH finds it
	Timeout time.Duration // of one run of the program; 0 means 60 seconds
	AtOnce  int           // pages at a time, each with one process; 0 means one a core
}

// A Tesseract is a [Reader] over the program tesseract (version 4 or later) with
// its languages Arabic and English. It feeds the program pictures of its own
// making only, never a user's bytes: given a text, the program would take it for
// a list of files to open. A process is killed when its context ends or its time
// is up. It is safe for concurrent use.
type Tesseract struct {
	config TesseractConfig
	places chan struct{} // one for each page that is being read

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

// packages are the Debian packages of tesseract's languages that are needed.
var packages = []struct{ lang, name string }{
	{"ara", "tesseract-ocr-ara"},
	{"eng", "tesseract-ocr-eng"},
}

func unavailable(what, install string, err error) error {
	return &UnavailableError{fmt.Errorf("photos can't be read without %s (on Debian: apt-get install %s): %w", what, install, err)}
}

func programMissing(err error) error {
	return unavailable("the program tesseract", "tesseract-ocr tesseract-ocr-ara tesseract-ocr-eng tesseract-ocr-osd", err)
}

// Check reports whether the program and its languages are there, with an
// [*UnavailableError] that says what to install. A success is remembered; a failure
// is looked at again, so that an installation mends it without a restart.
func (t *Tesseract) Check(ctx context.Context) error {
	t.mu.Lock()
	found := t.found
	t.mu.Unlock()
	if found {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := t.run(bounded, nil, "--list-langs")
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return programMissing(err)
	}
	langs := strings.Fields(string(out))
	for _, p := range packages {
		if !slices.Contains(langs, p.lang) {
			return unavailable("tesseract's language "+p.lang, p.name, errors.New("it is not installed"))
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.found, t.osd = true, slices.Contains(langs, "osd")
	return nil
}

// A mode is what tesseract is told to expect of a picture (its --psm).
type mode string

const (
	anyLayout mode = "3" // columns, tables, pictures
	oneColumn mode = "4" // text of different sizes
	oneBlock  mode = "6" // nothing but lines
	noText    mode = "0" // script and orientation alone
)

// languages are tesseract's names of ours. A page in two languages is read in
// both at once; for others that would cost time and mistakes.
var languages = map[quiz.Language]string{quiz.Arabic: "ara", quiz.English: "eng", quiz.Mixed: "ara+eng"}

// recognise reads a picture in one language.
func (t *Tesseract) recognise(ctx context.Context, page *image.Gray, lang quiz.Language, m mode) ([]word, error) {
	name, ok := languages[lang]
	if !ok {
		return nil, fmt.Errorf("read a page: no such language %q", string(lang))
	}
	bounded, cancel := context.WithTimeout(ctx, t.config.Timeout)
	defer cancel()
	out, err := t.run(bounded, page, "stdin", "stdout", "-l", name, "--psm", string(m), "tsv")
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case bounded.Err() != nil:
		return nil, fmt.Errorf("read a page in %q: tesseract took longer than %v: %w", name, t.config.Timeout, bounded.Err())
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		return nil, programMissing(err)
	case err != nil:
		return nil, fmt.Errorf("read a page in %q: tesseract: %w", name, err)
	}
	return parseTSV(out), nil
}

// orientation asks by how much a page is to be turned clockwise, and in which
// language it is; "" where tesseract can't tell. What it says of a page without
// text is often wrong, so that only a reading proves it.
func (t *Tesseract) orientation(ctx context.Context, page *image.Gray) (degrees int, lang quiz.Language, err error) {
	t.mu.Lock()
	can := t.osd
	t.mu.Unlock()
	if !can {
		return 0, "", nil
	}
	bounded, cancel := context.WithTimeout(ctx, t.config.Timeout)
	defer cancel()
	out, err := t.run(bounded, page, "stdin", "stdout", "-l", "osd", "--psm", string(noText))
	if ctx.Err() != nil {
		return 0, "", ctx.Err()
	}
	if err != nil { // most likely "too few characters"
		return 0, "", nil
	}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case key == "Rotate":
			degrees, _ = strconv.Atoi(value) // 0 where it is no number
		case key == "Script" && value == "Arabic":
			lang = quiz.Arabic
		case key == "Script" && value == "Latin":
			lang = quiz.English
		}
	}
	return degrees, lang, nil
}

// maxOutput bounds what the program may say: a page of text is a hundredth of it.
const maxOutput = 4 << 20

// run runs the program over a picture, or without one, until it ends or ctx does,
// and returns what it has written. Nothing of it is left running.
func (t *Tesseract) run(ctx context.Context, page *image.Gray, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.config.Program, args...)
	alone(cmd)
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1") // its threads wait for each other: six times slower
	cmd.WaitDelay = 2 * time.Second                      // for pipes that a grandchild holds open
	if page != nil {
		cmd.Stdin = flat.PGM(page)
	}
	out := capped{most: maxOutput}
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// capped is a buffer that refuses to grow beyond a number of bytes.
type capped struct {
	bytes.Buffer
	most int
}

func (b *capped) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, errors.New("more output than a page can have")
	}
	return b.Buffer.Write(p)
}
