package yang

import "strings"

// on tells whether every if-feature of a statement holds (RFC 7950 §7.20.2).
func (c *compiler) on(u *unit, st *statement) bool {
	for _, f := range st.sub {
		if f.keyword != "if-feature" {
			continue
		}
		e := &featureExpr{c: c, u: u, words: featureWords(f.arg)}
		ok := e.or(0)
		if e.bad || e.pos != len(e.words) {
			c.problem(u, f, "", "if-feature %s cannot be read: taken as true", quote(f.arg))
			continue
		}
		if !ok {
			return false
		}
	}
	return true
}

func featureWords(arg string) []string {
	return strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(arg))
}

// featureExpr evaluates an if-feature expression.
type featureExpr struct {
	c     *compiler
	u     *unit
	words []string
	pos   int
	bad   bool
}

func (e *featureExpr) next(word string) bool {
	if e.pos < len(e.words) && e.words[e.pos] == word {
		e.pos++
		return true
	}
	return false
}

func (e *featureExpr) or(depth int) bool {
	v := e.and(depth)
	for e.next("or") {
		w := e.and(depth)
		v = v || w
	}
	return v
}

func (e *featureExpr) and(depth int) bool {
	v := e.factor(depth)
	for e.next("and") {
		w := e.factor(depth)
		v = v && w
	}
	return v
}

func (e *featureExpr) factor(depth int) bool {
	if depth > MaxStatementDepth || e.pos >= len(e.words) {
		e.bad = true
		return true
	}
	switch {
	case e.next("not"):
		return !e.factor(depth + 1)
	case e.next("("):
		v := e.or(depth + 1)
		if !e.next(")") {
			e.bad = true
		}
		return v
	}
	e.pos++
	return e.c.feature(e.u, e.words[e.pos-1])
}

// feature tells whether a feature is supported: the caller's word, and that
// of the features it depends on. A feature that nobody defines is not.
func (c *compiler) feature(u *unit, qname string) bool {
	m, name := u.resolve(qname)
	if m == nil {
		c.problem(u, nil, "", "feature %s: unknown prefix", quote(qname))
		return false
	}
	switch m.enabled[name] {
	case 1:
		return true
	case -1, 2: // off, or a circle
		return false
	}
	d, ok := m.features[name]
	if !ok {
		c.problem(u, nil, "", "feature %s is not defined", quote(qname))
		m.enabled[name] = -1
		return false
	}
	m.enabled[name] = 2
	v := (c.opts.Features == nil || c.opts.Features(m.Name, name)) && c.on(d.unit, d.st)
	m.enabled[name] = -1
	if v {
		m.enabled[name] = 1
	}
	return v
}
