package learnsnap_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

const (
	killedPages = 3
	killedAsks  = 30
	killedItems = killedPages + 1 + killedAsks
)

// A slow model says an item every few milliseconds, in two pieces, and tells what
// it was asked for.
type slow struct{}

func (slow) Name() string { return "test/slow" }

func (slow) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		a := askOf(p)
		media := 0
		for _, part := range p.Parts {
			if part.Media != nil {
				media++
			}
		}
		tell("asked pages=%v media=%d lesson=%v questions=%d", a.Pages, media, a.Lesson, a.Questions)
		for _, piece := range answerTo(a).pieces() {
			for _, half := range []string{piece[:len(piece)/2], piece[len(piece)/2:]} {
				time.Sleep(time.Duration(rand.IntN(4000)) * time.Microsecond)
				if ctx.Err() != nil || !yield(ai.Chunk{Text: half, Model: "test/slow"}, nil) {
					return
				}
			}
		}
		yield(ai.Chunk{Finish: ai.FinishStop}, nil)
	}
}

// tell says something to the parent in one piece, so that a kill cannot cut it.
func tell(format string, args ...any) {
	if os.Getenv(childDir) != "" {
		fmt.Printf(format+"\n", args...)
	}
}

// child is the process that is killed: a service that works on what is in the
// folder, and tells what its watchers are shown.
func child(dir string) error {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, sqlite.Config{Dir: dir, Wait: time.Minute})
	if err != nil {
		return err
	}
	engine, err := learnsnap.New(learnsnap.Config{Model: slow{}})
	if err != nil {
		return err
	}
	service, err := learnsnap.NewService(learnsnap.ServiceConfig{Engine: engine, Store: store, FreePages: 100})
	if err != nil {
		return err
	}
	ran := make(chan error, 1)
	go func() { ran <- service.Run(ctx) }()
	id, err := os.ReadFile(filepath.Join(dir, "id"))
	if err != nil {
		return err
	}
	for e, err := range service.Watch(ctx, "owner", string(id), 0) {
		if err != nil {
			return err
		}
		if e.Item != nil {
			tell("shown %d %s", e.Seq, toCompact(e.Item))
		}
		if e.Session != nil {
			tell("%s", e.Kind)
		}
	}
	return <-ran
}

// A life is what a killed process has told.
type life struct {
	asked []string
	shown map[int]string // by Seq, as JSON
	ended bool
}

// live starts a child and kills it after it has shown so many items and some time
// more, or when the quiz is ready.
func live(t *testing.T, dir string, after int) life {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	told := life{shown: map[int]string{}}
	fresh := 0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		what, rest, _ := strings.Cut(lines.Text(), " ")
		switch what {
		case "asked":
			told.asked = append(told.asked, rest)
		case "shown":
			var seq int
			var body string
			n, body, _ := strings.Cut(rest, " ")
			_, err := fmt.Sscan(n, &seq)
			require.NoError(t, err)
			require.NotContains(t, told.shown, seq, "shown twice")
			told.shown[seq] = body
		case "done":
			told.ended = true
		default:
			t.Errorf("the child says %q", lines.Text())
		}
		if len(told.asked) > 0 && what == "shown" {
			fresh++
		}
		if told.ended || len(told.asked) > 0 && fresh >= after {
			after = 1 << 30
			wait := time.Duration(rand.IntN(3000)) * time.Microsecond
			time.AfterFunc(wait, func() { _ = cmd.Process.Kill() })
		}
	}
	var killed *exec.ExitError
	require.True(t, errors.As(cmd.Wait(), &killed) && killed.ExitCode() == -1, "it was killed")
	return told
}

func TestAQuizSurvivesBeingKilledTwentyTimes(t *testing.T) { surviveAll(t, 20) }

func TestDrillQuizzesSurviveBeingKilled(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("a long drill: make drill")
	}
	surviveAll(t, 1000)
}

// surviveAll makes quizzes until so many processes were killed.
func surviveAll(t *testing.T, kills int) {
	t.Helper()
	killed, quizzes := 0, 0
	for ; killed < kills; quizzes++ {
		killed += surviveKills(t)
	}
	t.Logf("%d kills in %d quizzes: nothing lost, doubled or asked for twice", killed, quizzes)
}

// surviveKills makes one quiz in processes that are killed, and returns how many
// of them were.
func surviveKills(t *testing.T) (killed int) {
	t.Helper()
	dir := t.TempDir()
	store := openStore(t, dir)
	h := houseOver(t, dir, store, slow{}, func(c *learnsnap.ServiceConfig) { c.FreePages = 100 })
	id := h.create(photos(killedPages), learnsnap.Options{Questions: killedAsks}).ID
	require.NoError(t, os.WriteFile(filepath.Join(dir, "id"), []byte(id), 0o600))
	require.NoError(t, store.Close())

	durable := map[int]string{}
	for ended := false; !ended; killed++ {
		told := live(t, dir, rand.IntN(4))
		ended = told.ended
		before := len(durable)

		kept := readBack(t, dir, id)
		for seq, body := range durable {
			require.Equal(t, body, kept[seq], "item %d has changed or is lost", seq)
		}
		for seq, body := range told.shown {
			require.Equal(t, kept[seq], body, "item %d was shown but is not durable", seq)
		}
		if before == killedItems {
			require.Empty(t, told.asked, "everything was there")
		}
		if len(told.asked) > 0 {
			require.Equal(t, askedFor(before), told.asked[0], "exactly what is missing is asked for")
		}
		durable = kept
	}

	require.Len(t, durable, killedItems)
	seen := map[string]bool{}
	for seq := 1; seq <= killedItems; seq++ {
		var key string
		it := durable[seq]
		switch {
		case strings.Contains(it, `"kind":"page"`):
			key = it[strings.Index(it, `"text"`):]
		case strings.Contains(it, `"kind":"question"`):
			key = it[strings.Index(it, `"evidence"`):]
		default:
			key = "lesson"
		}
		require.False(t, seen[key], "item %d is there twice", seq)
		seen[key] = true
	}
	final := openStore(t, dir)
	h = houseOver(t, dir, final, slow{}, func(c *learnsnap.ServiceConfig) { c.FreePages = 100 })
	require.Equal(t, storage.Ready, h.ended(id).Status)
	require.Equal(t, []string{"grant +100", fmt.Sprintf("hold -%d", killedPages), "capture +0"}, h.ledger())
	require.Empty(t, h.blobs())
	return killed
}

// askedFor is what a process is to ask first, given how many items are durable.
func askedFor(durable int) string {
	pages := []int{}
	for n := durable + 1; n <= killedPages; n++ {
		pages = append(pages, n)
	}
	return fmt.Sprintf("pages=%v media=%d lesson=%v questions=%d",
		pages, len(pages), durable <= killedPages, killedAsks-max(durable-killedPages-1, 0))
}

// readBack returns the durable items as JSON, by Seq.
func readBack(t *testing.T, dir, id string) map[int]string {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Wait: time.Minute})
	require.NoError(t, err)
	kept, err := store.Items(t.Context(), id, 0)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	items := map[int]string{}
	questions := []quiz.Question{}
	for i, k := range kept {
		require.Equal(t, i+1, k.Seq)
		it, err := learnsnap.UnmarshalItem(k)
		require.NoError(t, err)
		if it.Question != nil {
			require.Equal(t, quiz.QuestionID(len(questions)+1), it.Question.ID)
			questions = append(questions, *it.Question)
		}
		items[k.Seq] = toCompact(it)
	}
	return items
}
