package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"nettwin/graph"
)

// cannedDocuments answer the same each time.
type cannedDocuments struct{}

type cannedStatus struct {
	error
	status int
}

func (e cannedStatus) HTTPStatus() int { return e.status }

func (cannedDocuments) Import(_ context.Context, kind, name string, text []byte) (any, error) {
	if text[0] != '{' {
		return nil, cannedStatus{errors.New("document: malformed: at byte 0"), http.StatusBadRequest}
	}
	return map[string]any{"kind": kind, "document": name, "bytes": len(text)}, nil
}

func (cannedDocuments) Export(_ context.Context, w io.Writer, _ graph.Source, kind, name string) error {
	if name == "nothing" {
		return cannedStatus{errors.New("document: no such document: nothing"), http.StatusNotFound}
	}
	_, err := fmt.Fprintf(w, `{"kind": %q, "name": %q}`, kind, name)
	return err
}

func (cannedDocuments) Topology(_ context.Context, w io.Writer, _ graph.Source) error {
	_, err := io.WriteString(w, `{"ietf-network:networks": {}}`)
	return err
}
