package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/cors"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit"
)

// A handler answers a request, or returns the error that the client is to be told.
type handler func(w http.ResponseWriter, r *http.Request, p httprouter.Params) error

// Bounds of bodies.
const (
	createLimit = 85 << 20
	bodyLimit   = 1 << 20
)

// A route is one line of the table. Its pattern is what metrics call it.
type route struct {
	method, pattern string
	bytes           int64 // of the body, at most
	traits          traits
	handle          handler
	policy          func(limit.Policies) limit.Policy // how much one caller may take; nil: no bound
}

// name is what metrics, traces and the log call a route.
func (rt route) name() string {
	if rt.method == http.MethodPost && rt.pattern == quizPattern {
		return "/api/v1/quiz/create"
	}
	return rt.pattern
}

// quizPattern is a quiz's own address and, for POST, that of creating one.
const quizPattern = "/api/v1/quiz/:id"

// routes is the table. Paths below /api/v1 answer without v1 as well, for older
// clients. (A static segment beside ":id" is not possible in this router: creating
// is the route with the id "create".)
func (s *server) routes() []route {
	return []route{
		{"POST", quizPattern, createLimit, writes | work, s.create, creating},
		{"GET", quizPattern, 0, 0, s.get, nil},
		{"DELETE", quizPattern, 0, writes, s.erase, nil},
		{"GET", "/api/v1/quiz/:id/events", 0, streams, s.events, nil},
		{"POST", "/api/v1/quiz/:id/submit", bodyLimit, writes, s.submit, submitting},
		{"GET", "/api/v1/quiz/:id/result", 0, 0, s.result, nil},
		{"POST", "/api/v1/quiz/:id/report-question", bodyLimit, writes, s.report, reporting},
		{"POST", "/api/v1/device/issue", bodyLimit, writes | joins, s.issueDevice, joining},
		{"DELETE", "/api/v1/me", 0, writes, s.eraseMe, nil},
		{"GET", "/api/v1/credits", 0, 0, s.credits, nil},
		{"GET", "/api/v1/credits/history", 0, 0, s.history, nil},

		{"GET", "/api/v1/billing/packs", 0, 0, s.packs, nil},
		{"POST", "/api/v1/payment/create", bodyLimit, writes | pays, s.checkout, paying},
		{"POST", "/api/v1/payment/verify", bodyLimit, 0, s.verifyPayment, submitting},
		{"POST", "/api/webhooks/paylink", bodyLimit, always, s.webhook, nil},

		{"GET", "/api/v1/admin/payments/stuck", 0, always, s.operators(s.stuckPayments), nil},
		{"POST", "/api/v1/admin/payments/:order/recheck", bodyLimit, always, s.operators(s.recheckPayment), nil},
		{"POST", "/api/v1/admin/payments/:order/close", bodyLimit, always, s.operators(s.closePayment), nil},
		{"GET", "/api/v1/admin/question-reports", 0, always, s.operators(s.listReports), nil},
		{"GET", "/api/v1/admin/owners/:owner/ledger", 0, always, s.operators(s.ownersLedger), nil},
		{"POST", "/api/v1/admin/owners/:owner/adjust", bodyLimit, always, s.operators(s.adjustOwner), nil},
		{"GET", "/api/v1/admin/flags", 0, always, s.operators(s.listFlags), nil},
		{"PUT", "/api/v1/admin/flags/:name", bodyLimit, always, s.operators(s.putFlag), nil},
		{"DELETE", "/api/v1/admin/flags/:name", 0, always, s.operators(s.endFlag), nil},
		{"GET", "/api/v1/admin/breakers", 0, always, s.operators(s.listBreakers), nil},
		{"GET", "/api/v1/admin/jobs/dead", 0, always, s.operators(s.listDead), nil},
		{"POST", "/api/v1/admin/jobs/dead/:id/retry", bodyLimit, always, s.operators(s.retryDead), nil},
		{"POST", "/api/v1/admin/jobs/dead/:id/discard", bodyLimit, always, s.operators(s.discardDead), nil},
		{"GET", "/api/v1/admin/log-level", 0, always, s.operators(s.getLogLevel), nil},
		{"PUT", "/api/v1/admin/log-level", bodyLimit, always, s.operators(s.putLogLevel), nil},
		{"GET", "/api/v1/admin/audit", 0, always, s.operators(s.listAudit), nil},
		{"GET", "/api/v1/admin/audit/verify", 0, always, s.operators(s.verifyAudit), nil},
		{"GET", "/api/v1/admin/metrics", 0, always, s.operators(s.listMetrics), nil},
		{"GET", "/api/v1/admin/debug/pprof/*profile", 0, always | streams, s.operators(s.profile), nil},

		{"GET", "/health", 0, always, s.health, nil},
		{"GET", "/health/live", 0, always, s.live, nil},
		{"GET", "/health/ready", 0, always, s.isReady, nil},
		{"GET", "/health/ai", 0, always, s.healthAI, nil},
		{"GET", "/health/slo", 0, always, s.healthSLO, nil},
		{"GET", "/health/memory", 0, always, s.healthMemory, nil},
		{"GET", "/health/features", 0, always, s.healthFeatures, nil},
		{"GET", "/metrics", 0, always, s.scrape, nil},
		{"GET", "/", 0, 0, s.page, nil},
		{"GET", "/app.js", 0, 0, s.page, nil},
		{"GET", "/app.css", 0, always, s.page, nil},
	}
}

// handler returns everything that answers requests.
func (s *server) handler() (http.Handler, error) {
	router := httprouter.New()
	router.RedirectTrailingSlash = false
	router.RedirectFixedPath = false
	for _, rt := range s.routes() {
		patterns := []string{rt.pattern}
		if rest, ok := strings.CutPrefix(rt.pattern, "/api/v1/"); ok {
			patterns = append(patterns, "/api/"+rest)
		}
		for _, pattern := range patterns {
			router.Handle(rt.method, pattern, s.observed(rt))
			if rt.method == http.MethodGet && !rt.traits.has(streams) {
				router.Handle(http.MethodHead, pattern, s.observed(rt))
			}
		}
	}
	router.NotFound = s.plain("none", func(http.ResponseWriter, *http.Request, httprouter.Params) error {
		return fault(routeNotFound, "no route")
	})
	router.MethodNotAllowed = s.plain("none", func(http.ResponseWriter, *http.Request, httprouter.Params) error {
		return fault(methodNotAllowed, "method not allowed")
	})
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(s.plain("none", func(http.ResponseWriter, *http.Request, httprouter.Params) error {
		return fault(crossOrigin, "cross-origin request")
	}))
	origins, err := cors.New(cors.Config{Origins: s.config.Origins})
	if err != nil {
		return nil, fmt.Errorf("CORS_ORIGINS: %w", err)
	}
	for _, origin := range origins.Origins() {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("CORS_ORIGINS: %w", err)
		}
	}
	return s.identified(origins.Handler(protection.Handler(router))), nil
}
