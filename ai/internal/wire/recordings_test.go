package wire_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
	"github.com/learnsnap/learnsnap-go/ai/openai"
)

// A recording is one real exchange, and what an independent reader found in it.
type recording struct {
	File     string
	Provider string
	API      string
	Status   int
	Kinds    []string
	Facts    facts
	header   http.Header
	body     []byte
}

type facts struct {
	Text            string
	Finish          any
	Usage           json.RawMessage
	Refusal         string
	Error           json.RawMessage
	StreamError     json.RawMessage `json:"stream_error"`
	BlockReason     string          `json:"block_reason"`
	Incomplete      string          `json:"incomplete_reason"`
	BadData         int             `json:"bad_data"`
	DeltaTextDiffer bool            `json:"delta_text_differs"`
}

// recordings reads the folder of recordings, or skips where it is missing.
func recordings(t testing.TB) []recording {
	t.Helper()
	dir := os.Getenv("LEARNSNAP_WIRE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "wire", "dev")
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.jsonl"))
	if err != nil {
		t.Skipf("no recorded traffic: %v (set LEARNSNAP_WIRE to its folder)", err)
	}
	var all []recording
	for line := range bytes.Lines(index) {
		var r recording
		require.NoError(t, json.Unmarshal(line, &r))
		data, err := os.ReadFile(filepath.Join(dir, r.File))
		require.NoError(t, err)
		var file struct {
			Response struct {
				Headers   map[string]string
				Body, SSE *string
			}
		}
		require.NoError(t, json.Unmarshal(data, &file), r.File)
		r.header = http.Header{}
		for name, value := range file.Response.Headers {
			r.header.Set(name, value)
		}
		switch {
		case file.Response.SSE != nil:
			r.body = []byte(*file.Response.SSE)
		case file.Response.Body != nil:
			r.body = []byte(*file.Response.Body)
			if r.header.Get("Content-Type") == "" {
				r.header.Set("Content-Type", "application/json")
			}
		}
		all = append(all, r)
	}
	return all
}

// model returns the adapter that would get this recording as a reply.
func (r recording) model(t testing.TB, client *http.Client) ai.Model {
	t.Helper()
	var m ai.Model
	var err error
	switch r.API {
	case "generateContent", "vertex-generateContent":
		m, err = gemini.New(gemini.Config{Key: "test-key", HTTP: client, Retries: -1})
	case "messages", "messages-relay":
		m, err = anthropic.New(anthropic.Config{Key: "test-key", HTTP: client, Retries: -1})
	case "responses":
		m, err = openai.New(openai.Config{Key: "test-key", HTTP: client, Retries: -1, Protocol: openai.Responses})
	case "chat":
		m, err = openai.New(openai.Config{Key: "test-key", HTTP: client, Retries: -1, Protocol: openai.Chat})
	default:
		require.Fail(t, "unknown api "+r.API)
	}
	require.NoError(t, err)
	return m
}

// A replay answers every request with one recording, cut where cut says.
type replay struct {
	recording
	cut int // bytes of the first piece; 0 means all at once
}

func (r *replay) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, err := io.Copy(io.Discard, req.Body)
		if err := errors.Join(err, req.Body.Close()); err != nil {
			return nil, err
		}
	}
	var body io.Reader = bytes.NewReader(r.body)
	if r.cut > 0 {
		body = io.MultiReader(bytes.NewReader(r.body[:r.cut]), bytes.NewReader(r.body[r.cut:]))
	}
	return &http.Response{
		StatusCode: r.Status, Header: r.header, Body: io.NopCloser(body), Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: -1,
	}, nil
}

// result is what an adapter made of a recording.
type result struct {
	text   string
	usage  ai.Usage
	finish ai.Finish
	reason string
	err    error
}

// reader returns a function that plays the recording, cut at a byte.
func (r recording) reader(t testing.TB) func(cut int) result {
	play := &replay{recording: r}
	m := r.model(t, &http.Client{Transport: play})
	return func(cut int) result {
		play.cut = cut
		return read(m)
	}
}

func read(m ai.Model) (got result) {
	var text strings.Builder
	for chunk, err := range m.Stream(context.Background(), ai.Prompt{Parts: []ai.Part{{Text: "hello"}}}) {
		if err != nil {
			got.err = err
			continue
		}
		text.WriteString(chunk.Text)
		if chunk.Usage != nil {
			got.usage = *chunk.Usage
		}
		if chunk.Finish != ai.FinishNone {
			got.finish, got.reason = chunk.Finish, chunk.Reason
		}
	}
	got.text = text.String()
	return got
}

// want is what an adapter should make of a recording, worked out from the facts
// alone.
type want struct {
	text   string
	finish ai.Finish
	kinds  []ai.Kind // any of these; none means no error
	usage  *ai.Usage
}

func (r recording) want(t testing.TB) want {
	t.Helper()
	w := want{text: r.Facts.Text, usage: r.Facts.usage(t, r.API)}
	reason := fmt.Sprint(r.Facts.Finish)
	if text, known := contentArrays[reason+"|"+filepath.Base(r.File)]; known {
		w.text = text
	}
	refused := r.Facts.Refusal != "" || r.Facts.BlockReason != "" || r.Facts.Incomplete == "content_filter"
	switch reason {
	case "SAFETY", "RECITATION", "refusal", "content_filter":
		refused = true
	}
	switch failure := cmp.Or(string(r.Facts.StreamError), string(r.Facts.Error)); {
	case r.Status != 200 || failure != "":
		w.kinds = faultKinds(r.Status, failure)
	case refused || slices.Contains(r.Kinds, "blocked-prompt-unary"):
		w.kinds = []ai.Kind{ai.Refused}
	case r.Facts.BadData > 0:
		w.kinds = []ai.Kind{ai.Malformed}
	case r.Facts.Finish == nil || reason == "queued":
		w.kinds = []ai.Kind{ai.Truncated}
	case reason == "MAX_TOKENS" || reason == "max_tokens" || reason == "length" || reason == "incomplete":
		w.finish = ai.FinishLength
	default:
		w.finish = ai.FinishStop
	}
	return w
}

// contentArrays are the replies whose content is a list of parts. The oracle reads
// only plain contents; the text parts were read by hand.
var contentArrays = map[string]string{
	"stop|al-hybrid-reasoning-streams-thinking-separately-from-content-49067d.json": "144",
	"stop|istral-hybrid-reasoning-replays-thinking-chunks-across-turns-20d9e6.json": "144",
	"stop|istral-hybrid-reasoning-replays-thinking-chunks-across-turns-75a08f.json": "154",
	"stop|test-reasoning-wire-contract-mistral-small-thinking-high-b4913d.json":     "4",
}

// faultKinds says which kinds an error may have, by what stands in it.
func faultKinds(status int, failure string) []ai.Kind {
	text := strings.ToLower(failure)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case has("insufficient_quota"):
		return []ai.Kind{ai.QuotaExhausted}
	case has("context length", "context size", "exceeds 5 mb", "token limit"):
		return []ai.Kind{ai.TooLarge}
	case has("content management policy"):
		return []ai.Kind{ai.Refused}
	case has("api key", "unauthorized"), status == 401, status == 403:
		return []ai.Kind{ai.Auth}
	case status == 429, has("too_many_requests"):
		return []ai.Kind{ai.RateLimited, ai.QuotaExhausted}
	case status == 503, status == 529, has("overloaded", `"code": 503`):
		return []ai.Kind{ai.Overloaded}
	case status >= 500, has("server_error", "cancelled", "err_something"):
		return []ai.Kind{ai.Unavailable}
	}
	return []ai.Kind{ai.BadRequest}
}

// usage brings the recorded counts to our meaning, by the formulas that the
// providers document.
func (f facts) usage(t testing.TB, api string) *ai.Usage {
	if len(f.Usage) == 0 || string(f.Usage) == "null" {
		return nil
	}
	type details struct {
		Cached    int `json:"cached_tokens"`
		Written   int `json:"cache_write_tokens"`
		Reasoning int `json:"reasoning_tokens"`
		Thinking  int `json:"thinking_tokens"`
	}
	var u struct {
		Prompt, Candidates, Thoughts, Cached, ToolUse int
		PromptTokenCount, CandidatesTokenCount        int
		ThoughtsTokenCount, CachedContentTokenCount   int
		ToolUsePromptTokenCount                       int
		InputTokens                                   int     `json:"input_tokens"`
		OutputTokens                                  int     `json:"output_tokens"`
		CacheRead                                     int     `json:"cache_read_input_tokens"`
		CacheWrite                                    int     `json:"cache_creation_input_tokens"`
		InputDetails                                  details `json:"input_tokens_details"`
		OutputDetails                                 details `json:"output_tokens_details"`
		PromptTokens                                  int     `json:"prompt_tokens"`
		CompletionTokens                              int     `json:"completion_tokens"`
		PromptDetails                                 details `json:"prompt_tokens_details"`
		CompletionDetails                             details `json:"completion_tokens_details"`
	}
	require.NoError(t, json.Unmarshal(f.Usage, &u))
	switch api {
	case "generateContent", "vertex-generateContent":
		return &ai.Usage{
			Input: u.PromptTokenCount + u.ToolUsePromptTokenCount, CacheRead: u.CachedContentTokenCount,
			Output: u.CandidatesTokenCount + u.ThoughtsTokenCount, Reasoning: u.ThoughtsTokenCount,
		}
	case "messages", "messages-relay":
		return &ai.Usage{
			Input: u.InputTokens + u.CacheRead + u.CacheWrite, CacheRead: u.CacheRead, CacheWrite: u.CacheWrite,
			Output: u.OutputTokens, Reasoning: u.OutputDetails.Thinking,
		}
	case "responses":
		return &ai.Usage{
			Input: u.InputTokens, CacheRead: u.InputDetails.Cached, CacheWrite: u.InputDetails.Written,
			Output: u.OutputTokens, Reasoning: u.OutputDetails.Reasoning,
		}
	}
	return &ai.Usage{
		Input: u.PromptTokens, CacheRead: u.PromptDetails.Cached, CacheWrite: u.PromptDetails.Written,
		Output: u.CompletionTokens, Reasoning: u.CompletionDetails.Reasoning,
	}
}

func TestEveryRecordingDecodesToItsOracle(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.File, func(t *testing.T) {
			w, got := r.want(t), r.reader(t)(0)
			require.Equal(t, w.text, got.text)
			require.Equal(t, w.finish, got.finish)
			if w.usage != nil && r.Status == 200 {
				require.Equal(t, *w.usage, got.usage)
			}
			if len(w.kinds) == 0 {
				require.NoError(t, got.err)
				return
			}
			var e *ai.Error
			require.ErrorAs(t, got.err, &e)
			require.Contains(t, w.kinds, e.Kind, got.err.Error())
			require.NotEmpty(t, e.Model)
			require.NotContains(t, got.err.Error(), "test-key")
		})
	}
}

// Where the network cuts a reply must make no difference.
func TestEveryRecordingReadsTheSameWhereverItIsCut(t *testing.T) {
	for _, r := range recordings(t) {
		if r.Status != 200 {
			continue
		}
		t.Run(r.File, func(t *testing.T) {
			t.Parallel()
			read := r.reader(t)
			whole := read(0)
			step := 1
			if testing.Short() || raceEnabled {
				step = max(1, len(r.body)/40)
			}
			for cut := 1; cut < len(r.body); cut += step {
				if got := read(cut); !reflect.DeepEqual(whole, got) { // a million times: cheaper than an assertion
					require.Equal(t, whole, got, "cut at byte %d", cut)
				}
			}
		})
	}
}
