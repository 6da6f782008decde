package telemetry

import (
	"context"
	"errors"
	"io"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/learnsnap/learnsnap-go/storage"
)

// Store returns a store that makes a span of each step in the database which a quiz or
// its learner waits for: a step is one transaction, on either engine. System is the
// database's name in the conventions of OpenTelemetry, "sqlite" or "postgresql".
// Statements and their values are in no attribute. What happens outside of any span,
// such as the look for watchers four times a second, makes none. When tracing is off
// it is the store itself.
func (t *Tracing) Store(store storage.Store, system string) storage.Store {
	if t.tracer == nil {
		return store
	}
	return &tracedStore{Store: store, tracer: t.tracer, attrs: []attribute.KeyValue{attribute.String("db.system.name", system)}}
}

type tracedStore struct {
	storage.Store // whose other methods make no spans
	tracer        trace.Tracer
	attrs         []attribute.KeyValue
}

// step makes a step under a span.
func (s *tracedStore) step(ctx context.Context, name string, do func(context.Context) error) error {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return do(ctx)
	}
	ctx, span := s.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(s.attrs...), trace.WithAttributes(attribute.String("db.operation.name", name)))
	defer span.End()
	err := do(ctx)
	if fact := factOf(err); fact != "" {
		span.SetAttributes(attribute.String("learnsnap.answer", fact))
	} else if err != nil {
		failed(span, failureOf(err))
	}
	return err
}

// factOf names what a store says of its data, which is an answer and no failure.
func factOf(err error) string {
	for _, fact := range []error{storage.ErrNotFound, storage.ErrExists, storage.ErrConflict, storage.ErrInsufficient, storage.ErrStale} {
		if errors.Is(err, fact) {
			return fact.Error()
		}
	}
	return ""
}

// failureOf names in a word why there was no answer.
func failureOf(err error) string {
	var busy interface{ RetryAfter() time.Duration }
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &busy):
		return "unavailable"
	}
	return "_OTHER"
}

// got makes a step that answers something.
func got[T any](ctx context.Context, s *tracedStore, name string, do func(context.Context) (T, error)) (answer T, err error) {
	err = s.step(ctx, name, func(ctx context.Context) (err error) {
		answer, err = do(ctx)
		return err
	})
	return answer, err
}

func (s *tracedStore) CreateSession(ctx context.Context, kept storage.Session, hold bool) error {
	return s.step(ctx, "CreateSession", func(ctx context.Context) error { return s.Store.CreateSession(ctx, kept, hold) })
}

func (s *tracedStore) Session(ctx context.Context, id string) (storage.Session, error) {
	return got(ctx, s, "Session", func(ctx context.Context) (storage.Session, error) { return s.Store.Session(ctx, id) })
}

func (s *tracedStore) SessionByKey(ctx context.Context, owner, key string) (storage.Session, error) {
	return got(ctx, s, "SessionByKey", func(ctx context.Context) (storage.Session, error) { return s.Store.SessionByKey(ctx, owner, key) })
}

func (s *tracedStore) SubmitSession(ctx context.Context, id string, result []byte) error {
	return s.step(ctx, "SubmitSession", func(ctx context.Context) error { return s.Store.SubmitSession(ctx, id, result) })
}

func (s *tracedStore) EraseSession(ctx context.Context, id, code string) error {
	return s.step(ctx, "EraseSession", func(ctx context.Context) error { return s.Store.EraseSession(ctx, id, code) })
}

func (s *tracedStore) FinishSession(ctx context.Context, id string, claim int64, o storage.Outcome) error {
	return s.step(ctx, "FinishSession", func(ctx context.Context) error { return s.Store.FinishSession(ctx, id, claim, o) })
}

func (s *tracedStore) AppendItem(ctx context.Context, session string, claim int64, it storage.Item) error {
	return s.step(ctx, "AppendItem", func(ctx context.Context) error { return s.Store.AppendItem(ctx, session, claim, it) })
}

func (s *tracedStore) Items(ctx context.Context, session string, after int) ([]storage.Item, error) {
	return got(ctx, s, "Items", func(ctx context.Context) ([]storage.Item, error) { return s.Store.Items(ctx, session, after) })
}

func (s *tracedStore) Progress(ctx context.Context, ids []string) ([]storage.Progress, error) {
	return got(ctx, s, "Progress", func(ctx context.Context) ([]storage.Progress, error) { return s.Store.Progress(ctx, ids) })
}

func (s *tracedStore) AddReport(ctx context.Context, r storage.Report) error {
	return s.step(ctx, "AddReport", func(ctx context.Context) error { return s.Store.AddReport(ctx, r) })
}

func (s *tracedStore) Balance(ctx context.Context, owner string) (int, error) {
	return got(ctx, s, "Balance", func(ctx context.Context) (int, error) { return s.Store.Balance(ctx, owner) })
}

func (s *tracedStore) Grant(ctx context.Context, owner, cause string, pages int) (bool, error) {
	return got(ctx, s, "Grant", func(ctx context.Context) (bool, error) { return s.Store.Grant(ctx, owner, cause, pages) })
}

func (s *tracedStore) Entries(ctx context.Context, owner string, before int64, limit int) ([]storage.Entry, error) {
	return got(ctx, s, "Entries", func(ctx context.Context) ([]storage.Entry, error) {
		return s.Store.Entries(ctx, owner, before, limit)
	})
}

func (s *tracedStore) PutBlob(ctx context.Context, session string, r io.Reader) (storage.Blob, error) {
	return got(ctx, s, "PutBlob", func(ctx context.Context) (storage.Blob, error) { return s.Store.PutBlob(ctx, session, r) })
}

func (s *tracedStore) OpenBlob(ctx context.Context, session, hash string) (io.ReadSeekCloser, error) {
	return got(ctx, s, "OpenBlob", func(ctx context.Context) (io.ReadSeekCloser, error) { return s.Store.OpenBlob(ctx, session, hash) })
}

func (s *tracedStore) DeleteBlobs(ctx context.Context, session string) error {
	return s.step(ctx, "DeleteBlobs", func(ctx context.Context) error { return s.Store.DeleteBlobs(ctx, session) })
}
