package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/flags"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/resilience"
	"github.com/learnsnap/learnsnap-go/storage"
)

// newSwitches returns the flags: FLAGS_FILE, overrides in the store, the
// environment. Every override that is put or ended is audited.
func newSwitches(ctx context.Context, c config, store storage.Store, log *slog.Logger) (*flags.Set, error) {
	set, err := flags.New(flags.Config{
		File: c.FlagsFile, Store: store, Log: log,
		Lookup: func(name string) (string, bool) { v, ok := c.Flags[name]; return v, ok },
		Audit: func(ctx context.Context, e flags.Entry) {
			what := "flag.put"
			if e.After == nil {
				what = "flag.end"
			}
			audited(ctx, store, log, storage.AuditEntry{Who: e.Who, What: what, Target: e.Flag, Why: e.Why, At: e.At}, map[string]any{"before": e.Before, "after": e.After})
		},
	})
	if err != nil {
		return nil, err
	}
	loading, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	if err := set.Load(loading); err != nil {
		log.Warn("overrides of flags could not be read yet", "error", err)
	}
	return set, nil
}

// audited writes what an operator did into the audit. It has been done by then, so a
// failure is told as loudly as a log can.
func audited(ctx context.Context, store storage.Audit, log *slog.Logger, e storage.AuditEntry, detail any) {
	body, err := json.Marshal(detail)
	if err == nil {
		e.Detail = body
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkWithin)
		defer cancel()
		err = store.AddAudit(ctx, e)
	}
	if err != nil {
		log.ErrorContext(ctx, "what an operator did could not be audited", "who", e.Who, "what", e.What, "target", e.Target, "why", e.Why, "error", err)
		return
	}
	log.InfoContext(ctx, "operator", "who", e.Who, "what", e.What, "target", e.Target, "why", e.Why)
}

// Traits of routes, on which switches and gates act.
type traits uint8

const (
	streams traits = 1 << iota // lasts as long as somebody watches
	always                     // answers whatever is switched off: probes, metrics, operators
	writes                     // stores something: closed in READ_ONLY_MODE
	work                       // begins new work: refused while memory is short
	joins                      // makes a newcomer known: closed by DISABLE_REGISTRATION
	pays                       // begins a payment: closed by DISABLE_PAYMENTS
)

func (t traits) has(one traits) bool { return t&one != 0 }

// How long clients are asked to wait for a switch.
const (
	maintenanceAfter = 2 * time.Minute
	switchedAfter    = 30 * time.Second
)

// admit lets a request of a route in, or says why not. done is called at its end.
func (s *server) admit(r *http.Request, t traits) (done func(error), err error) {
	if t.has(always) {
		return func(error) {}, nil
	}
	on := s.flags.Enabled
	switch {
	case on(flags.MaintenanceMode):
		return nil, switchedOff(maintenance, maintenanceAfter)
	case t.has(writes) && on(flags.ReadOnlyMode), t.has(joins) && on(flags.DisableRegistration), t.has(pays) && on(flags.DisablePayments):
		return nil, switchedOff(switched, switchedAfter)
	case t.has(work):
		done, err := s.watchdog.Enter(r.Context())
		if err != nil {
			return nil, &learnsnap.Error{Code: learnsnap.Overloaded, Err: err}
		}
		return done, nil
	}
	return func(error) {}, nil
}

// switchedOff is the error of a route that an operator has closed.
func switchedOff(code learnsnap.Code, after time.Duration) error {
	return &learnsnap.Error{Code: code, Err: &resilience.RejectedError{Err: fmt.Errorf("an operator has switched this off"), After: after}}
}

// maintenancePage is what a browser shows meanwhile.
var maintenancePage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="{{.Language}}" dir="{{.Direction}}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>LearnSnap</title><link rel="stylesheet" href="/app.css"><main><h1>LearnSnap</h1><p>{{.Text}}</p></main></html>
`))

// wantsPage reports whether a client would rather be told in HTML.
func wantsPage(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/api/")
}

func writeMaintenance(w http.ResponseWriter, r *http.Request) {
	language, direction := languageOf(r), "ltr"
	if language == arabic {
		direction = "rtl"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", strconv.Itoa(int(maintenanceAfter.Seconds())))
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = maintenancePage.Execute(w, map[string]any{"Language": language, "Direction": direction, "Text": says(maintenance, language)})
}

// A switchedGate stands in the way only while a flag is on.
type switchedGate struct {
	on   func() bool
	gate resilience.Gate
}

// Enter implements [resilience.Gate].
func (g switchedGate) Enter(ctx context.Context) (done func(error), err error) {
	if !g.on() {
		return func(error) {}, nil
	}
	return g.gate.Enter(ctx)
}
