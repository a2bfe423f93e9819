package rdf

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// rdfxmlWriter writes RDF/XML: one rdf:Description for each run of quads with
// one subject, one property element for each quad.
type rdfxmlWriter struct {
	spaces map[string]string // namespace → prefix
	decls  []PrefixDecl
	begun  bool
	open   bool
	last   Term
}

func newRDFXMLWriter(opts WriterOptions) (*rdfxmlWriter, error) {
	w := &rdfxmlWriter{spaces: map[string]string{RDFNS: "rdf"}, decls: []PrefixDecl{{"rdf", RDFNS}}}
	for _, d := range opts.Prefixes {
		if !validPrefixName(d.Prefix) {
			return nil, fmt.Errorf("%s: write: prefix %q: malformed name", RDFXML, d.Prefix)
		}
		if err := CheckIRI(d.IRI); err != nil {
			return nil, fmt.Errorf("%s: write: prefix %q: %w", RDFXML, d.Prefix, err)
		}
		_, known := w.spaces[d.IRI]
		usable := d.Prefix != "" && d.Prefix != "rdf" && !strings.HasPrefix(strings.ToLower(d.Prefix), "xml") && validNCName(d.Prefix)
		if known || !usable || slices.ContainsFunc(w.decls, func(o PrefixDecl) bool { return o.Prefix == d.Prefix }) {
			continue
		}
		if strings.HasPrefix(d.IRI, RDFNS) {
			continue
		}
		w.spaces[d.IRI] = d.Prefix
		w.decls = append(w.decls, d)
	}
	return w, nil
}

// PredicateError says that RDF/XML has no form for a predicate: its IRI does
// not end in a name.
type PredicateError struct{ IRI string }

func (e *PredicateError) Error() string {
	return fmt.Sprintf("predicate <%s>: its IRI does not end in an XML name; choose another format", e.IRI)
}

// splitName splits an IRI before its longest local name.
func splitName(iri string) (space, local string) {
	at := len(iri)
	for i := len(iri); i > 0; {
		r, size := utf8.DecodeLastRuneInString(iri[:i])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.", r) {
			break
		}
		i -= size
		if unicode.IsLetter(r) || r == '_' {
			at = i
		}
	}
	return iri[:at], iri[at:]
}

// check returns an error for what the format cannot hold.
func (w *rdfxmlWriter) check(q Quad) error {
	for t := q.Triple(); ; {
		if err := w.checkTriple(t); err != nil {
			return err
		}
		inner, ok := t.O.Triple()
		if !ok {
			return nil
		}
		t = inner
	}
}

func (w *rdfxmlWriter) checkTriple(q Triple) error {
	space, local := splitName(q.P.value)
	if local == "" || space == "" || space != RDFNS && strings.HasPrefix(space, RDFNS) {
		return &PredicateError{q.P.value}
	}
	if name := q.P.value; syntaxTerms[name] || oldTerms[name] || name == rdfDescription || name == rdfLi {
		return &PredicateError{name}
	}
	for _, t := range [2]Term{q.S, q.O} {
		if t.kind == KindTriple {
			continue // its parts are checked
		}
		for _, r := range t.value {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
				return &TermError{RDFXML, t, fmt.Sprintf("XML has no character %U", r)}
			}
		}
	}
	return nil
}

func (w *rdfxmlWriter) append(dst []byte, q Quad) []byte {
	dst = w.head(dst)
	if !w.open || q.S != w.last {
		dst = w.close(dst)
		dst = append(dst, "  <rdf:Description "...)
		dst = appendXMLRef(dst, "rdf:about", q.S)
		dst = append(dst, ">\n"...)
		w.open, w.last = true, q.S
	}
	return append(w.property(append(dst, "    "...), q.P, q.O), '\n')
}

// property writes a property element.
func (w *rdfxmlWriter) property(dst []byte, p, o Term) []byte {
	space, local := splitName(p.value)
	prefix, declared := w.spaces[space]
	if !declared {
		prefix = "ns"
	}
	name := prefix + ":" + local
	dst = append(dst, "<"+name...)
	if !declared {
		dst = append(dst, ` xmlns:ns="`+attrEscaper.Replace(space)+`"`...)
	}
	switch {
	case o.IsTriple():
		return append(w.tripleTerm(dst, o), "</"+name+">"...)
	case !o.IsLiteral():
		dst = append(dst, ' ')
		dst = appendXMLRef(dst, "rdf:resource", o)
		return append(dst, "/>"...)
	case o.lang != "":
		if o.dir != NoDirection {
			dst = append(dst, ` rdf:version="1.2" xmlns:its="`+itsNS+`" its:version="2.0" its:dir="`+o.dir.String()+`"`...)
		}
		dst = append(dst, ` xml:lang="`+o.lang+`"`...)
	case o.datatype != XSDString:
		dst = append(dst, ` rdf:datatype="`+attrEscaper.Replace(o.datatype)+`"`...)
	}
	dst = append(dst, '>')
	dst = append(dst, textEscaper.Replace(o.value)...)
	return append(dst, "</"+name+">"...)
}

// tripleTerm writes the rest of the start tag and the content of a property
// element with a triple term, which nest in each other up to MaxTripleDepth.
func (w *rdfxmlWriter) tripleTerm(dst []byte, t Term) []byte {
	triple, _ := t.Triple()
	dst = append(dst, ` rdf:version="1.2" rdf:parseType="Triple"><rdf:Description `...)
	dst = appendXMLRef(dst, "rdf:about", triple.S)
	dst = w.property(append(dst, '>'), triple.P, triple.O)
	return append(dst, "</rdf:Description>"...)
}

// appendXMLRef writes a reference: attribute for an IRI, rdf:nodeID for a
// blank node. The "b" makes a name of a label that begins with a digit.
func appendXMLRef(dst []byte, attribute string, t Term) []byte {
	if t.IsBNode() {
		return append(dst, `rdf:nodeID="b`+t.value+`"`...)
	}
	return append(dst, attribute+`="`+attrEscaper.Replace(t.value)+`"`...)
}

func (w *rdfxmlWriter) head(dst []byte) []byte {
	if w.begun {
		return dst
	}
	w.begun = true
	dst = append(dst, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF"...)
	for _, d := range w.decls {
		dst = append(dst, "\n  xmlns:"+d.Prefix+`="`+attrEscaper.Replace(d.IRI)+`"`...)
	}
	return append(dst, ">\n"...)
}

func (w *rdfxmlWriter) close(dst []byte) []byte {
	if !w.open {
		return dst
	}
	w.open = false
	return append(dst, "  </rdf:Description>\n"...)
}

func (w *rdfxmlWriter) end(dst []byte) []byte {
	return append(w.close(w.head(dst)), "</rdf:RDF>\n"...)
}
