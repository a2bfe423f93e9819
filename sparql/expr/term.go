package expr

import (
	"encoding/hex"
	"strings"

	"nettwin/graph/rdf"
)

// Functions on RDF terms (SPARQL 1.1 §17.4.2).

func termTest(f func(rdf.Term) bool) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) { return Bool(f(args[0])), true }
}

func isNumericTerm(t rdf.Term) bool {
	_, ok := parseNumber(t)
	return ok
}

func strFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	return rdf.String(args[0].Value()), args[0].IsIRI() || args[0].IsLiteral()
}

func langFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	return rdf.String(args[0].Lang()), args[0].IsLiteral()
}

func datatypeFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	return rdf.IRI(args[0].Datatype()), args[0].IsLiteral()
}

// iriFn is IRI and URI: a string is resolved against the query's base.
func iriFn(c *Context, args []rdf.Term) (rdf.Term, bool) {
	if args[0].IsIRI() {
		return args[0], true
	}
	if args[0].Datatype() != rdf.XSDString {
		return rdf.Term{}, false
	}
	iri, err := rdf.ResolveIRI(c.Base, args[0].Value())
	if err != nil || rdf.CheckIRI(iri) != nil {
		return rdf.Term{}, false
	}
	return rdf.IRI(iri), true
}

// bnodeFn makes a fresh node; with a label, the same one for that label
// within a solution (see Context.NewSolution).
func bnodeFn(c *Context, args []rdf.Term) (rdf.Term, bool) {
	if c.BNodes == nil {
		return rdf.Term{}, false
	}
	if len(args) == 0 {
		return c.BNodes(), true
	}
	if args[0].Datatype() != rdf.XSDString {
		return rdf.Term{}, false
	}
	label := args[0].Value()
	node, ok := c.labels[label]
	if !ok {
		node = c.BNodes()
		if c.labels == nil {
			c.labels = map[string]rdf.Term{}
		}
		c.labels[label] = node
	}
	return node, true
}

func strdtFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	if args[0].Datatype() != rdf.XSDString || !args[1].IsIRI() || args[1].Value() == rdf.RDFLangString || args[1].Value() == rdf.RDFDirLangString {
		return rdf.Term{}, false
	}
	return rdf.Literal(args[0].Value(), args[1].Value()), true
}

func strlangFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	if args[0].Datatype() != rdf.XSDString || args[1].Datatype() != rdf.XSDString || !isLangTag(args[1].Value()) {
		return rdf.Term{}, false
	}
	return rdf.LangString(args[0].Value(), args[1].Value()), true
}

// strlangdirFn is STRLANGDIR: a base direction is one of RDF, in lower case.
func strlangdirFn(c *Context, args []rdf.Term) (rdf.Term, bool) {
	t, ok := strlangFn(c, args[:2])
	dir, isDir := rdf.DirectionOf(args[2].Value())
	if !ok || !isDir || args[2].Datatype() != rdf.XSDString {
		return rdf.Term{}, false
	}
	return rdf.DirLangString(t.Value(), t.Lang(), dir), true
}

func langdirFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	return rdf.String(args[0].Direction().String()), args[0].IsLiteral()
}

// tripleFn is TRIPLE: an error if there is no such triple in RDF.
func tripleFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	t := rdf.Triple{S: args[0], P: args[1], O: args[2]}
	if rdf.CheckTriple(t) != nil {
		return rdf.Term{}, false
	}
	term := rdf.TripleTerm(t)
	return term, len(term.Value()) <= MaxStringBytes
}

// triplePart makes SUBJECT, PREDICATE or OBJECT, an error for other terms.
func triplePart(part func(rdf.Triple) rdf.Term) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		t, ok := args[0].Triple()
		return part(t), ok
	}
}

// isLangTag checks the LANGTAG production: letters, then parts of letters
// and digits.
func isLangTag(tag string) bool {
	for i, part := range strings.Split(tag, "-") {
		if part == "" {
			return false
		}
		for _, c := range []byte(part) {
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

func uuidFn(c *Context, _ []rdf.Term) (rdf.Term, bool) {
	text, ok := randomUUID(c)
	return rdf.IRI("urn:uuid:" + text), ok
}

func struuidFn(c *Context, _ []rdf.Term) (rdf.Term, bool) {
	text, ok := randomUUID(c)
	return rdf.String(text), ok
}

// randomUUID makes a version 4 UUID (RFC 9562 §5.4).
func randomUUID(c *Context) (string, bool) {
	if c.Rand == nil {
		return "", false
	}
	var b [16]byte
	for i, half := range [2]uint64{c.Rand.Uint64(), c.Rand.Uint64()} {
		for j := range 8 {
			b[i*8+j] = byte(half >> (8 * j))
		}
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"), true
}
