package rdf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/piprate/json-gold/ld"
)

// MaxJSONLDBytes bounds a JSON-LD document, which is read as a whole: a
// context may stand behind what it applies to.
const MaxJSONLDBytes = 256 << 20

// jsonldParser reads JSON-LD 1.1 (W3C Recommendation 2020) by json-gold.
// Contexts at other addresses are not fetched.
type jsonldParser struct {
	r    *Reader
	in   io.Reader
	read bool
}

func newJSONLDParser(r *Reader, in io.Reader) *jsonldParser { return &jsonldParser{r: r, in: in} }

// step reads the whole document.
func (p *jsonldParser) step() error {
	if p.read {
		return io.EOF
	}
	p.read = true
	data, err := io.ReadAll(io.LimitReader(p.in, MaxJSONLDBytes+1))
	if err != nil {
		return fmt.Errorf("%s: read: %w", JSONLD, err)
	}
	if len(data) > MaxJSONLDBytes {
		return p.fail(nil, 0, fmt.Sprintf("document is longer than the limit of %d bytes", MaxJSONLDBytes))
	}
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		var syntax *json.SyntaxError
		offset := 0
		if errors.As(err, &syntax) {
			offset = int(syntax.Offset)
		}
		return p.fail(data, offset, err.Error())
	}
	dataset, err := p.toRDF(doc)
	if err != nil {
		return p.fail(nil, 0, err.Error())
	}
	return p.emit(dataset)
}

// fail is an error at a byte of the document.
func (p *jsonldParser) fail(data []byte, offset int, msg string) error {
	before := data[:min(offset, len(data))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := max(len(before)-bytes.LastIndexByte(before, '\n')-1, 1)
	return &SyntaxError{Format: JSONLD, Line: line, Column: column, Msg: msg}
}

// contextLoader has the contexts that the reader's options give, and no others.
type contextLoader func(iri string) ([]byte, error)

func (l contextLoader) LoadDocument(iri string) (*ld.RemoteDocument, error) {
	if l == nil {
		return nil, ld.NewJsonLdError(ld.LoadingRemoteContextFailed, fmt.Errorf("context <%s>: contexts are not fetched; put it into the document", iri))
	}
	text, err := l(iri)
	if err != nil {
		return nil, ld.NewJsonLdError(ld.LoadingRemoteContextFailed, fmt.Errorf("context <%s>: %w", iri, err))
	}
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, ld.NewJsonLdError(ld.LoadingRemoteContextFailed, fmt.Errorf("context <%s>: %w", iri, err))
	}
	return &ld.RemoteDocument{DocumentURL: iri, Document: doc}, nil
}

func (p *jsonldParser) toRDF(doc any) (dataset *ld.RDFDataset, err error) {
	defer func() {
		if r := recover(); r != nil { // the library's own
			err = fmt.Errorf("document cannot be processed: %v", r)
		}
	}()
	opts := ld.NewJsonLdOptions(p.r.opts.Base)
	opts.ProcessingMode = ld.JsonLd_1_1
	opts.DocumentLoader = contextLoader(p.r.opts.Context)
	out, err := ld.NewJsonLdProcessor().ToRDF(doc, opts)
	if err != nil {
		return nil, err
	}
	dataset, ok := out.(*ld.RDFDataset)
	if !ok {
		return nil, fmt.Errorf("expected a dataset, got %T", out)
	}
	return dataset, nil
}

// emit queues the quads, graph by graph. What is not RDF, such as relative
// IRIs, is left out (JSON-LD 1.1 Processing §8.1.2), or refused if the reader is
// strict.
func (p *jsonldParser) emit(dataset *ld.RDFDataset) error {
	var names []string
	for name := range dataset.Graphs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		var g Term
		switch {
		case name == "@default":
		case strings.HasPrefix(name, "_:"):
			g = p.bnode(name)
		default:
			g = IRI(name)
		}
		for _, q := range dataset.Graphs[name] {
			quad := Quad{S: p.term(q.Subject), P: p.term(q.Predicate), O: p.term(q.Object), G: g}
			if quad.P.IsIRI() && (quad.S.IsIRI() || quad.S.IsBNode()) && !quad.O.IsZero() &&
				quad.S.check() == nil && quad.P.check() == nil && quad.O.check() == nil && quad.G.check() == nil {
				p.r.queue = append(p.r.queue, quad)
			} else if p.r.opts.Strict {
				return p.fail(nil, 0, fmt.Sprintf("%s %s %s is no RDF triple", quad.S, quad.P, quad.O))
			}
		}
	}
	return nil
}

func (p *jsonldParser) bnode(label string) Term {
	return BNode(p.r.opts.BNodeScope + strings.TrimPrefix(label, "_:"))
}

func (p *jsonldParser) term(n ld.Node) Term {
	switch n := n.(type) {
	case *ld.IRI:
		return IRI(n.Value)
	case *ld.BlankNode:
		return p.bnode(n.Attribute)
	case *ld.Literal:
		if n.Language != "" {
			return LangString(n.Value, n.Language)
		}
		return Literal(n.Value, n.Datatype)
	case ld.IRI:
		return IRI(n.Value)
	case ld.BlankNode:
		return p.bnode(n.Attribute)
	case ld.Literal:
		return p.term(&n)
	}
	return Term{}
}

// jsonldWriter writes expanded JSON-LD, one node object for each run of quads
// with one subject. It holds no more than one object's predicates.
type jsonldWriter struct {
	begun, inGraph, inNode bool
	last                   Quad
	predicates             map[string]bool // of the open node object
}

// check returns an error for what the format cannot hold.
func (w *jsonldWriter) check(q Quad) error {
	if q.O.kind == KindTriple {
		return &TermError{JSONLD, q.O, "JSON-LD has no triple terms"}
	}
	return nil
}

func (w *jsonldWriter) append(dst []byte, q Quad) []byte {
	switch {
	case !w.begun:
		dst = append(dst, "[\n"...)
		w.begun = true
		dst = w.open(dst, q, true)
	case q.G != w.last.G:
		dst = append(w.close(dst, true), ",\n"...)
		dst = w.open(dst, q, true)
	case q.S != w.last.S || q.P != w.last.P && w.predicates[q.P.value]:
		dst = append(w.close(dst, false), ",\n"...)
		dst = w.open(dst, q, false)
	case q.P != w.last.P:
		dst = append(dst, "],"...)
		dst = w.predicate(dst, q.P)
	default:
		dst = append(dst, ',')
	}
	w.last = q
	return appendJSONLDValue(dst, q.O)
}

// open begins a node object, and a graph object before it if that is new.
func (w *jsonldWriter) open(dst []byte, q Quad, newGraph bool) []byte {
	if newGraph && !q.G.IsZero() {
		dst = append(dst, `{"@id":`...)
		dst = appendJSONLDID(dst, q.G)
		dst = append(dst, `,"@graph":[`...)
		w.inGraph = true
	}
	dst = append(dst, `{"@id":`...)
	dst = appendJSONLDID(dst, q.S)
	dst = append(dst, ',')
	w.inNode, w.predicates = true, map[string]bool{}
	return w.predicate(dst, q.P)
}

func (w *jsonldWriter) predicate(dst []byte, p Term) []byte {
	w.predicates[p.value] = true
	dst = appendJSONText(dst, p.value)
	return append(dst, ":["...)
}

// close ends the open node object, and its graph object if asked to.
func (w *jsonldWriter) close(dst []byte, graph bool) []byte {
	if w.inNode {
		dst = append(dst, "]}"...)
		w.inNode = false
	}
	if graph && w.inGraph {
		dst = append(dst, "]}"...)
		w.inGraph = false
	}
	return dst
}

func (w *jsonldWriter) end(dst []byte) []byte {
	if !w.begun {
		return append(dst, "[]\n"...)
	}
	return append(w.close(dst, true), "\n]\n"...)
}

func appendJSONLDID(dst []byte, t Term) []byte {
	if t.IsBNode() {
		return appendJSONText(dst, "_:"+t.value)
	}
	return appendJSONText(dst, t.value)
}

func appendJSONLDValue(dst []byte, t Term) []byte {
	if !t.IsLiteral() {
		dst = append(dst, `{"@id":`...)
		return append(appendJSONLDID(dst, t), '}')
	}
	dst = append(dst, `{"@value":`...)
	dst = appendJSONText(dst, t.value)
	switch {
	case t.lang != "":
		dst = append(dst, `,"@language":`...)
		dst = appendJSONText(dst, t.lang)
		if t.dir != NoDirection {
			dst = append(dst, `,"@direction":`...)
			dst = appendJSONText(dst, t.dir.String())
		}
	case t.datatype != XSDString:
		dst = append(dst, `,"@type":`...)
		dst = appendJSONText(dst, t.datatype)
	}
	return append(dst, '}')
}

func appendJSONText(dst []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil { // strings always have a form
		return append(dst, `""`...)
	}
	return append(dst, text...)
}
