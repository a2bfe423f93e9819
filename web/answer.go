package web

import (
	"encoding/json"
	"net"
	"net/http"

	"nettwin/sparql/protocol"
)

type listener = net.Listener

// problem is an error answer (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (s *Server) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		s.opt.Log.Debug("answer not delivered", "err", err)
	}
}

// fail answers an error of the REST API as application/problem+json.
func (s *Server) fail(w http.ResponseWriter, status int, err error) {
	if status == 0 {
		status = protocol.StatusOf(err)
	}
	if status >= 500 {
		s.opt.Log.Error("request failed", "status", status, "err", err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(problem{http.StatusText(status), status, err.Error()})
}
