package main

import (
	"context"
	"net/http"
	"runtime/metrics"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/learnsnap"
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
	if !s.ready() {
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
	checks := map[string]check{
		"database": s.checkDatabase(r.Context()), "queue": s.checkQueue(r.Context()),
		"ocr": s.checkOCR(r.Context()), "memory": s.checkMemory(),
	}
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
	if err := s.ocr.Check(ctx); err != nil {
		return check{Status: "degraded", Detail: err.Error()}
	}
	return check{Status: "ok"}
}

// checkMemory compares what the runtime holds with the configured limit.
func (s *server) checkMemory() check {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	held := (samples[0].Value.Uint64() - samples[1].Value.Uint64()) >> 20
	c := check{Status: "ok", More: map[string]any{"heldMB": held, "limitMB": s.config.MemoryLimitMB}}
	if held*100 > uint64(s.config.MemoryLimitMB)*85 {
		c.Status, c.Detail = "degraded", "close to the limit"
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
	code := http.StatusOK
	if status == "down" {
		code = http.StatusServiceUnavailable
	}
	writeJSON(w, code, map[string]any{"status": status, "models": models})
	return nil
}

// scrape answers Prometheus.
func (s *server) scrape(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	s.metrics.Handler().ServeHTTP(w, r)
	return nil
}
