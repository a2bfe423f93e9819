package restconf

import (
	"net/http"
	"slices"
	"strings"

	"nettwin/internal/simulate/xmltree"
)

const (
	mediaJSON = "application/yang-data+json"
	mediaXML  = "application/yang-data+xml"
)

// encoding is the media type of an answer: what the client prefers of what the
// server has; "" if there is none.
func (s *Server) encoding(r *http.Request) string {
	offered := []string{}
	if !s.options.NoXML {
		offered = append(offered, mediaXML)
	}
	if !s.options.NoJSON {
		offered = append(offered, mediaJSON)
	}
	accept := r.Header.Get("Accept")
	if accept == "" && len(offered) > 0 {
		return offered[0]
	}
	for part := range strings.SplitSeq(accept, ",") {
		media, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch {
		case slices.Contains(offered, media):
			return media
		case media == "*/*" && len(offered) > 0:
			return offered[0]
		}
	}
	return ""
}

// write answers with an element in the form that the client accepts.
func (s *Server) write(w http.ResponseWriter, r *http.Request, e element) {
	media := s.encoding(r)
	if media == "" {
		s.fail(w, r, http.StatusNotAcceptable, "protocol", "invalid-value", "none of the accepted media types is served")
		return
	}
	w.Header().Set("Content-Type", media)
	body := s.xml(e)
	if media == mediaJSON {
		body = s.inJSON(e)
	}
	_, _ = w.Write(body) // a client that went away is its own affair
}

func (s *Server) xml(e element) []byte {
	if e.datastore {
		return xmltree.New(restconfSpace, "data", append(slices.Clone(e.elements), e.self...)...).Append(nil)
	}
	return e.x.Append(nil)
}

func (s *Server) inJSON(e element) []byte {
	if e.datastore {
		out := append([]byte(`{"ietf-restconf:data":`), s.json.Object(s.set.Child, "", e.elements)...)
		self := s.own.json.Object(s.own.set.Child, "", e.self)
		if len(self) > 2 {
			out = out[:len(out)-1]
			if out[len(out)-1] != '{' {
				out = append(out, ',')
			}
			out = append(out, self[1:]...)
		}
		return append(out, '}')
	}
	encoder, schema := s.json, e.schema
	if e.own {
		encoder = s.own.json
		if schema == nil {
			schema = s.own.set.Child(e.x.Name)
		}
	}
	out := append([]byte(`{"`), encoder.Name(e.x.Name, "")...)
	out = append(out, `":`...)
	out = encoder.Values(out, schema, []*xmltree.Node{e.x})
	return append(out, '}')
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, why *refused) {
	s.fail(w, r, why.status, why.kind, why.tag, why.message)
}

// fail answers with an error (RFC 8040 §7.1).
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, kind, tag, message string) {
	leaf := func(name, value string) *xmltree.Node { return xmltree.Leaf(restconfSpace, name, value) }
	x := xmltree.New(restconfSpace, "errors", xmltree.New(restconfSpace, "error", leaf("error-type", kind), leaf("error-tag", tag), leaf("error-message", message)))
	body, media := x.Append(nil), mediaXML
	if s.encoding(r) == mediaJSON {
		body, media = s.inJSON(element{own: true, x: x}), mediaJSON
	}
	w.Header().Del("ETag")
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = w.Write(body) // as above
}
