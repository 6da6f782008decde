package main

import (
	"embed"
	"html/template"
	"net/http"
	"path"

	"github.com/julienschmidt/httprouter"
)

// web holds the page: one document, one script, one style sheet, nothing from
// elsewhere.
//
//go:embed web
var web embed.FS

// page serves the quiz page and what belongs to it.
func (s *server) page(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Path != "/" {
		http.ServeFileFS(w, r, web, path.Join("web", path.Base(r.URL.Path)))
		return nil
	}
	language := languageOf(r)
	direction := "ltr"
	if language == arabic {
		direction = "rtl"
	}
	t, err := template.ParseFS(web, "web/index.html")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Language")
	return t.Execute(w, map[string]any{"Language": language, "Direction": direction, "T": words[language]})
}
