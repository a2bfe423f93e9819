package rdf

import (
	"fmt"
	"slices"
	"strings"
)

const indent = "    "

// turtleWriter lays out Turtle and TriG: it knows the graph, subject and
// predicate of the quad before and writes only what differs. Its statement
// stays open between quads.
type turtleWriter struct {
	decls   []PrefixDecl // as given
	spaces  []PrefixDecl // longest IRI first
	base    string
	parts   iriParts
	baseDoc string // base without fragment
	baseDir string // base up to the last "/" of its path, "" if it has none
	begun   bool   // the head is written
	open    bool   // a statement is open
	last    Quad
}

func newTurtleWriter(f Format, opts WriterOptions) (*turtleWriter, error) {
	w := &turtleWriter{decls: opts.Prefixes, spaces: slices.Clone(opts.Prefixes), base: opts.Base}
	seen := map[string]bool{}
	for _, d := range opts.Prefixes {
		switch {
		case !validPrefixName(d.Prefix):
			return nil, fmt.Errorf("%s: write: prefix %q: malformed name", f, d.Prefix)
		case seen[d.Prefix]:
			return nil, fmt.Errorf("%s: write: prefix %q: given twice", f, d.Prefix)
		}
		if err := CheckIRI(d.IRI); err != nil {
			return nil, fmt.Errorf("%s: write: prefix %q: %w", f, d.Prefix, err)
		}
		seen[d.Prefix] = true
	}
	slices.SortStableFunc(w.spaces, func(a, b PrefixDecl) int { return len(b.IRI) - len(a.IRI) })
	if w.base == "" {
		return w, nil
	}
	if err := CheckIRI(w.base); err != nil {
		return nil, fmt.Errorf("%s: write: base: %w", f, err)
	}
	w.parts = splitIRI(w.base)
	w.baseDoc, _, _ = strings.Cut(w.base, "#")
	dir, _, _ := strings.Cut(w.baseDoc, "?")
	w.baseDir = dir[:strings.LastIndexByte(dir, '/')+1]
	return w, nil
}

func (w *turtleWriter) append(dst []byte, q Quad) []byte {
	dst = w.head(dst)
	pad := ""
	if !q.G.IsZero() {
		pad = indent
	}
	switch {
	case !w.open || q.G != w.last.G:
		dst = w.openGraph(w.closeGraph(dst), q.G)
		dst = w.subject(dst, pad, q)
	case q.S != w.last.S:
		dst = append(dst, " .\n"...)
		dst = w.subject(dst, pad, q)
	case q.P != w.last.P:
		dst = append(dst, " ;\n"+indent...)
		dst = append(dst, pad...)
		dst = w.predicate(dst, q.P)
	default:
		dst = append(dst, " ,\n"+indent+indent...)
		dst = append(dst, pad...)
	}
	w.open, w.last = true, q
	return w.term(dst, q.O)
}

// head writes the declarations, once.
func (w *turtleWriter) head(dst []byte) []byte {
	if w.begun {
		return dst
	}
	w.begun = true
	if w.base != "" {
		dst = append(dst, "@base "...)
		dst = appendIRI(dst, w.base)
		dst = append(dst, " .\n"...)
	}
	for _, d := range w.decls {
		dst = append(dst, "@prefix "...)
		dst = append(dst, d.Prefix...)
		dst = append(dst, ": "...)
		dst = appendIRI(dst, d.IRI)
		dst = append(dst, " .\n"...)
	}
	if len(dst) > 0 {
		dst = append(dst, '\n')
	}
	return dst
}

func (w *turtleWriter) openGraph(dst []byte, g Term) []byte {
	if g.IsZero() {
		return dst
	}
	dst = w.term(dst, g)
	return append(dst, " {\n"...)
}

// closeGraph ends the open statement and its graph.
func (w *turtleWriter) closeGraph(dst []byte) []byte {
	if !w.open {
		return dst
	}
	dst = append(dst, " .\n"...)
	if !w.last.G.IsZero() {
		dst = append(dst, "}\n"...)
	}
	w.open = false
	return dst
}

func (w *turtleWriter) end(dst []byte) []byte { return w.closeGraph(w.head(dst)) }

func (w *turtleWriter) subject(dst []byte, pad string, q Quad) []byte {
	dst = append(dst, pad...)
	dst = w.term(dst, q.S)
	dst = append(dst, ' ')
	return w.predicate(dst, q.P)
}

func (w *turtleWriter) predicate(dst []byte, p Term) []byte {
	if p.value == RDFType {
		return append(dst, "a "...)
	}
	return append(w.iri(dst, p.value), ' ')
}

func (w *turtleWriter) term(dst []byte, t Term) []byte {
	switch {
	case t.kind == KindIRI:
		return w.iri(dst, t.value)
	case t.kind == KindTriple:
		return w.tripleTerm(dst, t)
	case t.kind != KindLiteral || t.lang != "" || t.datatype == XSDString:
		return AppendTerm(dst, t)
	case bareLiteral(t):
		return append(dst, t.value...)
	}
	dst = appendQuoted(dst, t.value)
	dst = append(dst, "^^"...)
	return w.iri(dst, t.datatype)
}

// tripleTerm writes a triple term, level by level.
func (w *turtleWriter) tripleTerm(dst []byte, t Term) []byte {
	depth := 0
	for triple, ok := t.Triple(); ok; triple, ok = t.Triple() {
		dst = append(dst, tripleOpen+" "...)
		dst = append(w.term(dst, triple.S), ' ')
		dst = w.predicate(dst, triple.P)
		t = triple.O
		depth++
	}
	dst = w.term(dst, t)
	for range depth {
		dst = append(dst, " "+tripleClose...)
	}
	return dst
}

// iri writes a prefixed name, a relative IRI or the whole one.
func (w *turtleWriter) iri(dst []byte, iri string) []byte {
	for i := range w.spaces {
		d := &w.spaces[i]
		if local, ok := strings.CutPrefix(iri, d.IRI); ok && validLocal(local) {
			dst = append(dst, d.Prefix...)
			dst = append(dst, ':')
			return append(dst, local...)
		}
	}
	if rel, ok := w.relative(iri); ok {
		iri = rel
	}
	return appendIRI(dst, iri)
}

// relative returns the reference that resolves to iri, if it is one to the
// base document or to something below its directory.
func (w *turtleWriter) relative(iri string) (string, bool) {
	if w.base == "" {
		return "", false
	}
	ref, ok := strings.CutPrefix(iri, w.baseDoc)
	if !ok || ref != "" && ref[0] != '#' {
		if w.baseDir == "" {
			return "", false
		}
		if ref, ok = strings.CutPrefix(iri, w.baseDir); !ok {
			return "", false
		}
	}
	return ref, !hasScheme(ref) && resolve(w.parts, ref) == iri
}

// bareLiteral tells whether the lexical form alone reads back as the term
// (Turtle §2.5.2, §2.5.3).
func bareLiteral(t Term) bool {
	switch t.datatype {
	case XSDBoolean:
		return t.value == "true" || t.value == "false"
	case XSDInteger, XSDDecimal, XSDDouble:
		return numberType(t.value) == t.datatype
	}
	return false
}

// numberType returns the datatype that s has as a bare number, "" if s is
// none.
func numberType(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	whole := leadingDigits(s)
	s = s[whole:]
	dot, frac := false, 0
	if s != "" && s[0] == '.' {
		dot = true
		frac = leadingDigits(s[1:])
		s = s[1+frac:]
	}
	switch {
	case whole+frac == 0:
		return ""
	case s == "" && !dot:
		return XSDInteger
	case s == "" && frac > 0:
		return XSDDecimal
	case s == "" || s[0] != 'e' && s[0] != 'E':
		return ""
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	if s == "" || leadingDigits(s) != len(s) {
		return ""
	}
	return XSDDouble
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}
