package sentry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/getsentry/sentry-go"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

// queue is how many events may wait to be sent; more are dropped.
const queue = 100

// A Config configures [New]. The zero value is off.
type Config struct {
	DSN         string // "" means off
	Release     string // "" means what the SDK finds in the build
	Environment string // "" means what SENTRY_ENVIRONMENT says, else "production"

	// PerMinute is how many events are reported in a minute: a storm of errors is one
	// fault. 0 means 60, −1 that all are.
	PerMinute int

	Flush time.Duration // how long Run may still send at its end; 0 means 5 s
}

// A Reporter reports errors and panics. It is safe for concurrent use. Reporting never
// waits: events are sent by [Reporter.Run], and dropped where they come too fast.
type Reporter struct {
	config Config
	events chan *sentry.Event // nil when off

	mu     sync.Mutex
	minute time.Time // when the count began
	count  int
}

// New returns a reporter. A DSN that is none is an error, which does not repeat it.
func New(c Config) (*Reporter, error) {
	if c.PerMinute == 0 {
		c.PerMinute = 60
	}
	if c.Flush <= 0 {
		c.Flush = 5 * time.Second
	}
	r := &Reporter{config: c}
	if c.DSN == "" {
		return r, nil
	}
	if _, err := sentry.NewDsn(c.DSN); err != nil {
		return nil, fmt.Errorf("sentry: the DSN is none (want https://key@host/project)")
	}
	r.events = make(chan *sentry.Event, queue)
	return r, nil
}

// Handlers returns the handler that reports lines of level Error and above, for
// telemetry.LogConfig.Also, or none when reporting is off.
func (r *Reporter) Handlers() []slog.Handler {
	if r.events == nil {
		return nil
	}
	return []slog.Handler{handler{reporter: r}}
}

// Panic reports what was recovered from a panic, with the stack of the caller; call it
// in the deferred function that recovers. It does not go on with the panic.
func (r *Reporter) Panic(ctx context.Context, recovered any) {
	if r.events == nil {
		return
	}
	e := sentry.NewEvent()
	e.Level = sentry.LevelFatal
	e.Exception = []sentry.Exception{{Type: "panic", Value: fmt.Sprint(recovered), Stacktrace: sentry.NewStacktrace()}}
	if id := telemetry.RequestID(ctx); id != "" {
		e.Tags = map[string]string{telemetry.RequestIDKey: id}
	}
	r.report(e)
}

// report puts an event in line, if there is room and the minute has not had too many.
func (r *Reporter) report(e *sentry.Event) {
	e.Timestamp = time.Now()
	if !r.admitted(e.Timestamp) {
		return
	}
	select {
	case r.events <- e:
	default:
	}
}

func (r *Reporter) admitted(now time.Time) bool {
	if r.config.PerMinute < 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.minute) >= time.Minute {
		r.minute, r.count = now, 0
	}
	r.count++
	return r.count <= r.config.PerMinute
}

// Run sends events until ctx ends, then those that are left, as long as
// [Config].Flush allows. It returns nil at the end of ctx; it must run once only.
func (r *Reporter) Run(ctx context.Context) error {
	if r.events == nil {
		<-ctx.Done()
		return nil
	}
	connections := &http.Transport{Proxy: http.ProxyFromEnvironment}
	defer connections.CloseIdleConnections()
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(r.config.Flush, cancel) })() // also for what is being sent then
	client, err := sentry.NewClient(sentry.ClientOptions{
		Dsn: r.config.DSN, Release: r.config.Release, Environment: r.config.Environment,
		Transport:            &bounded{sentry.NewHTTPSyncTransport(), sending},
		HTTPTransport:        connections,
		Integrations:         func([]sentry.Integration) []sentry.Integration { return nil },
		BeforeSend:           func(e *sentry.Event, _ *sentry.EventHint) *sentry.Event { return scrubbed(e) },
		DisableClientReports: true,
	})
	if err != nil {
		return fmt.Errorf("sentry: %w", err)
	}
	defer client.Close()
	for {
		select {
		case e := <-r.events:
			client.CaptureEvent(e, nil, nil)
		case <-ctx.Done():
			r.flush(client)
			return nil
		}
	}
}

// flush sends what is in line.
func (r *Reporter) flush(client *sentry.Client) {
	for {
		select {
		case e := <-r.events:
			client.CaptureEvent(e, nil, nil)
		default:
			return
		}
	}
}

// bounded sends under a context, so that a flush can be given up.
type bounded struct {
	*sentry.HTTPSyncTransport
	ctx context.Context // of one Run, within which it lives
}

// SendEvent implements [sentry.Transport].
func (b *bounded) SendEvent(e *sentry.Event) {
	if b.ctx.Err() == nil {
		b.SendEventWithContext(b.ctx, e)
	}
}
