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
	space, local := splitName(q.P.value)
	if local == "" || space == "" || space != RDFNS && strings.HasPrefix(space, RDFNS) {
		return &PredicateError{q.P.value}
	}
	if name := q.P.value; syntaxTerms[name] || oldTerms[name] || name == rdfDescription || name == rdfLi {
		return &PredicateError{name}
	}
	for _, t := range [3]Term{q.S, q.O} {
		for _, r := range t.value {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
				return fmt.Errorf("term %s: XML has no character %U; choose another format", t, r)
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
	space, local := splitName(q.P.value)
	prefix, declared := w.spaces[space]
	if !declared {
		prefix = "ns"
	}
	name := prefix + ":" + local
	dst = append(dst, "    <"+name...)
	if !declared {
		dst = append(dst, ` xmlns:ns="`+attrEscaper.Replace(space)+`"`...)
	}
	switch {
	case !q.O.IsLiteral():
		dst = append(dst, ' ')
		dst = appendXMLRef(dst, "rdf:resource", q.O)
		return append(dst, "/>\n"...)
	case q.O.lang != "":
		dst = append(dst, ` xml:lang="`+q.O.lang+`"`...)
	case q.O.datatype != XSDString:
		dst = append(dst, ` rdf:datatype="`+attrEscaper.Replace(q.O.datatype)+`"`...)
	}
	dst = append(dst, '>')
	dst = append(dst, textEscaper.Replace(q.O.value)...)
	return append(dst, "</"+name+">\n"...)
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
