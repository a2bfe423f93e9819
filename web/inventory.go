package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"nettwin/graph"
	"nettwin/web/inventory"
)

// inventoryRoutes serve the inventory documents. A device is named by the
// rest of the path, since IRIs and keys hold slashes.
func (s *Server) inventoryRoutes(r chi.Router) {
	if s.opt.Knowledge == nil {
		nothing := func(w http.ResponseWriter, _ *http.Request) {
			s.fail(w, http.StatusNotFound, errors.New("this twin has no knowledge folder"))
		}
		r.Get("/inventory", nothing)
		r.Get("/inventory/*", nothing)
		return
	}
	documents := inventory.New(s.opt.Knowledge, s.opt.Base)
	r.Get("/inventory", s.inventoryList(documents))
	r.Get("/inventory/*", s.inventoryOf(documents))
}

// inventoryOf answers the document of one device.
func (s *Server) inventoryOf(documents *inventory.Documents) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := chi.URLParam(r, "*")
		if plain, err := url.PathUnescape(name); r.URL.RawPath != "" && err == nil {
			name = plain
		}
		s.withSnapshot(w, r, func(snapshot graph.Snapshot) {
			iri, err := documents.Find(r.Context(), snapshot, name)
			if err != nil {
				s.failInventory(w, err)
				return
			}
			document, err := documents.Device(r.Context(), snapshot, iri)
			if err != nil {
				s.failInventory(w, err)
				return
			}
			s.answer(w, document)
		})
	}
}

// inventoryList answers the documents of all devices as an array, one by one
// as they are made.
func (s *Server) inventoryList(documents *inventory.Documents) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.withSnapshot(w, r, func(snapshot graph.Snapshot) {
			devices, err := documents.Devices(r.Context(), snapshot)
			if err != nil {
				s.failInventory(w, err)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			if err := documents.WriteAll(r.Context(), w, snapshot, devices); err != nil {
				// A part must never be taken for the whole.
				s.opt.Log.Error("inventory not delivered", "err", err)
				panic(http.ErrAbortHandler)
			}
		})
	}
}

// withSnapshot calls f with the version that the request asks for.
func (s *Server) withSnapshot(w http.ResponseWriter, r *http.Request, f func(graph.Snapshot)) {
	snapshot, ok := s.opt.Protocol.Snapshot(w, r, r.URL.Query().Get)
	if !ok {
		return
	}
	defer snapshot.Close()
	f(snapshot)
}

func (s *Server) failInventory(w http.ResponseWriter, err error) {
	var ambiguous *inventory.AmbiguousError
	switch {
	case errors.Is(err, inventory.ErrUnknown):
		s.fail(w, http.StatusNotFound, err)
	case errors.As(err, &ambiguous):
		s.fail(w, http.StatusConflict, err)
	default:
		s.fail(w, 0, err)
	}
}
