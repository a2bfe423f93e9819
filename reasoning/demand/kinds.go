package demand

import (
	"maps"
	"slices"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// kinds is a set of kinds of things; any is all of them. A kind is the IRI of a
// class of source things, or the beginning of the IRIs that a rule mints.
type kinds struct {
	any bool
	set map[string]bool
}

var anything = kinds{any: true}

func kindsOf(list ...string) kinds {
	k := kinds{set: map[string]bool{}}
	for _, one := range list {
		k.set[one] = true
	}
	return k
}

func (k kinds) empty() bool { return !k.any && len(k.set) == 0 }

func (k kinds) and(l kinds) kinds {
	switch {
	case k.any:
		return l
	case l.any:
		return k
	}
	out := kindsOf()
	for one := range k.set {
		if l.set[one] {
			out.set[one] = true
		}
	}
	return out
}

func (k kinds) or(l kinds) kinds {
	if k.any || l.any {
		return anything
	}
	out := kindsOf()
	maps.Copy(out.set, k.set)
	maps.Copy(out.set, l.set)
	return out
}

func (k kinds) equal(l kinds) bool { return k.any == l.any && maps.Equal(k.set, l.set) }

func (k kinds) key() string {
	if k.any {
		return "*"
	}
	return strings.Join(slices.Sorted(maps.Keys(k.set)), " ")
}

// env says what kinds the variables may be of.
type env map[string]kinds

func (e env) of(n algebra.Node) kinds {
	if k, ok := e[n.Var]; ok && n.IsVar() {
		return k
	}
	return anything
}

func (e env) narrow(n algebra.Node, k kinds) {
	if n.IsVar() {
		e[n.Var] = e.of(n).and(k)
	}
}

// dead tells whether a variable can be nothing at all.
func (e env) dead() bool {
	for _, k := range e {
		if k.empty() {
			return true
		}
	}
	return false
}

// narrowBy returns the kinds of variables after what a shape requires.
func (d *Deriver) narrowBy(sh shape, e env) env {
	out := maps.Clone(e)
	switch t := sh.(type) {
	case all:
		for range 2 { // what comes later may narrow what came before
			for _, part := range t {
				out = d.narrowBy(part, out)
			}
		}
	case one:
		var joined env
		for _, part := range t {
			each := d.narrowBy(part, e)
			if each.dead() {
				continue
			}
			if joined == nil {
				joined = each
				continue
			}
			for v, k := range joined {
				joined[v] = k.or(each.of(algebra.Node{Var: v}))
			}
		}
		if joined != nil {
			return joined
		}
	case pattern:
		s, o := kindsOf(), kindsOf()
		if t.p == nil {
			s, o = anything, anything
		}
		for _, p := range t.p {
			ps, po := d.positions(p, t.o, t.graph)
			s, o = s.or(ps), o.or(po)
		}
		out.narrow(t.s, s)
		out.narrow(t.o, o)
	}
	return out
}

// propDescribes is what the pipeline says of every source graph.
var propDescribes = rdf.IRI(naming.Twin + "describes")

// positions are the kinds of the subjects and objects of a predicate.
func (d *Deriver) positions(p rdf.Term, o algebra.Node, graph algebra.Node) (subject, object kinds) {
	if rows, ok := d.rows(p, o); ok {
		return rows, anything
	}
	if p == propDescribes {
		return anything, kindsOf(naming.ThingIRI(d.opt.Base, "device").Value() + "/")
	}
	at := place{p: p}
	if p == rdfType && !o.IsVar() {
		at.class = o.Term
	}
	switch {
	case graph.IsVar():
		return anything, anything
	case !graph.Term.IsZero():
		at.graph = graph.Term
		if graph.Term != d.opt.Derived {
			return anything, anything
		}
	}
	if known, ok := d.places[at]; ok {
		return known.s, known.o
	}
	if d.settled {
		return anything, anything // no rule writes it
	}
	return kindsOf(), kindsOf()
}

// place is where a rule may put a statement: graph, predicate, and of rdf:type
// the class.
type place struct{ graph, p, class rdf.Term }

type ends struct{ s, o kinds }

// settle finds the kinds at the ends of all predicates that rules write.
func (d *Deriver) settle() {
	written := map[place]bool{}
	for _, c := range d.clauses {
		for _, q := range c.template {
			written[placeOf(c, q)] = true
		}
	}
	d.places = map[place]ends{}
	for p := range written {
		d.places[p] = ends{kindsOf(), kindsOf()}
	}
	d.settled = true
	for range maxRounds {
		changed := false
		for _, c := range d.clauses {
			changed = d.spread(c) || changed
		}
		if !changed {
			return
		}
	}
	for p := range written { // it does not come to rest: nothing is known
		d.places[p] = ends{anything, anything}
	}
}

// maxRounds bounds the search for a fixed point.
const maxRounds = 100

func placeOf(c *clause, q algebra.QuadPattern) place {
	p := place{graph: c.graph, p: q.P.Term}
	if p.p == rdfType && !q.O.IsVar() {
		p.class = q.O.Term
	}
	return p
}

// spread notes the kinds of what a clause writes, as they are known so far.
func (d *Deriver) spread(c *clause) (changed bool) {
	for i, q := range c.template {
		e := d.narrowBy(c.slices[i], c.minted)
		if e.dead() {
			continue
		}
		p := placeOf(c, q)
		old := d.places[p]
		next := ends{old.s.or(c.kind(e, q.S)), old.o.or(c.kind(e, q.O))}
		if !next.s.equal(old.s) || !next.o.equal(old.o) {
			d.places[p], changed = next, true
		}
	}
	return changed
}

// kind is that of a node of the template.
func (c *clause) kind(e env, n algebra.Node) kinds {
	if !n.IsVar() {
		return anything
	}
	if from, ok := c.same[n.Var]; ok {
		return e.of(algebra.Node{Var: from})
	}
	return e.of(n)
}

// minted finds the variables that BIND(IRI(CONCAT(STR(<beginning>), …))) gives a
// value, with the beginning as their kind, and those that are others renamed.
func minted(op algebra.Op) (env, map[string]string) {
	e, same := env{}, map[string]string{}
	algebra.Walk(op, func(op algebra.Op) bool {
		x, ok := op.(*algebra.Extend)
		if !ok {
			return true
		}
		if v, ok := x.Expr.(*expr.Var); ok {
			same[x.Var] = v.Name
		}
		if start, ok := beginning(x.Expr); ok {
			if old, twice := e[x.Var]; twice {
				e[x.Var] = old.or(kindsOf(start))
			} else {
				e[x.Var] = kindsOf(start)
			}
		}
		return true
	})
	return e, same
}

// beginning is the constant at the front of a minted IRI.
func beginning(e expr.Expr) (string, bool) {
	for {
		switch x := e.(type) {
		case *expr.Const:
			return x.Term.Value(), x.Term.IsIRI()
		case *expr.Call:
			switch x.Name {
			case "IRI", "URI", "CONCAT", "STR":
				if len(x.Args) > 0 {
					e = x.Args[0]
					continue
				}
			}
		}
		return "", false
	}
}
