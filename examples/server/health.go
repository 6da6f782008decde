package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// checkWithin bounds each check of a health answer.
const checkWithin = 2 * time.Second

// A check is how one part does.
type check struct {
	Status  string         `json:"status"` // ok, degraded or down
	Latency string         `json:"latency,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	More    map[string]any `json:"more,omitempty"`
}

// live says that the process answers.
func (s *server) live(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) error {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

// isReady says whether new work may be sent here.
func (s *server) isReady(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	if !s.life.Ready() {
		return fault(learnsnap.Unavailable, "starting or stopping")
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkWithin)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
	return nil
}

// health tells how each part does. It is down only when the database is; a part
// that can be done without makes it degraded.
func (s *server) health(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	began := time.Now()
	checks := s.checks(r.Context())
	status, code := "ok", http.StatusOK
	for _, c := range checks {
		if c.Status != "ok" {
			status = "degraded"
		}
	}
	if checks["database"].Status == "down" {
		status, code = "down", http.StatusServiceUnavailable
	}
	writeJSON(w, code, map[string]any{"status": status, "latency": time.Since(began).String(), "checks": checks})
	return nil
}

// checks asks all parts at once, each for a bounded time, and not more often than
// once a second.
func (s *server) checks(ctx context.Context) map[string]check {
	s.checked.mu.Lock()
	defer s.checked.mu.Unlock()
	if time.Since(s.checked.at) < time.Second {
		return s.checked.checks
	}
	ctx = context.WithoutCancel(ctx) // others will be told of what this caller has asked
	all := map[string]check{"memory": s.checkMemory(), "ai": s.checkAI()}
	if s.limits.redis != nil {
		all["redis"] = s.checkRedis()
	}
	if s.till != nil {
		all["payments"] = s.checkPayments()
	}
	if s.backups != nil {
		all["backups"] = s.checkBackups()
	}
	slow := map[string]func(context.Context) check{"database": s.checkDatabase, "queue": s.checkQueue, "ocr": s.checkOCR}
	var mu sync.Mutex
	var asking sync.WaitGroup
	for name, ask := range slow {
		asking.Go(func() {
			c := ask(ctx)
			mu.Lock()
			defer mu.Unlock()
			all[name] = c
		})
	}
	asking.Wait()
	s.checked.at, s.checked.checks = time.Now(), all
	return all
}

// checked is what the checks have said last.
type checked struct {
	mu     sync.Mutex
	at     time.Time
	checks map[string]check
}

func (s *server) checkDatabase(ctx context.Context) check {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	began := time.Now()
	if err := s.store.Ping(ctx); err != nil {
		return check{Status: "down", Latency: time.Since(began).String(), Detail: "the database does not answer"}
	}
	latency := time.Since(began)
	stats := s.store.Stats()
	c := check{Status: "ok", Latency: latency.String(), More: map[string]any{
		"connections": stats.Open, "inUse": stats.InUse, "max": stats.Max, "waiting": stats.Waiting, "refused": stats.Refused,
	}}
	if stats.Waiting > stats.Max {
		c.Status, c.Detail = "degraded", "more callers wait for a connection than there are connections"
	}
	return c
}

func (s *server) checkQueue(ctx context.Context) check {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	depth, err := s.store.Depth(ctx)
	if err != nil {
		return check{Status: "down", Detail: "the queue can't be read"}
	}
	more := map[string]any{"waiting": depth.Waiting, "running": depth.Running, "dead": depth.Dead}
	if !depth.Oldest.IsZero() {
		more["oldest"] = time.Since(depth.Oldest).Round(time.Second).String()
	}
	return check{Status: "ok", More: more}
}

func (s *server) checkOCR(ctx context.Context) check {
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	if err := s.ocr.Check(ctx); err != nil {
		return check{Status: "degraded", Detail: err.Error()}
	}
	return check{Status: "ok"}
}

// checkMemory says how near to its limit the process is.
func (s *server) checkMemory() check {
	seen := s.watchdog.Report()
	c := check{Status: "ok", More: map[string]any{"usedMB": seen.Used >> 20, "limitMB": seen.Limit >> 20, "state": seen.State.String()}}
	if seen.State != resilience.MemoryOK {
		c.Status, c.Detail = "degraded", "close to the limit"
	}
	return c
}

// checkRedis says whether limits are shared: without Redis each replica counts for
// itself.
func (s *server) checkRedis() check {
	if state := s.limits.fallback.State(); !state.Shared {
		return check{Status: "degraded", Detail: "Redis is away: limits hold for each replica alone"}
	}
	return check{Status: "ok"}
}

// checkPayments looks at the breaker before Paylink.
func (s *server) checkPayments() check {
	if state := s.till.breaker.State(); state != resilience.Closed {
		return check{Status: "degraded", Detail: "Paylink fails; what was paid is found later", More: map[string]any{"breaker": state.String()}}
	}
	return check{Status: "ok"}
}

// checkBackups says how old the last backup is that was proved by a restore.
func (s *server) checkBackups() check {
	last := s.backups.Proved()
	if last.IsZero() {
		return check{Status: "ok", Detail: "no backup was proved yet"}
	}
	c := check{Status: "ok", More: map[string]any{"age": time.Since(last).Round(time.Second).String()}}
	if time.Since(last) > 2*s.config.BackupEvery {
		c.Status, c.Detail = "degraded", "the last proved backup is too old"
	}
	return c
}

// checkAI looks at the breakers: nobody is asked.
func (s *server) checkAI() check {
	c := check{Status: "ok", More: map[string]any{"models": len(s.chain.links)}}
	var open []string
	for name, b := range s.chain.breakers {
		if b.State() == resilience.Open {
			open = append(open, name)
		}
	}
	if len(open) > 0 {
		slices.Sort(open)
		c.Status, c.Detail = "degraded", "left alone for now: "+strings.Join(open, ", ")
	}
	return c
}

// healthAI tells how each model does: its breaker, and a cheap check.
func (s *server) healthAI(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	ctx, cancel := context.WithTimeout(r.Context(), 5*checkWithin)
	defer cancel()
	status := "down"
	var models []map[string]any
	results := s.chain.check(ctx)
	for _, l := range s.chain.links {
		m := map[string]any{"model": l.name, "status": "ok"}
		if err := results[l.name]; err != nil {
			m["status"], m["detail"] = "down", err.Error()
		} else {
			status = "ok"
		}
		if b := s.chain.breakers[l.name]; b != nil {
			m["breaker"] = b.State().String()
		}
		models = append(models, m)
	}
	if status == "down" {
		status = "degraded" // the offline model may lack its reader of photos; of texts it still makes quizzes
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": status, "models": models})
	return nil
}

// healthSLO answers with where the budgets stand.
func (s *server) healthSLO(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) error {
	writeJSON(w, http.StatusOK, s.objectives.tracker.Report())
	return nil
}

// healthMemory answers with what the watchdog has seen.
func (s *server) healthMemory(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) error {
	writeJSON(w, http.StatusOK, s.watchdog.Report())
	return nil
}

// healthFeatures answers with what holds of each flag.
func (s *server) healthFeatures(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) error {
	writeJSON(w, http.StatusOK, s.flags.Report())
	return nil
}

// scrape answers Prometheus.
func (s *server) scrape(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	s.metrics.Handler().ServeHTTP(w, r)
	return nil
}
