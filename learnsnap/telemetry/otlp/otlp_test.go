package otlp_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry/otlp"
	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// childDir names the folder that the process works in which is killed.
const childDir = "OTLP_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir)) // it is killed before that
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

const (
	owner = "amal@example.com"
	water = `The Water Cycle

The heat of the sun turns the water of seas and lakes into vapour. This change is called evaporation. The vapour rises, cools and becomes tiny drops that make clouds. When the drops grow heavy they fall as rain, snow or hail.

About 97 percent of the water on Earth is salt water in the oceans. Only 3 percent is fresh water, and most of it is frozen in glaciers. A person needs about 2 litres of water a day.

Groundwater is water that has seeped into the soil and fills the gaps between rocks. Plants take part in the cycle as well, for their leaves give off vapour.`
)

// learnersWords stand on the page, and so in the questions.
var learnersWords = []string{owner, "vapour", "Groundwater", "glaciers", "97 percent", "litres"}

// named is a model under the name of a provider's.
type named struct {
	ai.Model
	name string
	stop int // chunks after which it says no more; 0 means that it says all
}

func (n named) Name() string { return n.name }

func (n named) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		said := 0
		for chunk, err := range n.Model.Stream(ctx, p) {
			if said++; n.stop > 0 && said > n.stop {
				<-ctx.Done()
				yield(ai.Chunk{}, ctx.Err())
				return
			}
			chunk.Usage = &ai.Usage{Input: 100, Output: 7, Reasoning: 3}
			if !yield(chunk, err) {
				return
			}
		}
	}
}

// A program is what a server puts together.
type program struct {
	exporter *otlp.Exporter
	tracing  *telemetry.Tracing
	log      *slog.Logger
	out      bytes.Buffer // of log
	store    storage.Store
	service  *learnsnap.Service
}

func newProgram(ctx context.Context, dir string, stop int) (*program, error) {
	exporter, err := otlp.New(ctx, otlp.Config{Version: "1.2.3"})
	if err != nil {
		return nil, err
	}
	p := &program{exporter: exporter, tracing: telemetry.NewTracing(telemetry.TracingConfig{Provider: exporter.Traces()})}
	p.log = slog.New(telemetry.NewLogHandler(&p.out, telemetry.LogConfig{Also: exporter.Logs(nil)}))
	store, err := sqlite.Open(ctx, sqlite.Config{Dir: dir})
	if err != nil {
		return nil, err
	}
	p.store = p.tracing.Store(store, "sqlite")
	down := aitest.NewScripted("gemini/flash", aitest.Broken("", &ai.Error{Kind: ai.Unavailable, Err: fmt.Errorf("about vapour of %s", owner)}))
	up := named{offline.New(offline.Config{}), "openai/gpt-test", stop}
	observer := telemetry.Observers(p.tracing, telemetry.LogObserver(p.log))
	engine, err := learnsnap.New(learnsnap.Config{
		Model:    ai.Failover(ai.Traced(down, telemetry.Tracers(nil, p.tracing.Models())), ai.Traced(up, p.tracing.Models())),
		Observer: observer,
	})
	if err != nil {
		return nil, err
	}
	p.service, err = learnsnap.NewService(learnsnap.ServiceConfig{Engine: engine, Store: p.store, Observer: observer, Tracer: p.tracing.Quizzes()})
	return p, err
}

// create is the handler of a request that makes a quiz.
func (p *program) create(t *testing.T, header http.Header) learnsnap.Session {
	t.Helper()
	var created learnsnap.Session
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(telemetry.WithRequestID(r.Context(), "req-1"))
		ctx, end := p.tracing.Request(r, "/api/v1/quiz/create")
		defer end(http.StatusAccepted)
		p.log.InfoContext(ctx, "creating", "owner", owner)
		upload := p.service.Upload(owner)
		err := upload.Add(ctx, strings.NewReader(water))
		if err == nil {
			created, err = upload.Create(ctx, learnsnap.Options{Questions: 5, Trace: p.tracing.Carry(ctx)})
		}
		if err != nil {
			t.Errorf("create: %v", err)
		}
	})
	r := httptest.NewRequest(http.MethodPost, "/api/v1/quiz/create?token=hunter2", nil)
	r.Header = header
	handler.ServeHTTP(httptest.NewRecorder(), r)
	return created
}

// finish works until the quiz is there, and ends the program.
func (p *program) finish(t *testing.T, session string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ran, sent := make(chan error, 1), make(chan error, 1)
	go func() { ran <- p.service.Run(ctx) }()
	for event, err := range p.service.Watch(ctx, owner, session, 0) {
		require.NoError(t, err)
		require.NotEqual(t, learnsnap.FailedEvent, event.Kind)
	}
	cancel()
	require.NoError(t, <-ran)
	go func() { sent <- p.exporter.Run(ctx) }()
	require.NoError(t, <-sent)
	require.NoError(t, p.store.Close())
}

func TestQuizIsOneConnectedTrace(t *testing.T) {
	got := newReceiver(t)
	p, err := newProgram(t.Context(), t.TempDir(), 0)
	require.NoError(t, err)
	session := p.create(t, http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}})
	p.finish(t, session.ID)

	request, attempt := got.one("POST /api/v1/quiz/create"), got.one("quiz attempt")
	require.Equal(t, "00f067aa0ba902b7", id(request.ParentSpanId), "the gateway's span")
	require.Equal(t, id(request.SpanId), id(attempt.ParentSpanId))
	require.Empty(t, attempt.Links)
	byID := map[string]bool{"00f067aa0ba902b7": true}
	for _, span := range got.all() {
		byID[id(span.SpanId)] = true
	}
	for _, span := range got.all() {
		require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", id(span.TraceId), span.Name)
		require.True(t, byID[id(span.ParentSpanId)], "%s hangs on nothing", span.Name)
	}
	for name, under := range map[string]string{
		"PutBlob": id(request.SpanId), "CreateSession": id(request.SpanId),
		"AppendItem": id(attempt.SpanId), "FinishSession": id(attempt.SpanId),
		"generate_content flash": id(attempt.SpanId), "chat gpt-test": id(attempt.SpanId),
	} {
		require.NotEmpty(t, got.named(name), name)
		for _, span := range got.named(name) {
			require.Equal(t, under, id(span.ParentSpanId), name)
		}
	}
	require.Len(t, got.named("AppendItem"), 1+1+5, "a page, a lesson, five questions")

	failed, answered := got.named("generate_content flash")[0], got.named("chat gpt-test")[0]
	for key, want := range map[string]any{
		"gen_ai.operation.name": "generate_content", "gen_ai.provider.name": "gcp.gemini", "gen_ai.request.model": "flash", "error.type": "unavailable",
	} {
		require.Equal(t, want, attr(failed.Attributes, key), key)
	}
	for key, want := range map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-test", "gen_ai.request.stream": true,
		"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 7, "gen_ai.usage.reasoning.output_tokens": 3, "error.type": nil,
	} {
		require.Equal(t, want, attr(answered.Attributes, key), key)
	}
	require.Positive(t, attr(answered.Attributes, "gen_ai.response.time_to_first_chunk"))
	tried := got.named("CreateSession")
	require.Len(t, tried, 2, "the free pages are given when the first try finds none")
	require.Equal(t, "balance too low", attr(tried[0].Attributes, "learnsnap.answer"))
	require.Equal(t, "sqlite", attr(tried[1].Attributes, "db.system.name"))
	require.Equal(t, "req-1", attr(request.Attributes, "learnsnap.request.id"))
	require.Equal(t, session.ID, attr(attempt.Attributes, "learnsnap.session.id"))
	require.Equal(t, "learnsnap", attr(got.about, "service.name"))
	require.Equal(t, "1.2.3", attr(got.about, "service.version"))
	got.holdsNot(append(learnersWords, "hunter2")...)
}

func TestLogLinesAreSentWithTheirTrace(t *testing.T) {
	got := newReceiver(t)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=7")
	p, err := newProgram(t.Context(), t.TempDir(), 0)
	require.NoError(t, err)
	p.finish(t, p.create(t, nil).ID)
	found := map[string]bool{}
	trace := id(got.one("POST /api/v1/quiz/create").TraceId)
	for _, line := range got.lines {
		message := line.Body.GetStringValue()
		found[message] = true
		require.Equal(t, trace, id(line.TraceId), message)
		require.Contains(t, p.out.String(), message)
	}
	for _, message := range []string{"creating", "quiz created", "quiz ready"} {
		require.True(t, found[message], message)
	}
	require.False(t, found["item accepted"], "that is of level Debug")
	require.Equal(t, "7", got.header.Get("X-Tenant"))
	got.holdsNot(learnersWords...)
}

func TestStrangersBeginTracesOfTheirOwn(t *testing.T) {
	got := newReceiver(t)
	exporter, err := otlp.New(t.Context(), otlp.Config{})
	require.NoError(t, err)
	tracing := telemetry.NewTracing(telemetry.TracingConfig{Provider: exporter.Traces(), Public: true})
	for _, header := range []string{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "nonsense"} {
		r := httptest.NewRequest("BREW", "/pot", nil)
		r.Header.Set("Traceparent", header)
		ctx, end := tracing.Request(r, "/pot")
		require.NotContains(t, tracing.Carry(ctx), "4bf92f")
		end(http.StatusServiceUnavailable)
	}
	run(t, exporter)
	spans := got.named("_OTHER /pot")
	require.Len(t, spans, 2)
	require.Equal(t, "00f067aa0ba902b7", id(spans[0].Links[0].SpanId))
	require.Empty(t, spans[1].Links)
	require.Equal(t, "503", attr(spans[0].Attributes, "error.type"))
}

// TestAttemptAfterACrashIsLinkedToTheFirst kills a process with SIGKILL that works on
// a quiz: its attempt's span is never sent, but its steps are, and hang on the id that
// the next attempt links to.
func TestAttemptAfterACrashIsLinkedToTheFirst(t *testing.T) {
	got := newReceiver(t)
	dir := t.TempDir()
	p, err := newProgram(t.Context(), dir, 0)
	require.NoError(t, err)
	session := p.create(t, nil)
	run(t, p.exporter)
	require.NoError(t, p.store.Close())

	killed := exec.CommandContext(t.Context(), os.Args[0])
	killed.Env = append(os.Environ(), childDir+"="+dir)
	killed.Stderr = os.Stderr
	require.NoError(t, killed.Start())
	require.Eventually(t, func() bool { return len(got.named("AppendItem")) >= 2 }, waitLong, waitShort, "the child works")
	require.NoError(t, killed.Process.Kill())
	require.Error(t, killed.Wait())
	require.Empty(t, got.named("quiz attempt"))
	first := got.named("AppendItem")[0]

	p, err = newProgram(t.Context(), dir, 0)
	require.NoError(t, err)
	p.finish(t, session.ID)
	attempt := got.one("quiz attempt")
	require.Equal(t, id(got.one("POST /api/v1/quiz/create").SpanId), id(attempt.ParentSpanId))
	require.Equal(t, id(first.TraceId), id(attempt.TraceId), "one trace over both processes")
	require.Len(t, attempt.Links, 1)
	require.Equal(t, id(first.ParentSpanId), id(attempt.Links[0].SpanId))
	require.Equal(t, 2, attr(attempt.Attributes, "learnsnap.quiz.claim"))
	got.holdsNot(learnersWords...)
}

// child works on the quiz that is in the folder, and gets stuck in the middle.
func child(dir string) error {
	ctx := context.Background()
	p, err := newProgram(ctx, dir, 3)
	if err != nil {
		return err
	}
	return p.service.Run(ctx)
}

func run(t *testing.T, exporter *otlp.Exporter) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, exporter.Run(ctx))
}
