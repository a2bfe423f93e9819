package rdf

import "fmt"

// Triple terms, reified triples and annotations (RDF 1.2 Turtle §2.10, §2.11).

// tripleTerm reads <<( s p o )>>, at its start.
func (p *turtleParser) tripleTerm(depth int) (Term, error) {
	if err := p.nest(depth); err != nil {
		return Term{}, err
	}
	p.l.pos += len(tripleOpen)
	t, err := p.innerTriple(depth, false)
	if err != nil {
		return Term{}, err
	}
	if c, ok := p.l.peek(); !ok || c != ')' || p.l.peekAt(1) != '>' || p.l.peekAt(2) != '>' {
		return Term{}, p.l.expected(`")>>"`)
	}
	p.l.pos += len(tripleClose)
	return p.asTerm(t)
}

// reifiedTriple reads << s p o ~ r >>, at its start, queues that r reifies the
// triple, and returns r.
func (p *turtleParser) reifiedTriple(depth int) (Term, error) {
	if err := p.nest(depth); err != nil {
		return Term{}, err
	}
	p.l.pos += len("<<")
	t, err := p.innerTriple(depth, true)
	if err != nil {
		return Term{}, err
	}
	c, ok := p.l.peek()
	var r Term
	if ok && c == '~' {
		if r, err = p.reifier(); err != nil {
			return Term{}, err
		}
		p.l.space()
		c, ok = p.l.peek()
	} else {
		r = p.r.newBNode()
	}
	if !ok || c != '>' || p.l.peekAt(1) != '>' {
		return Term{}, p.l.expected(`">>"`)
	}
	p.l.pos += len(">>")
	return r, p.reify(r, t)
}

func (p *turtleParser) nest(depth int) error {
	if depth >= MaxTripleDepth {
		return p.l.errAt(p.l.pos, fmt.Sprintf("triple terms are nested deeper than the limit of %d", MaxTripleDepth))
	}
	return nil
}

// innerTriple reads subject, predicate and object between the brackets, and
// the space behind them. Those of a reified triple may be reified triples.
func (p *turtleParser) innerTriple(depth int, reified bool) (t Triple, err error) {
	p.l.space()
	if t.S, err = p.innerSubject(depth, reified); err != nil {
		return t, err
	}
	p.l.space()
	if t.P, err = p.predicate(); err == nil && t.P.IsZero() {
		err = p.l.expected("predicate")
	}
	if err != nil {
		return t, err
	}
	p.l.space()
	c, _ := p.l.peek()
	switch {
	case c == '<' && p.l.peekAt(1) == '<' && p.l.peekAt(2) != '(' && !reified:
		err = p.l.expected("object (IRI, blank node, literal or triple term)")
	case c == '<':
		t.O, err = p.angleObject(depth + 1)
	case c == '[':
		t.O, err = p.anon()
	default:
		t.O, err = p.plainObject(c)
	}
	p.l.space()
	return t, err
}

func (p *turtleParser) innerSubject(depth int, reified bool) (Term, error) {
	c, _ := p.l.peek()
	switch {
	case c == '<' && p.l.peekAt(1) == '<':
		if reified && p.l.peekAt(2) != '(' {
			return p.reifiedTriple(depth + 1)
		}
	case c == '<':
		return p.iri()
	case c == '_':
		return p.r.bnode()
	case c == '[':
		return p.anon()
	case c == '"' || c == '\'':
	default:
		if t, _, err := p.name(); err != nil || !t.IsZero() {
			return t, err
		}
	}
	return Term{}, p.l.expected("subject (IRI or blank node)")
}

// anon reads [], at its start.
func (p *turtleParser) anon() (Term, error) {
	p.l.pos++
	p.l.space()
	if c, ok := p.l.peek(); !ok || c != ']' {
		return Term{}, p.l.expected(`"]"`)
	}
	p.l.pos++
	return p.r.newBNode(), nil
}

// reifier reads "~" and the IRI or blank node behind it, if there is one.
func (p *turtleParser) reifier() (Term, error) {
	p.l.pos++
	p.l.space()
	c, ok := p.l.peek()
	switch {
	case !ok:
	case c == '<' && p.l.peekAt(1) != '<':
		return p.iri()
	case c == '_':
		return p.r.bnode()
	case c == '[':
		return p.anon()
	case c == ':' || c >= 0x80 || isAlpha(c):
		t, _, err := p.name()
		if err == nil && t.IsZero() {
			err = p.l.expected("reifier (IRI or blank node)")
		}
		return t, err
	}
	return p.r.newBNode(), nil
}

// asTerm makes the triple term of t, which ends at pos.
func (p *turtleParser) asTerm(t Triple) (Term, error) {
	term := TripleTerm(t)
	if len(term.value) > p.l.maxTerm {
		return Term{}, p.l.errAt(p.l.pos, fmt.Sprintf("term is longer than the limit of %d bytes", p.l.maxTerm))
	}
	return term, nil
}

// reify queues that r reifies t.
func (p *turtleParser) reify(r Term, t Triple) error {
	term, err := p.asTerm(t)
	if err == nil {
		p.r.emit(r, termReifies, term, p.graph)
	}
	return err
}

// annotationReifier reads "~ r" behind the object of f.
func (p *turtleParser) annotationReifier(f *frame) error {
	r, err := p.reifier()
	if err != nil {
		return err
	}
	f.reifier = r
	return p.reify(r, Triple{f.subj, f.pred, f.obj})
}

// openAnnotation reads the start of {| … |} behind the object of f, which is
// about the reifier just before it or a new one.
func (p *turtleParser) openAnnotation(f *frame) error {
	if len(p.stack) > p.r.opts.MaxDepth {
		return p.l.errAt(p.l.pos, fmt.Sprintf("brackets are nested deeper than the limit of %d", p.r.opts.MaxDepth))
	}
	p.l.pos += len("{|")
	r := f.reifier
	if r.IsZero() {
		r = p.r.newBNode()
		if err := p.reify(r, Triple{f.subj, f.pred, f.obj}); err != nil {
			return err
		}
	}
	f.reifier = Term{}
	p.push(frame{kind: frameAnnotation, state: wantVerb, subj: r})
	return nil
}
