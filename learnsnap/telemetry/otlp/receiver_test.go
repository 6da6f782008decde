package otlp_test

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A receiver is a collector that keeps what it is sent.
type receiver struct {
	*httptest.Server
	t testing.TB

	mu     sync.Mutex
	bodies [][]byte // as they came, unpacked
	spans  []*tracepb.Span
	lines  []*logs.LogRecord
	about  []*common.KeyValue // of the last resource
	header http.Header
}

// newReceiver starts one, and points the environment of the test at it.
func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", r.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
	return r
}

// ServeHTTP implements [http.Handler].
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	from := io.Reader(q.Body)
	if q.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(q.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		from = unpacked
	}
	body, err := io.ReadAll(from)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, body)
	r.header = q.Header.Clone()
	switch q.URL.Path {
	case "/v1/traces":
		var sent coltrace.ExportTraceServiceRequest
		if err = proto.Unmarshal(body, &sent); err == nil {
			for _, resource := range sent.ResourceSpans {
				r.about = resource.Resource.Attributes
				for _, scope := range resource.ScopeSpans {
					r.spans = append(r.spans, scope.Spans...)
				}
			}
		}
	case "/v1/logs":
		var sent collogs.ExportLogsServiceRequest
		if err = proto.Unmarshal(body, &sent); err == nil {
			for _, resource := range sent.ResourceLogs {
				for _, scope := range resource.ScopeLogs {
					r.lines = append(r.lines, scope.LogRecords...)
				}
			}
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (r *receiver) all() []*tracepb.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// named returns the spans of a name.
func (r *receiver) named(name string) (some []*tracepb.Span) {
	for _, s := range r.all() {
		if s.Name == name {
			some = append(some, s)
		}
	}
	return some
}

// one returns the only span of a name.
func (r *receiver) one(name string) *tracepb.Span {
	some := r.named(name)
	require.Len(r.t, some, 1, name)
	return some[0]
}

// holdsNot fails when anything that was received holds a word.
func (r *receiver) holdsNot(words ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	require.NotEmpty(r.t, r.bodies)
	for _, body := range r.bodies {
		for _, word := range words {
			require.NotContains(r.t, string(body), word)
		}
	}
}

// attr returns the text of an attribute, or that of its number.
func attr(of []*common.KeyValue, key string) any {
	for _, a := range of {
		if a.Key == key {
			switch v := a.Value.Value.(type) {
			case *common.AnyValue_StringValue:
				return v.StringValue
			case *common.AnyValue_IntValue:
				return int(v.IntValue)
			case *common.AnyValue_BoolValue:
				return v.BoolValue
			case *common.AnyValue_DoubleValue:
				return v.DoubleValue
			case *common.AnyValue_ArrayValue:
				return v.ArrayValue.Values[0].GetStringValue()
			}
		}
	}
	return nil
}

func id(b []byte) string { return hex.EncodeToString(b) }
