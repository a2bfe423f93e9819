package rdf

import "fmt"

// atDirective reads @prefix, @base or @version.
func (p *turtleParser) atDirective() error {
	l := p.l
	l.mark = l.pos
	l.pos++
	for {
		c, ok := l.peek()
		if !ok || !isAlnum(c) && c != '-' {
			break
		}
		l.pos++
	}
	word, err := l.token(l.pos, 0, 0)
	if err != nil {
		return err
	}
	switch string(word) {
	case "@prefix":
		err = p.prefixDecl()
	case "@base":
		err = p.baseDecl()
	case "@version":
		err = p.versionDecl()
	default:
		l.pos = l.start
		return l.expected(`"@prefix", "@base" or "@version"`)
	}
	if err != nil {
		return err
	}
	l.space()
	if c, ok := l.peek(); !ok || c != '.' {
		return l.expected(`"."`)
	}
	l.pos++
	return nil
}

func (p *turtleParser) prefixDirective() error {
	p.l.pos += len("prefix")
	return p.prefixDecl()
}

func (p *turtleParser) baseDirective() error {
	p.l.pos += len("base")
	return p.baseDecl()
}

// prefixDecl reads PNAME_NS IRIREF.
func (p *turtleParser) prefixDecl() error {
	l := p.l
	l.space()
	l.mark = l.pos
	l.prefixName()
	if c, ok := l.peek(); !ok || c != ':' {
		l.pos, l.mark = l.mark, -1
		return l.expected(`prefix with ":"`)
	}
	b, err := l.token(l.pos, 0, 0)
	if err != nil {
		return err
	}
	name := string(b)
	l.pos++
	iri, err := p.declaredIRI()
	if err != nil {
		return err
	}
	return p.declare(name, iri)
}

func (p *turtleParser) declare(name, iri string) error {
	if i, ok := p.spaces[name]; ok {
		p.r.decls[i].IRI = iri
		return nil
	}
	if len(p.r.decls) == MaxPrefixes {
		return p.l.errAt(p.l.pos, fmt.Sprintf("more prefixes than the limit of %d", MaxPrefixes))
	}
	p.spaces[name] = len(p.r.decls)
	p.r.decls = append(p.r.decls, PrefixDecl{name, iri})
	return nil
}

func (p *turtleParser) baseDecl() error {
	iri, err := p.declaredIRI()
	if err == nil {
		p.setBase(iri)
	}
	return err
}

// versionDecl reads a version label (RDF 1.2 Turtle §2.4). It changes nothing:
// every version is read alike.
func (p *turtleParser) versionDecl() error {
	l := p.l
	l.space()
	c, _ := l.peek()
	if c != '"' && c != '\'' || l.peekAt(1) == c && l.peekAt(2) == c {
		return l.expected("version in single quotes, such as \"1.2\"")
	}
	_, err := l.stringLiteral(false)
	return err
}

func (p *turtleParser) declaredIRI() (string, error) {
	p.l.space()
	if c, ok := p.l.peek(); !ok || c != '<' {
		return "", p.l.expected("IRI")
	}
	t, err := p.iri()
	return t.value, err
}

// iri reads an IRIREF and resolves it.
func (p *turtleParser) iri() (Term, error) {
	l := p.l
	b, err := l.iriRef()
	if err != nil {
		return Term{}, err
	}
	if hasScheme(b) {
		return IRI(l.intern(b)), nil
	}
	if p.base == "" {
		return Term{}, l.errAt(l.start, fmt.Sprintf("relative IRI <%s> without a base: expected an absolute IRI or a base before it", shorten(b)))
	}
	iri := resolve(p.parts, string(b))
	if len(iri) > l.maxTerm {
		return Term{}, l.errAt(l.start, fmt.Sprintf("resolved IRI is longer than the limit of %d bytes", l.maxTerm))
	}
	return IRI(iri), nil
}
