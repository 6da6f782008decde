// Command quiz makes a quiz out of photos or texts of pages, on this machine
// alone: no key, no network.
//
//	go run ./examples/quiz page1.jpg page2.jpg
//	go run ./examples/quiz -answers -n 10 folder/
//	go run ./examples/quiz -json < page.txt
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "quiz:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("quiz", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: quiz [flags] [photo, text or folder ...]\nWithout names, the text of a page is read from standard input.")
		flags.PrintDefaults()
	}
	n := flags.Int("n", learnsnap.DefaultQuestions, "`questions` wanted, 5 to 50")
	lang := flags.String("lang", "", "`language` of the quiz: ar or en (default: that of the pages)")
	answers := flags.Bool("answers", false, "print the answers, and the sentences that they rest on")
	asJSON := flags.Bool("json", false, "print the quiz as JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	media, err := readAll(ctx, pages.New(pages.Config{}), flags.Args(), stdin)
	if err != nil {
		return err
	}
	engine, err := learnsnap.New(learnsnap.Config{Model: offline.New(offline.Config{Reader: offline.NewTesseract(offline.TesseractConfig{})})})
	if err != nil {
		return err
	}
	made := quiz.Quiz{}
	for part, err := range engine.Stream(ctx, learnsnap.Request{Pages: media, Questions: *n, Language: quiz.Language(*lang)}) {
		if err != nil {
			fmt.Fprintln(stderr)
			return err
		}
		switch item := part.Item; item.Kind {
		case learnsnap.PageItem:
			made.Pages = append(made.Pages, *item.Page)
		case learnsnap.LessonItem:
			made.Lesson = item.Lesson
		case learnsnap.QuestionItem:
			made.Questions = append(made.Questions, *item.Question)
		}
		p := part.Progress
		fmt.Fprintf(stderr, "\rpages %d/%d, questions %d/%d ", p.Pages, p.PagesTotal, p.Questions, p.QuestionsTotal)
	}
	fmt.Fprintln(stderr)
	if *asJSON {
		out := json.NewEncoder(stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(made)
	}
	return printQuiz(stdout, made, *answers)
}

// readAll takes in the named files, and all files of named folders; without names,
// standard input.
func readAll(ctx context.Context, r *pages.Reader, names []string, stdin io.Reader) (media []ai.Media, err error) {
	if len(names) == 0 {
		m, err := r.Read(ctx, stdin)
		return []ai.Media{m}, err
	}
	for _, name := range names {
		files := []string{name}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			if files, err = filepath.Glob(filepath.Join(name, "*.*")); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			m, err := readFile(ctx, r, file)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			media = append(media, m)
		}
	}
	return media, nil
}

func readFile(ctx context.Context, r *pages.Reader, name string) (ai.Media, error) {
	f, err := os.Open(name)
	if err != nil {
		return ai.Media{}, err
	}
	defer f.Close()
	return r.Read(ctx, f)
}
