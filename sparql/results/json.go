package results

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"nettwin/graph/rdf"
)

// jsonDocument writes SPARQL 1.2 Query Results JSON.
type jsonDocument struct {
	w       *bufio.Writer
	names   [][]byte // quoted variables with their colon
	rows    int
	boolSet bool
	scratch []byte
}

func (d *jsonDocument) begin(vars []string) {
	d.w.WriteString(`{"head":{`)
	if vars != nil {
		d.w.WriteString(`"vars":[`)
		for i, v := range vars {
			if i > 0 {
				d.w.WriteByte(',')
			}
			name := appendJSONString(nil, v)
			d.w.Write(name)
			d.names = append(d.names, append(name, ':'))
		}
		d.w.WriteByte(']')
	}
	d.w.WriteByte('}')
}

func (d *jsonDocument) row(terms []rdf.Term) {
	b := d.beginRow(d.scratch[:0])
	first := true
	for i, t := range terms {
		if t.IsZero() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, d.names[i]...)
		b = appendJSONTerm(b, t)
	}
	b = append(b, '}')
	d.w.Write(b)
	d.scratch = b
}

// beginRow appends what stands before the first value of a row.
func (d *jsonDocument) beginRow(b []byte) []byte {
	d.rows++
	if d.rows == 1 {
		return append(b, `,"results":{"bindings":[`+"\n{"...)
	}
	return append(b, ",\n{"...)
}

func (d *jsonDocument) boolean(value bool) {
	d.boolSet = true
	fmt.Fprintf(d.w, `,"boolean":%t}`, value)
}

func (d *jsonDocument) end() {
	switch {
	case d.boolSet:
	case d.rows == 0:
		d.w.WriteString(`,"results":{"bindings":[]}}`)
	default:
		d.w.WriteString("\n]}}")
	}
	d.w.WriteByte('\n')
}

func appendJSONTerm(b []byte, t rdf.Term) []byte {
	switch t.Kind() {
	case rdf.KindIRI:
		b = append(b, `{"type":"uri","value":`...)
	case rdf.KindBNode:
		b = append(b, `{"type":"bnode","value":`...)
	case rdf.KindTriple:
		return appendJSONTriple(b, t)
	default:
		b = append(b, `{"type":"literal","value":`...)
	}
	b = appendJSONString(b, t.Value())
	switch {
	case t.Lang() != "":
		b = append(b, `,"xml:lang":`...)
		b = appendJSONString(b, t.Lang())
		if dir := t.Direction(); dir != rdf.NoDirection {
			b = append(b, `,"its:dir":`...)
			b = appendJSONString(b, dir.String())
		}
	case t.IsLiteral() && t.Datatype() != rdf.XSDString:
		b = append(b, `,"datatype":`...)
		b = appendJSONString(b, t.Datatype())
	}
	return append(b, '}')
}

// appendJSONTriple writes a triple term (SPARQL 1.2 Results JSON §3.2.2), level
// by level.
func appendJSONTriple(b []byte, t rdf.Term) []byte {
	depth := 0
	for triple, ok := t.Triple(); ok; triple, ok = t.Triple() {
		b = append(b, `{"type":"triple","value":{"subject":`...)
		b = appendJSONTerm(b, triple.S)
		b = append(b, `,"predicate":`...)
		b = appendJSONTerm(b, triple.P)
		b = append(b, `,"object":`...)
		t = triple.O
		depth++
	}
	b = appendJSONTerm(b, t)
	for range depth {
		b = append(b, "}}"...)
	}
	return b
}

// appendJSONString quotes s (RFC 8259 §7). Bytes that are not UTF-8 become
// U+FFFD, for JSON has no form for them.
func appendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// jsonAnswer is the shape of a document that is read.
type jsonAnswer struct {
	Head struct {
		Vars []string `json:"vars"`
	} `json:"head"`
	Boolean *bool `json:"boolean"`
	Results *struct {
		Bindings []map[string]jsonTerm `json:"bindings"`
	} `json:"results"`
}

type jsonTerm struct {
	Type      string          `json:"type"`
	Value     json.RawMessage `json:"value"` // a string, or an object for a triple term
	Lang      string          `json:"xml:lang"`
	Direction string          `json:"its:dir"`
	Datatype  string          `json:"datatype"`
}

type jsonTriple struct {
	Subject   *jsonTerm `json:"subject"`
	Predicate *jsonTerm `json:"predicate"`
	Object    *jsonTerm `json:"object"`
}

func readJSON(r io.Reader) (*Result, error) {
	var doc jsonAnswer
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return nil, err
	}
	if doc.Boolean != nil {
		return &Result{Kind: Boolean, Boolean: *doc.Boolean}, nil
	}
	if doc.Results == nil {
		return nil, fmt.Errorf("expected a member \"results\" or \"boolean\"")
	}
	column, err := columns(doc.Head.Vars)
	if err != nil {
		return nil, err
	}
	rows := make([][]rdf.Term, 0, len(doc.Results.Bindings))
	for i, binding := range doc.Results.Bindings {
		row := make([]rdf.Term, len(doc.Head.Vars))
		for name, value := range binding {
			at, ok := column[name]
			if !ok {
				return nil, fmt.Errorf("solution %d: variable %q is not in the head", i+1, name)
			}
			if row[at], err = value.term(0); err != nil {
				return nil, fmt.Errorf("solution %d: variable %q: %w", i+1, name, err)
			}
		}
		rows = append(rows, row)
	}
	return NewBindings(doc.Head.Vars, rows), nil
}

func (t *jsonTerm) term(depth int) (rdf.Term, error) {
	if t == nil || t.Value == nil {
		return rdf.Term{}, fmt.Errorf("expected a member \"value\"")
	}
	if t.Type == "triple" {
		return t.triple(depth)
	}
	var value string
	if err := json.Unmarshal(t.Value, &value); err != nil {
		return rdf.Term{}, fmt.Errorf("member \"value\": expected a string: %w", err)
	}
	return makeTerm(t.Type, value, t.Lang, t.Direction, t.Datatype)
}

// triple reads a triple term. Each level is read again for each one around it,
// of which there are not many (makeTriple).
func (t *jsonTerm) triple(depth int) (rdf.Term, error) {
	var parts jsonTriple
	if err := json.Unmarshal(t.Value, &parts); err != nil {
		return rdf.Term{}, fmt.Errorf("triple term: %w", err)
	}
	return makeTriple(depth, parts.Subject.term, parts.Predicate.term, parts.Object.term)
}

// makeTriple makes the triple term that lies so deep in others of its parts.
func makeTriple(depth int, subject, predicate, object func(depth int) (rdf.Term, error)) (rdf.Term, error) {
	if depth >= rdf.MaxTripleDepth {
		return rdf.Term{}, fmt.Errorf("triple terms are nested deeper than the limit of %d", rdf.MaxTripleDepth)
	}
	var parts [3]rdf.Term
	for i, part := range [3]func(depth int) (rdf.Term, error){subject, predicate, object} {
		var err error
		if parts[i], err = part(depth + 1); err != nil {
			return rdf.Term{}, fmt.Errorf("%s: %w", [3]string{"subject", "predicate", "object"}[i], err)
		}
	}
	t := rdf.Triple{S: parts[0], P: parts[1], O: parts[2]}
	if err := rdf.CheckTriple(t); err != nil {
		return rdf.Term{}, err
	}
	return rdf.TripleTerm(t), nil
}

// makeTerm makes a term from the fields that JSON and XML share.
func makeTerm(kind, value, lang, direction, datatype string) (rdf.Term, error) {
	switch kind {
	case "uri":
		return rdf.IRI(value), nil
	case "bnode":
		return rdf.BNode(value), nil
	case "literal", "typed-literal":
		if dir, ok := rdf.DirectionOf(direction); lang != "" && ok {
			return rdf.DirLangString(value, lang, dir), nil
		}
		if lang != "" {
			return rdf.LangString(value, lang), nil
		}
		return rdf.Literal(value, datatype), nil
	}
	return rdf.Term{}, fmt.Errorf("term type %q: expected uri, bnode, literal or triple", kind)
}
