package restconf

import (
	"fmt"
	"net/http"
	"strings"
)

// serve finds the resource of a request (RFC 8040 §3).
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/.well-known/host-meta" && !s.options.Undiscoverable {
		w.Header().Set("Content-Type", "application/xrd+xml")
		fmt.Fprintf(w, `<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="restconf" href="%s"/></XRD>`, s.options.Root)
		return
	}
	if !s.authenticated(w, r) {
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.fail(w, r, http.StatusMethodNotAllowed, "protocol", "operation-not-supported", r.Method+" is not served here")
		return
	}
	// Percent-encoded keys stay encoded until the path is split.
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), s.options.Root)
	resource, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case !ok || path != "" && path[0] != '/':
		s.fail(w, r, http.StatusNotFound, "protocol", "invalid-value", "there is nothing at "+r.URL.Path)
	case resource == "":
		s.root(w, r)
	case resource == "data":
		s.data(w, r, rest)
	case resource == "operations":
		s.write(w, r, element{own: true, x: operations()})
	case resource == "yang-library-version":
		s.write(w, r, element{own: true, x: libraryVersion(s.options.Library)})
	case resource == "schemas" && !s.options.NoSchemas:
		s.schema(w, r, rest)
	case resource == "streams" && !s.options.NoStreams:
		s.stream(w, r, rest)
	default:
		s.fail(w, r, http.StatusNotFound, "protocol", "invalid-value", "there is nothing at "+r.URL.Path)
	}
}

// root is the API resource (RFC 8040 §3.3).
func (s *Server) root(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, element{own: true, x: apiResource(s.options.Library)})
}

// schema is the text of a module: NAME@REVISION.
func (s *Server) schema(w http.ResponseWriter, r *http.Request, id string) {
	name, revision, _ := strings.Cut(id, "@")
	m := s.set.Module(name, revision)
	if m == nil {
		s.fail(w, r, http.StatusNotFound, "protocol", "invalid-value", fmt.Sprintf("there is no schema %q", id))
		return
	}
	w.Header().Set("Content-Type", "application/yang")
	_, _ = w.Write(m.Text) // a client that went away is its own affair
}
