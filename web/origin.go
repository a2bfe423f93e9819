package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// queryPath is where POST is a safe read: the text of a query (SPARQL 1.1
// Protocol §2.1).
const queryPath = "/sparql"

// isSafeRead tells whether a request changes nothing (RFC 9110 §9.2.1).
func isSafeRead(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		return r.URL.EscapedPath() == queryPath
	}
	return false
}

// What pages of other origins may send and see.
const (
	corsHeaders = "Authorization, Content-Type, Accept"
	corsExposed = "Nettwin-Commit, Nettwin-Quads, Nettwin-Adds, Nettwin-Deletes, Nettwin-Query, Nettwin-Truncated, ETag, Link"
	corsMaxAge  = "7200" // seconds; browsers take no more
)

// allowAnyOrigin lets scripts of any page read the answer (Fetch, "CORS
// protocol"). Access-Control-Allow-Credentials is never sent.
func allowAnyOrigin(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", corsExposed)
}

// isPreflight recognises a CORS-preflight request (Fetch, "CORS protocol").
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// answerPreflight allows safe reads; a browser then refuses all other methods
// itself. It needs no token: preflights never carry one.
func answerPreflight(w http.ResponseWriter, r *http.Request) {
	methods := "GET, HEAD"
	if r.URL.EscapedPath() == queryPath {
		methods += ", POST"
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
}

// originOf returns nil for requests of tools, which tell no origin, and of the
// server's own pages, and an error that names any other origin. A browser
// sends Origin with every request that may change something, and scripts can
// set neither Origin nor Sec-Fetch-Site (Fetch, "forbidden request-header").
func originOf(r *http.Request) error {
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "same-origin", "none":
	default:
		return fmt.Errorf("a page of another origin sent this request (Sec-Fetch-Site: %s): only the server's own page and tools may change anything", clip(site))
	}
	origins := r.Header.Values("Origin")
	for _, origin := range origins {
		if !isSameOrigin(origin, r) {
			return fmt.Errorf("the Origin %q is not that of this server, which was called as %q: only the server's own page and tools that send no Origin may change anything; a proxy in between must keep the Host header", clip(origin), r.Host)
		}
	}
	return nil
}

// isSameOrigin compares an origin (RFC 6454 §7) with the Host that the request
// called. The scheme is known for sure only under TLS: a proxy may have ended
// it.
func isSameOrigin(origin string, r *http.Request) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || strings.HasSuffix(u.Host, ":") || !strings.EqualFold(origin, u.Scheme+"://"+u.Host) {
		return false
	}
	standard := ""
	switch u.Scheme {
	case "http":
		if r.TLS != nil {
			return false
		}
		standard = "80"
	case "https":
		standard = "443"
	default:
		return false
	}
	return parseHost(u.Host).orPort(standard) == parseHost(r.Host).orPort(standard)
}

// maxClipped bounds what a refusal repeats of a header.
const maxClipped = 100

func clip(s string) string {
	if len(s) > maxClipped {
		return strings.ToValidUTF8(s[:maxClipped], "") + "…"
	}
	return s
}
