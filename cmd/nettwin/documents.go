package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"time"

	"nettwin/graph"
	"nettwin/ingest"
	"nettwin/ingest/document"
	"nettwin/sparql"
	"nettwin/sparql/protocol"
	"nettwin/sparql/results"
)

// Kinds of documents that can be taken in, and the format and query of the
// twin's own topologies.
const (
	kindTopology   = "topology"
	formatTopology = "rfc8345"
	queryTopology  = "topology-rfc8345"
	// maxTopologyRows bounds what an exported topology holds.
	maxTopologyRows = 20_000_000
	topologyTimeout = 5 * time.Minute
)

// documents takes documents into a twin and gives them out.
type documents struct {
	store     graph.Store
	items     ingest.ItemStore // nil: the bytes are not kept
	knowledge fs.FS
}

// Import takes a document of a kind in. name tells it from others.
func (d documents) Import(ctx context.Context, kind, name string, text []byte) (any, error) {
	format, err := document.Detect(d.knowledge, kind, text)
	if err != nil {
		return nil, withStatus(err)
	}
	importer := document.Importer{Store: d.store, Items: d.items, Base: d.store.Info().Base, Clock: time.Now}
	report, err := importer.Import(ctx, format, name, text)
	return report, withStatus(err)
}

// Export writes the document of a kind and name that was taken in.
func (d documents) Export(ctx context.Context, w io.Writer, src graph.Source, kind, name string) error {
	list, err := document.Formats(d.knowledge, kind)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("%w: the knowledge folder has none of kind %q", document.ErrUnknownFormat, kind)
	}
	for _, format := range list {
		err = document.Export(ctx, w, src, d.store.Info().Base, format, name)
		if !errors.Is(err, document.ErrNoDocument) {
			return err
		}
	}
	return withStatus(err)
}

// statusError tells a server what status an error is.
type statusError struct {
	error
	status int
}

func (e *statusError) Unwrap() error   { return e.error }
func (e *statusError) HTTPStatus() int { return e.status }

func withStatus(err error) error {
	for _, known := range []struct {
		err    error
		status int
	}{
		{document.ErrUnknownFormat, http.StatusUnprocessableEntity}, {document.ErrNoDocument, http.StatusNotFound},
		{document.ErrMalformed, http.StatusBadRequest}, {document.ErrTooLarge, http.StatusRequestEntityTooLarge},
	} {
		if errors.Is(err, known.err) {
			return &statusError{err, known.status}
		}
	}
	return err
}

// Topology writes the twin's own topologies as an RFC 8345 document.
func (d documents) Topology(ctx context.Context, w io.Writer, src graph.Source) error {
	format, err := document.LoadFormat(d.knowledge, formatTopology)
	if err != nil {
		return err
	}
	saved, err := fs.Sub(d.knowledge, "queries")
	if err != nil {
		return err
	}
	base := d.store.Info().Base
	text, err := protocol.SavedText(saved, queryTopology, base, func(string) string { return "" })
	if err != nil {
		return err
	}
	query, err := sparql.Parse(text, base)
	if err != nil {
		return fmt.Errorf("saved query %s: %w", queryTopology, err)
	}
	result, err := query.Run(ctx, src, sparql.Options{Timeout: topologyTimeout, MaxRows: maxTopologyRows})
	if err != nil {
		return err
	}
	rows, err := results.Collect(ctx, result)
	if err != nil {
		return err
	}
	tree := document.NewTree(format)
	for _, row := range rows {
		if len(row) != 3 {
			return fmt.Errorf("saved query %s: %d columns, expected ?thing ?member ?value", queryTopology, len(row))
		}
		if err := tree.Add(row[0].Value(), row[1].Value(), row[2]); err != nil {
			return err
		}
	}
	return tree.Write(w)
}
