package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"nettwin/graph"
)

// maxDocument bounds a document that a request brings.
const maxDocument = 256 << 20

// Documents takes documents in and gives them out.
type Documents interface {
	// Import takes a document of a kind in; what it returns is answered.
	Import(ctx context.Context, kind, name string, text []byte) (any, error)
	// Export writes a document that was taken in.
	Export(ctx context.Context, w io.Writer, src graph.Source, kind, name string) error
	// Topology writes the twin's own topologies (RFC 8345).
	Topology(ctx context.Context, w io.Writer, src graph.Source) error
}

// noDocuments stands for nobody who knows documents.
type noDocuments struct{}

var errNoDocuments = errors.New("this twin takes no documents in and gives none out")

func (noDocuments) Import(context.Context, string, string, []byte) (any, error) {
	return nil, errNoDocuments
}

func (noDocuments) Export(context.Context, io.Writer, graph.Source, string, string) error {
	return errNoDocuments
}

func (noDocuments) Topology(context.Context, io.Writer, graph.Source) error { return errNoDocuments }

// documentRoutes serve documents.
func (s *Server) documentRoutes(read, write chi.Router) {
	if s.opt.Documents == nil {
		s.opt.Documents = noDocuments{}
	}
	read.Get("/topology", s.topology)
	read.Get("/documents/{kind}/{name}", s.documentExport)
	write.Post("/documents/{kind}", s.documentImport)
}

// topology answers the twin's own topologies.
func (s *Server) topology(w http.ResponseWriter, r *http.Request) {
	s.sendDocument(w, r, "application/yang-data+json", func(out io.Writer, src graph.Source) error {
		return s.opt.Documents.Topology(r.Context(), out, src)
	})
}

// documentExport answers a document as it was taken in.
func (s *Server) documentExport(w http.ResponseWriter, r *http.Request) {
	s.sendDocument(w, r, "application/json", func(out io.Writer, src graph.Source) error {
		return s.opt.Documents.Export(r.Context(), out, src, chi.URLParam(r, "kind"), chi.URLParam(r, "name"))
	})
}

// sendDocument makes a document before the first byte is sent, so that an
// error is a status.
func (s *Server) sendDocument(w http.ResponseWriter, r *http.Request, mediaType string, make func(io.Writer, graph.Source) error) {
	s.withSnapshot(w, r, func(snapshot graph.Snapshot) {
		var text bytes.Buffer
		if err := make(&text, snapshot); err != nil {
			s.fail(w, documentStatus(err), err)
			return
		}
		w.Header().Set("Content-Type", mediaType)
		if _, err := w.Write(text.Bytes()); err != nil {
			s.opt.Log.Debug("answer not delivered", "err", err)
		}
	})
}

// documentImport takes the document of a request's body in.
func (s *Server) documentImport(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" {
		s.fail(w, http.StatusBadRequest, errors.New("the parameter name is missing: it tells the document from others"))
		return
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDocument))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.fail(w, http.StatusRequestEntityTooLarge, fmt.Errorf("the document is larger than %d bytes", maxDocument))
		return
	case err != nil:
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	report, err := s.opt.Documents.Import(r.Context(), chi.URLParam(r, "kind"), name, text)
	if err != nil {
		s.fail(w, documentStatus(err), err)
		return
	}
	s.answer(w, report)
}

// StatusError is an error that tells what status it is.
type StatusError interface{ HTTPStatus() int }

func documentStatus(err error) int {
	var known StatusError
	if errors.Is(err, errNoDocuments) {
		return http.StatusNotFound
	}
	if errors.As(err, &known) {
		return known.HTTPStatus()
	}
	return 0
}
