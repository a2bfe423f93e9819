package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/internal/auth"
	"nettwin/sparql/protocol"
)

// Merges make one device of two, and take that back. *ingest.Pipeline is one.
type Merges interface {
	// FindDevice returns the one device that text names.
	FindDevice(ctx context.Context, text string) (rdf.Term, error)
	Merge(ctx context.Context, keep, alias rdf.Term, by ingest.Decision) (ingest.Merge, error)
	Unmerge(ctx context.Context, alias rdf.Term, by ingest.Decision) (ingest.Merge, error)
	// Merges lists all merges, the newest first; MergeByID returns one.
	Merges(ctx context.Context) ([]ingest.Merge, error)
	MergeByID(ctx context.Context, id string) (ingest.Merge, error)
}

// mergeRoutes serve decisions on what is one device.
func (s *Server) mergeRoutes(read, write chi.Router) {
	read, write = read.With(s.needsMerges), write.With(s.needsMerges)
	read.Get("/merges", s.merges)
	write.Post("/merges", s.merge)
	read.Get("/merges/{id}", s.mergeOne)
	write.Delete("/merges/{id}", s.unmerge)
}

// needsMerges answers 404 where nobody reconciles devices.
func (s *Server) needsMerges(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.opt.Merges == nil {
			s.fail(w, http.StatusNotFound, errors.New("this twin takes no sources in and merges no devices"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) merges(w http.ResponseWriter, r *http.Request) {
	list, err := s.opt.Merges.Merges(r.Context())
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	s.answer(w, map[string]any{"merges": list})
}

func (s *Server) mergeOne(w http.ResponseWriter, r *http.Request) {
	m, err := s.opt.Merges.MergeByID(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, mergeStatus(err), err)
		return
	}
	s.answer(w, m)
}

// mergeRequest is the body of a POST on merges. Devices are named as
// ingest.Pipeline.FindDevice tells.
type mergeRequest struct {
	Keep   string `json:"keep"`
	Merge  string `json:"merge"`
	Reason string `json:"reason"`
}

// merge makes one device of two. A client that goes away does not stop it.
func (s *Server) merge(w http.ResponseWriter, r *http.Request) {
	req, err := readMergeRequest(w, r)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	ctx := context.WithoutCancel(r.Context())
	m, err := s.mergeNamed(ctx, req, auth.FromContext(r.Context()).Name)
	if err != nil {
		s.fail(w, mergeStatus(err), err)
		return
	}
	w.Header().Set("Location", "/api/v1/merges/"+m.ID)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = encode(w, m) // an error means that the client went away
}

func readMergeRequest(w http.ResponseWriter, r *http.Request) (req mergeRequest, err error) {
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	in.DisallowUnknownFields()
	if err := in.Decode(&req); err != nil {
		return req, fmt.Errorf(`body must be JSON such as {"keep": "r1", "merge": "r1-old", "reason": "one box, renamed"}: %w`, err)
	}
	return req, ingest.CheckMerge(req.Keep, req.Merge, req.Reason)
}

func (s *Server) mergeNamed(ctx context.Context, req mergeRequest, by string) (ingest.Merge, error) {
	keep, err := s.opt.Merges.FindDevice(ctx, req.Keep)
	if err != nil {
		return ingest.Merge{}, fmt.Errorf("keep: %w", err)
	}
	alias, err := s.opt.Merges.FindDevice(ctx, req.Merge)
	if err != nil {
		return ingest.Merge{}, fmt.Errorf("merge: %w", err)
	}
	return s.opt.Merges.Merge(ctx, keep, alias, ingest.Decision{By: by, Reason: strings.TrimSpace(req.Reason)})
}

// unmerge undoes a merge; reason= says why. It answers the record, which
// stays.
func (s *Server) unmerge(w http.ResponseWriter, r *http.Request) {
	m, err := s.opt.Merges.MergeByID(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, mergeStatus(err), err)
		return
	}
	if m.Undone != nil {
		s.fail(w, http.StatusConflict, fmt.Errorf("merge %s was undone already", m.ID))
		return
	}
	reason := strings.TrimSpace(r.URL.Query().Get("reason"))
	if len(reason) > ingest.MaxReasonBytes {
		s.fail(w, http.StatusBadRequest, fmt.Errorf("parameter reason: %d bytes, at most %d", len(reason), ingest.MaxReasonBytes))
		return
	}
	by := ingest.Decision{By: auth.FromContext(r.Context()).Name, Reason: reason}
	undone, err := s.opt.Merges.Unmerge(context.WithoutCancel(r.Context()), rdf.IRI(m.Alias), by)
	if err != nil {
		s.fail(w, mergeStatus(err), err)
		return
	}
	s.answer(w, undone)
}

// mergeStatus is the status of what is wrong with a merge.
func mergeStatus(err error) int {
	switch {
	case errors.Is(err, ingest.ErrNoMerge), errors.Is(err, ingest.ErrNoDevice):
		return http.StatusNotFound
	case errors.Is(err, ingest.ErrAmbiguousDevice), errors.Is(err, ingest.ErrCannotMerge), errors.Is(err, ingest.ErrNotMerged), errors.Is(err, ingest.ErrCannotUnmerge):
		return http.StatusConflict
	}
	return protocol.StatusOf(err)
}
