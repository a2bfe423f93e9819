package web

import (
	"io/fs"
	"net/http"
	"strings"
)

const noUI = `<!doctype html><html lang="en"><meta charset="utf-8"><title>nettwin</title>
<body style="font: 16px/1.5 system-ui; max-width: 40rem; margin: 3rem auto">
<h1>nettwin</h1>
<p>This binary was built without its page. Run <code>make ui build</code> and start it again.</p>
<p>Everything else works: SPARQL at <a href="/sparql">/sparql</a>, the API at
<a href="/api/openapi.json">/api/openapi.json</a>, the vocabulary at <a href="/ns">/ns</a>.</p>`

// page serves the built user interface.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if path == "" {
		path = "index.html"
	}
	if s.opt.UI == nil {
		if path != "index.html" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(noUI))
		return
	}
	if _, err := fs.Stat(s.opt.UI, path); err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, s.opt.UI, path)
}
