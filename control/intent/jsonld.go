package intent

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// Limits of JSON-LD documents.
const (
	MaxJSONDepth  = 32
	MaxJSONValues = 20_000
)

// contexts are those that a document may name: nothing is fetched. The file's
// name is the last segment of the context's IRI.
//
//go:embed contexts
var contexts embed.FS

// ContextBase is what the IRIs of shipped contexts begin with.
const ContextBase = "https://w3id.org/nettwin/context/"

// shipped returns a shipped context and refuses all others.
func shipped(iri string) ([]byte, error) {
	name, ours := strings.CutPrefix(iri, ContextBase)
	if ours && !strings.Contains(name, "/") {
		if b, err := contexts.ReadFile("contexts/" + name); err == nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("remote contexts are not fetched: write it inline, or name %sintent.jsonld", ContextBase)
}

// parseJSONLD reads a JSON-LD 1.1 document, inline or in a string, as triples.
// Named graphs are refused.
func parseJSONLD(value json.RawMessage, base string) ([]rdf.Triple, error) {
	if s, ok := text(value); ok {
		value = json.RawMessage(s)
	}
	if err := checkJSON(value); err != nil {
		return nil, err
	}
	reader := rdf.NewReader(bytes.NewReader(value), rdf.JSONLD, rdf.ReaderOptions{Base: base, Context: shipped, Strict: true})
	var list []rdf.Triple
	for len(list) <= MaxExpressionTriples {
		q, err := reader.Read()
		var bad *rdf.SyntaxError
		switch {
		case errors.Is(err, io.EOF):
			return list, nil
		case errors.As(err, &bad):
			return nil, wrong("JSON-LD: %s", bad.Msg)
		case err != nil:
			return nil, wrong("JSON-LD: %v", err)
		case !q.G.IsZero():
			return nil, wrong("JSON-LD: it holds the named graph %s: an intent is in the default graph", q.G)
		}
		list = append(list, q.Triple())
	}
	return list, nil
}

// checkJSON refuses what is no JSON-LD document of moderate depth and size with
// contexts at its top alone.
func checkJSON(value json.RawMessage) error {
	dec := json.NewDecoder(strings.NewReader(string(value)))
	depth, values := 0, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return wrong("JSON: offset %d: %v", dec.InputOffset(), err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if values++; depth > MaxJSONDepth || values > MaxJSONValues {
			return wrong("JSON: deeper than %d or longer than %d values", MaxJSONDepth, MaxJSONValues)
		}
	}
	var document any
	if err := json.Unmarshal(value, &document); err != nil {
		return wrong("JSON: %v", err)
	}
	switch top := document.(type) {
	case map[string]any:
		return onlyTopContext([]any{top})
	case []any:
		return onlyTopContext(top)
	}
	return wrong("expressionValue of a %s is a JSON-LD document", JSONLDExpression)
}

// onlyTopContext refuses contexts but those of the top objects: one that is
// scoped (JSON-LD 1.1 §4.1.8) is read again wherever its term is used, so that a
// small document could keep the server busy for long.
func onlyTopContext(top []any) error {
	for _, one := range top {
		object, ok := one.(map[string]any)
		if !ok {
			continue
		}
		for _, value := range object {
			if scopedContext(value) {
				return wrong("JSON-LD: a @context stands within the document or another context: write one at the top")
			}
		}
	}
	return nil
}

// scopedContext tells whether a value holds a context.
func scopedContext(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		if _, ok := v["@context"]; ok {
			return true
		}
		for _, below := range v {
			if scopedContext(below) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, scopedContext)
	}
	return false
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// positioned takes line and column from a reader's error.
func positioned(err error) error {
	var bad *rdf.SyntaxError
	if errors.As(err, &bad) {
		return &ExpressionError{Line: bad.Line, Column: bad.Column, Msg: bad.Msg}
	}
	return wrong("%v", err)
}
