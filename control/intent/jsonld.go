package intent

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/piprate/json-gold/ld"

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

// shipped loads shipped contexts and refuses all others.
type shipped struct{}

func (shipped) LoadDocument(iri string) (*ld.RemoteDocument, error) {
	name, ours := strings.CutPrefix(iri, ContextBase)
	if ours && !strings.Contains(name, "/") {
		if b, err := contexts.ReadFile("contexts/" + name); err == nil {
			var document any
			err := json.Unmarshal(b, &document)
			return &ld.RemoteDocument{DocumentURL: iri, Document: document}, err
		}
	}
	return nil, ld.NewJsonLdError(ld.LoadingRemoteContextFailed, fmt.Sprintf("context %s: remote contexts are not fetched: write it inline, or name %sintent.jsonld", iri, ContextBase))
}

// parseJSONLD reads a JSON-LD 1.1 document, inline or in a string, as triples
// (JSON-LD 1.1 API §7, deserialization to RDF). Named graphs are refused.
func parseJSONLD(value json.RawMessage, base string) (list []rdf.Triple, err error) {
	if s, ok := text(value); ok {
		value = json.RawMessage(s)
	}
	document, err := decodeJSON(value)
	if err != nil {
		return nil, err
	}
	// The library panics on some documents that it does not expect.
	defer func() {
		if r := recover(); r != nil {
			list, err = nil, wrong("JSON-LD: the document cannot be understood: %v", r)
		}
	}()
	options := ld.NewJsonLdOptions(base)
	options.DocumentLoader = shipped{}
	result, err := ld.NewJsonLdProcessor().ToRDF(document, options)
	if err != nil {
		var known *ld.JsonLdError
		if errors.As(err, &known) {
			return nil, wrong("JSON-LD: %s: %v", known.Code, known.Details)
		}
		return nil, wrong("JSON-LD: %v", err)
	}
	dataset, ok := result.(*ld.RDFDataset)
	if !ok {
		return nil, wrong("JSON-LD: the document gives no triples")
	}
	return convert(dataset)
}

// decodeJSON reads one JSON value within limits of depth and size.
func decodeJSON(value json.RawMessage) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(value)))
	depth, values := 0, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, wrong("JSON: offset %d: %v", dec.InputOffset(), err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if values++; depth > MaxJSONDepth || values > MaxJSONValues {
			return nil, wrong("JSON: deeper than %d or longer than %d values", MaxJSONDepth, MaxJSONValues)
		}
	}
	var document any
	if err := json.Unmarshal(value, &document); err != nil {
		return nil, wrong("JSON: %v", err)
	}
	switch top := document.(type) {
	case map[string]any:
		return document, onlyTopContext([]any{top})
	case []any:
		return document, onlyTopContext(top)
	}
	return nil, wrong("expressionValue of a %s is a JSON-LD document", JSONLDExpression)
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

func convert(dataset *ld.RDFDataset) ([]rdf.Triple, error) {
	var list []rdf.Triple
	for name, quads := range dataset.Graphs {
		if name != "@default" && len(quads) > 0 {
			return nil, wrong("JSON-LD: it holds the named graph %s: an intent is in the default graph", name)
		}
	}
	for _, q := range dataset.Graphs["@default"] {
		if len(list) > MaxExpressionTriples {
			break
		}
		var t rdf.Triple
		for _, one := range [...]struct {
			node ld.Node
			into *rdf.Term
		}{{q.Subject, &t.S}, {q.Predicate, &t.P}, {q.Object, &t.O}} {
			term, err := convertTerm(one.node)
			if err != nil {
				return nil, err
			}
			*one.into = term
		}
		if t.S.IsLiteral() || !t.P.IsIRI() {
			return nil, wrong("JSON-LD: %s is no RDF triple", t)
		}
		list = append(list, t)
	}
	return list, nil
}

func convertTerm(node ld.Node) (rdf.Term, error) {
	switch n := node.(type) {
	case ld.IRI:
		if err := rdf.CheckIRI(n.Value); err != nil {
			return rdf.Term{}, wrong("JSON-LD: %v", err)
		}
		return rdf.IRI(n.Value), nil
	case ld.BlankNode:
		return rdf.BNode(strings.TrimPrefix(n.Attribute, "_:")), nil
	case ld.Literal:
		switch {
		case n.Language != "":
			return checked(rdf.LangString(n.Value, n.Language))
		case n.Datatype == "":
			return rdf.String(n.Value), nil
		}
		if err := rdf.CheckIRI(n.Datatype); err != nil {
			return rdf.Term{}, wrong("JSON-LD: %v", err)
		}
		return checked(rdf.Literal(n.Value, n.Datatype))
	}
	return rdf.Term{}, wrong("JSON-LD: a term of an unknown kind")
}

// checked refuses a term that does not survive its own text.
func checked(t rdf.Term) (rdf.Term, error) {
	if again, err := rdf.ParseTerm(t.String()); err != nil || again != t {
		return rdf.Term{}, wrong("JSON-LD: %s is no RDF term", t)
	}
	return t, nil
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
