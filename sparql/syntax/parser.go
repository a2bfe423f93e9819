package syntax

import (
	"fmt"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// parser reads one text by recursive descent, with at most two tokens of
// lookahead. Its methods are named after the grammar's rules (§19.8) and
// panic with a *SyntaxError, which the entry points recover.
type parser struct {
	lex    *lexer
	tok    token  // the current token, not yet consumed
	peeked *token // the one after it, if looked at

	base     string
	prefixes map[string]string

	depth, maxDepth       int
	elements, maxElements int
	bnodes                *labels
}

func (p *parser) advance() token {
	t := p.tok
	if p.peeked != nil {
		p.tok, p.peeked = *p.peeked, nil
	} else {
		p.tok = p.lex.next()
	}
	return t
}

func (p *parser) peek() token {
	if p.peeked == nil {
		t := p.lex.next()
		p.peeked = &t
	}
	return *p.peeked
}

func (p *parser) errorAt(pos Pos, code Code, format string, args ...any) *SyntaxError {
	return &SyntaxError{Pos: pos, Code: code, Update: p.lex.update, Msg: fmt.Sprintf(format, args...)}
}

// expected fails on the current token.
func (p *parser) expected(what string) {
	hint := ""
	if p.tok.glued {
		hint = ` (it begins no IRI: one has no space, quote, brace, "|", "\", "^" or "` + "`" + `", and ends with ">")`
	}
	panic(p.errorAt(p.tok.pos, CodeUnexpected, "expected %s, found %v%s", what, p.tok, hint))
}

func (p *parser) isPunct(s string) bool { return p.tok.isPunct(s) }
func (p *parser) isWord(s string) bool  { return p.tok.isWord(s) }

// accept consumes an operator or bracket if it is next.
func (p *parser) accept(s string) bool {
	if !p.isPunct(s) {
		return false
	}
	p.advance()
	return true
}

// acceptWord consumes a keyword if it is next.
func (p *parser) acceptWord(s string) bool {
	if !p.isWord(s) {
		return false
	}
	p.advance()
	return true
}

// expect consumes an operator or bracket; what tells all that may stand here.
func (p *parser) expect(s, what string) {
	if !p.accept(s) {
		if what == "" {
			what = strconv.Quote(s)
		}
		p.expected(what)
	}
}

func (p *parser) expectWord(s string) {
	if !p.acceptWord(s) {
		p.expected(s)
	}
}

// enter counts a level of nesting; call the result to leave it.
func (p *parser) enter() (leave func()) {
	p.depth++
	if p.depth > p.maxDepth {
		panic(p.errorAt(p.tok.pos, CodeTooDeep, "more than %d levels of nesting", p.maxDepth))
	}
	return func() { p.depth-- }
}

// count counts an element of the tree that later recursion descends into.
func (p *parser) count() { p.countN(1) }

func (p *parser) countN(n int) {
	p.elements += n
	if p.elements > p.maxElements {
		panic(p.errorAt(p.tok.pos, CodeTooLarge, "more than %d pattern elements, operators and calls", p.maxElements))
	}
}

// prologue is rule 4.
func (p *parser) prologue() {
	for {
		switch {
		case p.acceptWord("BASE"):
			if p.tok.kind != tokIRI {
				p.expected("the base IRI in angle brackets")
			}
			p.base = p.iriRef()
		case p.acceptWord("PREFIX"):
			if p.tok.kind != tokPName || !p.tok.ns {
				p.expected(`a prefix that ends with ":"`)
			}
			prefix := p.advance().text
			if p.tok.kind != tokIRI {
				p.expected("the namespace IRI in angle brackets")
			}
			p.prefixes[prefix] = p.iriRef()
		case p.acceptWord("VERSION"):
			p.version()
		default:
			return
		}
	}
}

// version reads what follows VERSION (SPARQL 1.2 rule 7). Its label changes
// nothing: texts of every version are read alike.
func (p *parser) version() {
	long := strings.HasPrefix(p.tok.raw, `"""`) || strings.HasPrefix(p.tok.raw, `'''`)
	if p.tok.kind != tokString || long {
		p.expected(`a version in single quotes, such as "1.2"`)
	}
	p.advance()
}

// isIRI tells whether an IRI or prefixed name is next.
func (p *parser) isIRI() bool { return p.tok.kind == tokIRI || p.tok.kind == tokPName }

// iri is rule 136.
func (p *parser) iri(what string) rdf.Term {
	switch p.tok.kind {
	case tokIRI:
		return rdf.IRI(p.iriRef())
	case tokPName:
		ns, ok := p.prefixes[p.tok.text]
		if !ok {
			panic(p.errorAt(p.tok.pos, CodeUndeclaredPrefix, "prefix %q is not declared (PREFIX %s: <…>)", p.tok.text+":", p.tok.text))
		}
		return rdf.IRI(ns + p.advance().local)
	}
	p.expected(what)
	return rdf.Term{}
}

// iriRef resolves and consumes the IRI token that is next.
func (p *parser) iriRef() string {
	iri, err := rdf.ResolveIRI(p.base, p.tok.text)
	switch {
	case err == nil:
		p.advance()
		return iri
	case p.base == "" && rdf.CheckIRI("x:"+p.tok.text) == nil:
		panic(p.errorAt(p.tok.pos, CodeRelativeIRI, "relative IRI <%s>, but no base is declared (BASE <…>)", p.tok.text))
	}
	panic(p.errorAt(p.tok.pos, CodeBadIRI, "%v", err))
}

// isVar tells whether a variable is next.
func (p *parser) isVar() bool { return p.tok.kind == tokVar }

func (p *parser) variable(what string) string {
	if !p.isVar() {
		p.expected(what)
	}
	return p.advance().text
}

// varOrIRI is rule 107.
func (p *parser) varOrIRI(what string) Node {
	if p.isVar() {
		return Node{Var: p.advance().text}
	}
	return Node{Term: p.iri(what)}
}

// literal reads a literal (rules 129–135) if one is next.
func (p *parser) literal() (rdf.Term, bool) {
	switch t := p.tok; {
	case t.kind == tokInteger:
		p.advance()
		return rdf.Literal(t.text, rdf.XSDInteger), true
	case t.kind == tokDecimal:
		p.advance()
		return rdf.Literal(t.text, rdf.XSDDecimal), true
	case t.kind == tokDouble:
		p.advance()
		return rdf.Literal(t.text, rdf.XSDDouble), true
	case t.kind == tokString:
		return p.rdfLiteral(), true
	case t.isWord("TRUE"):
		p.advance()
		return rdf.Literal("true", rdf.XSDBoolean), true
	case t.isWord("FALSE"):
		p.advance()
		return rdf.Literal("false", rdf.XSDBoolean), true
	}
	return rdf.Term{}, false
}

// rdfLiteral is rule 129; a string is next.
func (p *parser) rdfLiteral() rdf.Term {
	value := p.advance().text
	if p.tok.kind == tokLang {
		return p.langString(value)
	}
	if p.accept("^^") {
		pos := p.tok.pos
		datatype := p.iri("a datatype IRI").Value()
		if datatype == rdf.RDFLangString || datatype == rdf.RDFDirLangString {
			panic(p.errorAt(pos, CodeUnexpected, "expected a language tag instead of datatype <%s>", datatype))
		}
		return rdf.Literal(value, datatype)
	}
	return rdf.String(value)
}

// langString reads the tag that is next.
func (p *parser) langString(value string) rdf.Term {
	t := rdf.TaggedString(value, p.tok.text)
	if strings.Contains(t.Lang(), "--") {
		panic(p.errorAt(p.tok.pos, CodeUnexpected, `expected the base direction "ltr" or "rtl" after "--", found %v`, p.tok))
	}
	p.advance()
	return t
}

// skipNil consumes "(" ")" if both are next (NIL, rule 161).
func (p *parser) skipNil() bool {
	if !p.isPunct("(") || !p.peek().isPunct(")") {
		return false
	}
	p.advance()
	p.advance()
	return true
}
