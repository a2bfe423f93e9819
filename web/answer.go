package web

import (
	"encoding/json"
	"io"
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
	if err := encode(w, v); err != nil {
		s.opt.Log.Debug("answer not delivered", "err", err)
	}
}

// fail answers an error of the REST API; status 0 is that of the error.
func (s *Server) fail(w http.ResponseWriter, status int, err error) {
	if status == 0 {
		status = protocol.StatusOf(err)
	}
	if status >= 500 {
		s.opt.Log.Error("request failed", "status", status, "err", err)
	}
	writeProblem(w, status, err.Error())
}

func writeProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// An error here means that the client went away.
	_ = encode(w, problem{http.StatusText(status), status, detail})
}

// encode writes JSON for programs and people: IRIs stay readable.
func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
