package main

import (
	"net/http"
	"strings"

	"github.com/julienschmidt/httprouter"
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
	limit           int64 // bytes of the body
	stream          bool  // lasts as long as somebody watches
	handle          handler
}

// routes is the table. Paths below /api/v1 answer without v1 as well, for older
// clients. (A static segment beside ":id" is not possible in this router: creating
// is the route with the id "create".)
func (s *server) routes() []route {
	return []route{
		{"POST", "/api/v1/quiz/:id", createLimit, false, s.create},
		{"GET", "/api/v1/quiz/:id", 0, false, s.get},
		{"DELETE", "/api/v1/quiz/:id", 0, false, s.erase},
		{"GET", "/api/v1/quiz/:id/events", 0, true, s.events},
		{"POST", "/api/v1/quiz/:id/submit", bodyLimit, false, s.submit},
		{"GET", "/api/v1/quiz/:id/result", 0, false, s.result},
		{"POST", "/api/v1/quiz/:id/report-question", bodyLimit, false, s.report},
		{"POST", "/api/v1/device/issue", bodyLimit, false, s.issueDevice},
		{"GET", "/api/v1/credits", 0, false, s.credits},
		{"GET", "/api/v1/credits/history", 0, false, s.history},
		{"GET", "/health", 0, false, s.health},
		{"GET", "/health/live", 0, false, s.live},
		{"GET", "/health/ready", 0, false, s.isReady},
		{"GET", "/health/ai", 0, false, s.healthAI},
		{"GET", "/metrics", 0, false, s.scrape},
		{"GET", "/", 0, false, s.page},
		{"GET", "/app.js", 0, false, s.page},
		{"GET", "/app.css", 0, false, s.page},
	}
}

// handler returns everything that answers requests.
func (s *server) handler() http.Handler {
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
			if rt.method == http.MethodGet && !rt.stream {
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
	return s.identified(protection.Handler(router))
}
