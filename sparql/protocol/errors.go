package protocol

import (
	"context"
	"errors"
	"net/http"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql"
	"nettwin/sparql/results"
	"nettwin/sparql/syntax"
)

// StatusClientClosed is what the log shows for a client that went away
// before its answer; nobody receives it.
const StatusClientClosed = 499

// StatusOf is the HTTP status of an error of the engine.
func StatusOf(err error) int {
	var (
		syntaxErr   *syntax.SyntaxError
		rdfErr      *rdf.SyntaxError
		limit       *results.LimitError
		tooLarge    *http.MaxBytesError
		mergeErr    *graph.MergeConflictError
		corruption  *graph.CorruptionError
		retention   *graph.RetentionError
		notAllowed  *NotAllowedError
		service     *results.ServiceError
		load        *sparql.LoadError
		body        *bodyError
		busy        *sparql.BusyError
		statusKnown = []struct {
			err    error
			status int
		}{
			{graph.ErrNoBranch, http.StatusNotFound},
			{graph.ErrNoVersion, http.StatusNotFound},
			{graph.ErrConflict, http.StatusConflict},
			{graph.ErrBranchExists, http.StatusConflict},
			{graph.ErrBadBranchName, http.StatusBadRequest},
			{graph.ErrMainBranch, http.StatusBadRequest},
			{graph.ErrBadQuad, http.StatusBadRequest},
			{results.ErrNoService, http.StatusForbidden},
			{sparql.ErrNoLoader, http.StatusForbidden},
			{sparql.ErrGraphExists, http.StatusConflict},
			{sparql.ErrNoGraph, http.StatusNotFound},
			{graph.ErrTooLarge, http.StatusRequestEntityTooLarge},
			{graph.ErrFull, http.StatusInsufficientStorage},
			{graph.ErrReadOnly, http.StatusServiceUnavailable},
			{graph.ErrClosed, http.StatusServiceUnavailable},
			{context.Canceled, StatusClientClosed},
			{context.DeadlineExceeded, http.StatusServiceUnavailable},
		}
	)
	switch {
	case errors.As(err, &retention):
		return http.StatusGone
	case errors.As(err, &syntaxErr), errors.As(err, &rdfErr):
		return http.StatusBadRequest
	case errors.As(err, &limit), errors.As(err, &busy):
		return http.StatusServiceUnavailable
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &mergeErr):
		return http.StatusConflict
	case errors.As(err, &corruption):
		return http.StatusInternalServerError
	}
	if errors.As(err, &notAllowed) {
		return http.StatusForbidden
	}
	for _, known := range statusKnown {
		if errors.Is(err, known.err) {
			return known.status
		}
	}
	switch {
	case errors.As(err, &body):
		return body.status
	case errors.As(err, &service), errors.As(err, &load):
		return http.StatusBadGateway
	}
	return http.StatusInternalServerError
}
