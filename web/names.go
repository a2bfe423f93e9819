package web

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"nettwin/internal/auth"
	"nettwin/naming"
	"nettwin/naming/items"
)

// name serves the bytes of an item by its content name. They can never
// change, so caches may keep them for ever, and verify them by the name.
func (s *Server) name(w http.ResponseWriter, r *http.Request) {
	name, err := naming.Parse(chi.URLParam(r, "cid"))
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	etag := `"` + name.String() + `"`
	w.Header().Set("ETag", etag)
	scope := "private" // what needs a token stays out of shared caches
	if auth.FromContext(r.Context()).Anonymous {
		scope = "public"
	}
	w.Header().Set("Cache-Control", scope+", max-age=31536000, immutable")
	w.Header().Set("Vary", "Authorization")
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	item, err := s.opt.Items.Get(name)
	if err != nil {
		w.Header().Del("ETag")
		w.Header().Del("Cache-Control")
		status := http.StatusInternalServerError
		if errors.Is(err, items.ErrNotFound) {
			status = http.StatusNotFound
		}
		s.fail(w, status, err)
		return
	}
	w.Header().Set("Content-Type", item.Codec.MediaType())
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Write(item.Bytes)
}
