package rdf

import (
	"fmt"
	"strings"
)

var (
	termType  = IRI(RDFType)
	termFirst = IRI(RDFFirst)
	termRest  = IRI(RDFRest)
	termNil   = IRI(RDFNil)

	termReifies = IRI(RDFReifies)
)

// turtleParser reads Turtle (RDF 1.2 §6.5) and TriG (§4.5) as a machine with a
// stack of its own: a step takes a few tokens and queues at most two quads, and
// one more for each triple that is reified in another, so a statement of any
// length or depth needs no more memory than its open brackets.
type turtleParser struct {
	r       *Reader
	l       *lexer
	trig    bool
	base    string // "" if there is none
	parts   iriParts
	spaces  map[string]int // prefix → place in r.decls
	stack   []frame
	graph   Term
	inGraph bool
}

// frame is an open statement, [ … ], ( … ) or {| … |}.
type frame struct {
	kind       frameKind
	state      frameState
	subj, pred Term // of a list: the open cell
	obj        Term // the last object, which annotations follow
	reifier    Term // "~ r" behind it, which {| … |} is about
}

type frameKind uint8

const (
	frameTriples frameKind = iota
	frameBNode
	frameList
	frameAnnotation
)

// frameState says what a frame reads next.
type frameState uint8

const (
	wantVerb      frameState = iota
	wantVerbOrEnd            // after ";": another verb, ";" or the end
	wantVerbOrDot            // after [ … ] as subject: a verb or the end
	wantObject
	wantAfter // after an object: an annotation, ",", ";" or the end
	wantItem  // of a list: its first item
	wantItemOrEnd
)

func newTurtleParser(r *Reader) *turtleParser {
	p := &turtleParser{r: r, l: r.lex, trig: r.format == TriG, spaces: map[string]int{}}
	p.setBase(r.opts.Base)
	return p
}

func (p *turtleParser) setBase(iri string) { p.base, p.parts = iri, splitIRI(iri) }

// step reads on. Errors: io.EOF, *SyntaxError, read errors.
func (p *turtleParser) step() error {
	if len(p.stack) == 0 {
		return p.top()
	}
	p.l.space()
	f := &p.stack[len(p.stack)-1]
	switch f.state {
	case wantVerb, wantVerbOrEnd, wantVerbOrDot:
		return p.verb(f)
	case wantObject:
		return p.statementObject(f)
	case wantAfter:
		return p.after(f)
	}
	return p.item(f)
}

// top reads a directive, the start or end of a graph, or a subject.
func (p *turtleParser) top() error {
	p.l.space()
	c, ok := p.l.peek()
	switch {
	case !ok && p.inGraph:
		return p.l.expected(`subject or "}"`)
	case !ok:
		return endOr(p.l.err)
	case c == '}' && p.inGraph:
		p.l.pos++
		p.inGraph, p.graph = false, Term{}
		return nil
	case c == '{' && p.trig && !p.inGraph:
		p.l.pos++
		p.inGraph = true
		return nil
	case c == '@' && !p.inGraph:
		return p.atDirective()
	case c == '[':
		return p.bracketSubject()
	case c == '(':
		return p.listSubject()
	}
	return p.subject(c)
}

// expectedSubject is the error for what begins no block.
func (p *turtleParser) expectedSubject() error {
	switch {
	case p.inGraph:
		return p.l.expected(`subject or "}"`)
	case p.trig:
		return p.l.expected("subject, graph or directive")
	}
	return p.l.expected("subject or directive")
}

// subject reads an IRI, a labelled blank node or a keyword at the start of a
// block.
func (p *turtleParser) subject(c byte) error {
	switch {
	case c == '<' && p.l.peekAt(1) == '<':
		t, err := p.reifiedTriple(0)
		if err == nil {
			p.push(frame{kind: frameTriples, state: wantVerbOrDot, subj: t})
		}
		return err
	case c == '<':
		t, err := p.iri()
		return p.startOrGraph(t, err)
	case c == '_':
		t, err := p.r.bnode()
		return p.startOrGraph(t, err)
	}
	t, word, err := p.name()
	switch {
	case err != nil:
		return err
	case !t.IsZero():
		return p.startOrGraph(t, nil)
	case !p.inGraph && strings.EqualFold(word, "prefix"):
		return p.prefixDirective()
	case !p.inGraph && strings.EqualFold(word, "base"):
		return p.baseDirective()
	case !p.inGraph && strings.EqualFold(word, "version"):
		p.l.pos += len("version")
		return p.versionDecl()
	case !p.inGraph && p.trig && strings.EqualFold(word, "graph"):
		return p.graphKeyword()
	}
	return p.expectedSubject()
}

// startOrGraph begins a statement with subject s, or in TriG the graph s.
func (p *turtleParser) startOrGraph(s Term, err error) error {
	if err != nil {
		return err
	}
	if p.trig && !p.inGraph {
		p.l.space()
		if c, ok := p.l.peek(); ok && c == '{' {
			p.l.pos++
			p.inGraph, p.graph = true, s
			return nil
		}
	}
	p.push(frame{kind: frameTriples, state: wantVerb, subj: s})
	return nil
}

// graphKeyword reads what follows GRAPH.
func (p *turtleParser) graphKeyword() error {
	p.l.pos += len("graph")
	p.l.space()
	g, err := p.graphLabel()
	if err != nil {
		return err
	}
	p.l.space()
	if c, ok := p.l.peek(); !ok || c != '{' {
		return p.l.expected(`"{"`)
	}
	p.l.pos++
	p.inGraph, p.graph = true, g
	return nil
}

func (p *turtleParser) graphLabel() (Term, error) {
	const want = "graph (IRI or blank node)"
	c, _ := p.l.peek()
	switch c {
	case '<':
		return p.iri()
	case '_':
		return p.r.bnode()
	case '[':
		p.l.pos++
		p.l.space()
		if c, ok := p.l.peek(); !ok || c != ']' {
			return Term{}, p.l.expected(`"]"`)
		}
		p.l.pos++
		return p.r.newBNode(), nil
	}
	t, _, err := p.name()
	if err == nil && t.IsZero() {
		err = p.l.expected(want)
	}
	return t, err
}

// bracketSubject reads [] or the start of [ … ] as subject.
func (p *turtleParser) bracketSubject() error {
	p.l.pos++
	p.l.space()
	b := p.r.newBNode()
	if c, ok := p.l.peek(); ok && c == ']' {
		p.l.pos++
		return p.startOrGraph(b, nil)
	}
	p.push(frame{kind: frameTriples, state: wantVerbOrDot, subj: b})
	p.push(frame{kind: frameBNode, state: wantVerb, subj: b})
	return nil
}

// listSubject reads () or the start of ( … ) as subject.
func (p *turtleParser) listSubject() error {
	p.l.pos++
	p.l.space()
	if c, ok := p.l.peek(); ok && c == ')' {
		p.l.pos++
		p.push(frame{kind: frameTriples, state: wantVerb, subj: termNil})
		return nil
	}
	cell := p.r.newBNode()
	p.push(frame{kind: frameTriples, state: wantVerb, subj: cell})
	p.push(frame{kind: frameList, state: wantItem, subj: cell})
	return nil
}

func (p *turtleParser) push(f frame) { p.stack = append(p.stack, f) }
func (p *turtleParser) pop()         { p.stack = p.stack[:len(p.stack)-1] }

// verb reads a predicate, or the end of f where it may be.
func (p *turtleParser) verb(f *frame) error {
	c, ok := p.l.peek()
	if f.state != wantVerb && ok {
		if c == ';' && f.state == wantVerbOrEnd {
			p.l.pos++
			return nil
		}
		if p.closes(f, c) {
			return nil
		}
	}
	t, err := p.predicate()
	if err != nil || !t.IsZero() {
		f.pred, f.state = t, wantObject
		return err
	}
	switch f.state {
	case wantVerbOrEnd:
		return p.l.expected(`predicate, ";"` + p.closer(f))
	case wantVerbOrDot:
		return p.l.expected("predicate" + p.closer(f))
	}
	return p.l.expected("predicate")
}

// predicate reads an IRI or "a"; the zero Term is neither.
func (p *turtleParser) predicate() (Term, error) {
	c, ok := p.l.peek()
	switch {
	case !ok:
	case c == '<':
		return p.iri()
	case c == ':' || c >= 0x80 || isAlpha(c):
		t, word, err := p.name()
		if word == "a" {
			t = termType
			p.l.pos++
		}
		return t, err
	}
	return Term{}, nil
}

// statementObject reads the object of f's subject and predicate, and keeps it
// for what may follow.
func (p *turtleParser) statementObject(f *frame) error {
	f.state = wantAfter
	at := len(p.stack) - 1
	o, err := p.object(f.subj, f.pred)
	f = &p.stack[at] // brackets may have moved the stack
	f.obj, f.reifier = o, Term{}
	return err
}

// after reads what follows an object.
func (p *turtleParser) after(f *frame) error {
	c, ok := p.l.peek()
	switch {
	case !ok:
	case c == ',':
		p.l.pos++
		f.state = wantObject
		return nil
	case c == ';':
		p.l.pos++
		f.state = wantVerbOrEnd
		return nil
	case c == '~':
		return p.annotationReifier(f)
	case c == '{' && p.l.peekAt(1) == '|':
		return p.openAnnotation(f)
	case p.closes(f, c):
		return nil
	}
	return p.l.expected(`",", ";"` + p.closer(f))
}

// closes ends f if c does so. The "}" of a graph stays unread.
func (p *turtleParser) closes(f *frame, c byte) bool {
	switch {
	case f.kind == frameBNode && c == ']', f.kind == frameTriples && c == '.':
		p.l.pos++
	case f.kind == frameAnnotation && c == '|' && p.l.peekAt(1) == '}':
		p.l.pos += len("|}")
	case f.kind == frameTriples && c == '}' && p.inGraph:
	default:
		return false
	}
	p.pop()
	return true
}

// closer ends the list of what was expected in f.
func (p *turtleParser) closer(f *frame) string {
	switch {
	case f.kind == frameBNode:
		return ` or "]"`
	case f.kind == frameAnnotation:
		return ` or "|}"`
	case p.inGraph:
		return `, "." or "}"`
	}
	return ` or "."`
}

// item reads an item of a list, or its end.
func (p *turtleParser) item(f *frame) error {
	c, ok := p.l.peek()
	if f.state == wantItemOrEnd {
		if !ok {
			return p.l.expected(`object or ")"`)
		}
		if c == ')' {
			p.l.pos++
			p.r.emit(f.subj, termRest, termNil, p.graph)
			p.pop()
			return nil
		}
		cell := p.r.newBNode()
		p.r.emit(f.subj, termRest, cell, p.graph)
		f.subj = cell
	}
	f.state = wantItemOrEnd
	_, err := p.object(f.subj, termFirst)
	return err
}

// object reads an object and queues its quad; brackets push a frame.
func (p *turtleParser) object(s, pred Term) (o Term, err error) {
	switch c, _ := p.l.peek(); c {
	case '<':
		o, err = p.angleObject(0)
	case '[', '(':
		o, err = p.open(c)
	default:
		o, err = p.plainObject(c)
	}
	if err == nil {
		p.r.emit(s, pred, o, p.graph)
	}
	return o, err
}

// angleObject reads an IRI, a triple term or a reified triple, at "<".
func (p *turtleParser) angleObject(depth int) (Term, error) {
	switch {
	case p.l.peekAt(1) != '<':
		return p.iri()
	case p.l.peekAt(2) == '(':
		return p.tripleTerm(depth)
	}
	return p.reifiedTriple(depth)
}

// plainObject reads a labelled blank node, a literal or a prefixed name.
func (p *turtleParser) plainObject(c byte) (Term, error) {
	switch {
	case c == '"' || c == '\'':
		return p.literal()
	case c == '_':
		return p.r.bnode()
	case isDigit(c) || c == '+' || c == '-' || c == '.' && isDigit(p.l.peekAt(1)):
		return p.number()
	}
	return p.nameObject()
}

// open reads [], (), or the start of what they enclose.
func (p *turtleParser) open(c byte) (Term, error) {
	if len(p.stack) > p.r.opts.MaxDepth {
		return Term{}, p.l.errAt(p.l.pos, fmt.Sprintf("brackets are nested deeper than the limit of %d", p.r.opts.MaxDepth))
	}
	p.l.pos++
	p.l.space()
	next, ok := p.l.peek()
	if c == '[' {
		b := p.r.newBNode()
		if ok && next == ']' {
			p.l.pos++
		} else {
			p.push(frame{kind: frameBNode, state: wantVerb, subj: b})
		}
		return b, nil
	}
	if ok && next == ')' {
		p.l.pos++
		return termNil, nil
	}
	cell := p.r.newBNode()
	p.push(frame{kind: frameList, state: wantItem, subj: cell})
	return cell, nil
}

func (p *turtleParser) nameObject() (Term, error) {
	t, word, err := p.name()
	if err != nil || !t.IsZero() {
		return t, err
	}
	if word == "true" || word == "false" {
		p.l.pos += len(word)
		return Literal(word, XSDBoolean), nil
	}
	return Term{}, p.l.expected("object")
}

// literal reads an RDFLiteral.
func (p *turtleParser) literal() (Term, error) {
	b, err := p.l.stringLiteral(true)
	if err != nil {
		return Term{}, err
	}
	lexical := p.l.intern(b)
	p.l.space()
	switch c, _ := p.l.peek(); c {
	case '@':
		tag, err := p.l.langTag()
		if err != nil {
			return Term{}, err
		}
		return p.r.tagged(lexical, tag)
	case '^':
		if p.l.peekAt(1) != '^' {
			return Term{}, p.l.expected(`"^^"`)
		}
		p.l.pos += 2
		p.l.space()
		dt, err := p.datatype()
		if err != nil {
			return Term{}, err
		}
		return Literal(lexical, dt.value), p.l.checkDatatype(dt.value)
	}
	return String(lexical), nil
}

func (p *turtleParser) datatype() (Term, error) {
	if c, ok := p.l.peek(); ok && c == '<' {
		return p.iri()
	}
	t, _, err := p.name()
	if err == nil && t.IsZero() {
		err = p.l.expected("datatype IRI")
	}
	return t, err
}

// space skips white space and comments.
func (l *lexer) space() {
	for {
		for l.pos < l.end {
			c := l.buf[l.pos]
			if isSpace(c) {
				l.pos++
				continue
			}
			if c != '#' {
				return
			}
			l.comment()
		}
		if !l.fill() {
			return
		}
	}
}
