package telemetry

import (
	"context"
	"log/slog"

	"github.com/learnsnap/learnsnap-go/learnsnap"
)

// Observers returns an observer that tells each of all, in their order.
func Observers(all ...learnsnap.Observer) learnsnap.Observer { return observers(all) }

type observers []learnsnap.Observer

func (all observers) Observe(ctx context.Context, o learnsnap.Observation) {
	for _, to := range all {
		to.Observe(ctx, o)
	}
}

// EventKey is the name under which a line of [LogObserver] says which event of the
// domain it tells of, for whoever searches: its message may be worded anew.
const EventKey = "event"

// LogObserver returns an observer that writes a line for each thing that happens
// to a quiz: "event":"quiz.created", quiz.ready, item.dropped and so on. Items are
// lines of level Debug, faults of level Warn or Error, the rest of level Info. The
// text of pages and questions is in none of them.
func LogObserver(log *slog.Logger) learnsnap.Observer { return logObserver{log} }

type logObserver struct {
	log *slog.Logger
}

func (l logObserver) Observe(ctx context.Context, o learnsnap.Observation) {
	level, ok := levelOf(o)
	if !ok || !l.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String(EventKey, event(o.Occasion))}
	add := func(set bool, a slog.Attr) {
		if set {
			attrs = append(attrs, a)
		}
	}
	add(o.Session != "", slog.String("session", o.Session))
	add(o.Kind != "", slog.String("kind", string(o.Kind)))
	add(o.Model != "", slog.String("model", o.Model))
	add(o.Reason != "", slog.String("reason", o.Reason))
	add(o.Code != "", slog.String("code", string(o.Code)))
	add(o.Action != "", slog.String("action", o.Action))
	add(o.Pages > 0, slog.Int("pages", o.Pages))
	add(o.Elapsed > 0, slog.Float64("seconds", o.Elapsed.Seconds()))
	if o.Err != nil {
		attrs = append(attrs, slog.String("error", o.Err.Error()))
	}
	l.log.LogAttrs(ctx, level, message(o.Occasion), attrs...)
}

// event names an occasion by what it is about.
func event(o learnsnap.Occasion) string {
	switch o {
	case learnsnap.Created, learnsnap.FirstQuestion, learnsnap.Ready, learnsnap.Failed, learnsnap.Postponed:
		return "quiz." + string(o)
	case learnsnap.Accepted, learnsnap.Dropped, learnsnap.Verified:
		return "item." + string(o)
	case learnsnap.PagesMoved:
		return "credits." + string(o)
	case learnsnap.CostUnknown:
		return "model." + string(o)
	}
	return "service." + string(o)
}

func levelOf(o learnsnap.Observation) (level slog.Level, ok bool) {
	switch o.Occasion {
	case learnsnap.Accepted, learnsnap.Dropped, learnsnap.PagesMoved:
		return slog.LevelDebug, true
	case learnsnap.Verified:
		if o.Reason == learnsnap.Unverified {
			return slog.LevelInfo, true
		}
		return slog.LevelDebug, true
	case learnsnap.Created, learnsnap.FirstQuestion, learnsnap.Ready:
		return slog.LevelInfo, true
	case learnsnap.Failed:
		if ours(o.Code) {
			return slog.LevelError, true
		}
		return slog.LevelInfo, true // the pages are at fault, not we
	case learnsnap.Postponed, learnsnap.UpkeepFailed, learnsnap.CostUnknown:
		return slog.LevelWarn, true
	}
	return 0, false
}

// ours reports whether a quiz that failed with a code failed through a fault of
// this program or of what it stands on.
func ours(code learnsnap.Code) bool {
	switch code {
	case learnsnap.RecaptureRequired, learnsnap.TooFewQuestions, learnsnap.CostLimit, learnsnap.Expired,
		learnsnap.CorruptPage, learnsnap.UnsupportedPage, learnsnap.ImageTooLarge, learnsnap.EmptyPage, learnsnap.PageTooLarge:
		return false
	}
	return true
}

func message(o learnsnap.Occasion) string {
	switch o {
	case learnsnap.Created:
		return "quiz created"
	case learnsnap.FirstQuestion:
		return "first question"
	case learnsnap.Accepted:
		return "item accepted"
	case learnsnap.Dropped:
		return "item dropped"
	case learnsnap.Ready:
		return "quiz ready"
	case learnsnap.Failed:
		return "quiz failed"
	case learnsnap.Postponed:
		return "quiz postponed"
	case learnsnap.Verified:
		return "question verified"
	case learnsnap.CostUnknown:
		return "the price of this model is not known, its calls count as nothing"
	case learnsnap.PagesMoved:
		return "pages moved"
	}
	return "upkeep failed"
}
