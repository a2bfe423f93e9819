package web

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// recoverPanics answers 500 and logs where; http.ErrAbortHandler, which cuts
// off an answer on purpose, goes through.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				s.opt.Log.Error("panic", "path", r.URL.Path, "value", v, "stack", string(debug.Stack()))
				s.fail(w, http.StatusInternalServerError, fmt.Errorf("internal error; the log has the details"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// contentSecurity lets the page use its own files only: everything works
// without the Internet.
const contentSecurity = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'"

func (s *Server) secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurity)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// observe measures requests by route pattern, so that metrics stay bounded.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.opt.Now()
		wrapped := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(wrapped, r)
		route := chi.RouteContext(r.Context()).RoutePattern()
		code := max(wrapped.Status(), http.StatusOK)
		if wrapped.Status() == 0 {
			code = http.StatusOK
		}
		s.opt.Metrics.observeRequest(route, r.Method, code, s.opt.Now().Sub(started))
		s.opt.Log.Debug("request", "method", r.Method, "path", r.URL.Path, "code", code, "took", s.opt.Now().Sub(started))
	})
}
