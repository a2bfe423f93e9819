package demand

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/ontology/mib"
	"nettwin/ontology/yang"
	"nettwin/reasoning/rules"
	"nettwin/sparql"
	"nettwin/sparql/algebra"
)

var rdfType = rdf.IRI(rdf.RDFType)

// Options of a Deriver. Knowledge and Base are required.
type Options struct {
	// Knowledge is the folder with the rules, the saved queries and the tables of
	// MIB objects.
	Knowledge fs.FS
	Base      string   // of the store
	Derived   rdf.Term // the graph of what rules infer
	// Says tells whether a graph (the zero Term: the default graph) holds a
	// statement with a predicate and, where it is not the zero Term, an object,
	// that is not of a rule's making. nil: never. A rule about what is not there
	// asks for nothing.
	Says func(graph, predicate, object rdf.Term) bool
	// Look lists the named graphs that Says is asked of; in others everything
	// may be.
	Look []rdf.Term
}

// Deriver finds what rules and queries rest on. It is for one goroutine.
type Deriver struct {
	opt     Options
	tables  *mib.Tables
	terms   map[rdf.Term][]*mib.Object // columns and scalars by property
	indexed map[rdf.Term][]rdf.Term    // classes of rows in whose index an object stands
	classes map[rdf.Term]bool          // of things of MIBs
	clauses []*clause
	broken  map[string]error
	places  map[place]ends
	settled bool
	given   map[rdf.Term]bool // classes that rules give to things that they did not make
	memo    map[string]*answer
	round   int
	changed bool
}

// clause is a rule.
type clause struct {
	name, file string
	graph      rdf.Term
	template   []algebra.QuadPattern
	slices     []shape // of each template triple
	whole      shape
	minted     env
	same       map[string]string
}

// answer is what a demand has come to so far.
type answer struct {
	possible bool
	terms    map[string]bool
	round    int
	busy     bool
	final    bool
}

// New reads the knowledge folder. Errors: those of the tables and of the folder
// of rules; a rule that cannot be used is left out.
func New(opt Options) (*Deriver, error) {
	set, err := rules.LoadSet(opt.Knowledge, opt.Base)
	if err != nil {
		return nil, err
	}
	d := &Deriver{opt: opt, broken: set.Broken, memo: map[string]*answer{}}
	if d.tables, err = mib.Load(opt.Knowledge, "map"); err != nil {
		return nil, err
	}
	d.index()
	for _, stratum := range set.Strata {
		for _, r := range stratum {
			d.clauses = append(d.clauses, d.clause(r))
		}
	}
	d.settle()
	d.findGiven()
	return d, nil
}

// Forget has what was found looked for anew, because what Says tells changed.
func (d *Deriver) Forget() { d.memo = map[string]*answer{} }

// findGiven finds the classes of which a thing's other properties may come
// from a rule that gives it another class.
func (d *Deriver) findGiven() {
	d.given = map[rdf.Term]bool{}
	for _, c := range d.clauses {
		for _, q := range c.template {
			if _, made := c.minted[q.S.Var]; q.P.Term == rdfType && !(q.S.IsVar() && made) {
				d.given[q.O.Term] = true
			}
		}
	}
}

// gives tells whether a template triple may be about a thing of a class: the
// template says so, says no class, or others say what it is.
func (d *Deriver) gives(c *clause, q algebra.QuadPattern, class rdf.Term) bool {
	if class.IsZero() || d.given[class] || q.P.Term == rdfType {
		return true
	}
	other := false
	for _, t := range c.template {
		if t.S == q.S && t.P.Term == rdfType {
			if t.O.IsVar() || t.O.Term == class {
				return true
			}
			other = true
		}
	}
	return !other
}

// index finds which rows have which objects.
func (d *Deriver) index() {
	d.terms, d.indexed, d.classes = map[rdf.Term][]*mib.Object{}, map[rdf.Term][]rdf.Term{}, map[rdf.Term]bool{}
	for _, o := range d.tables.Objects() {
		switch o.Kind {
		case mib.Scalar, mib.Column:
			d.terms[o.Term] = append(d.terms[o.Term], o)
			d.classes[o.Class()] = true
		case mib.Entry:
			for _, part := range o.Index {
				d.indexed[part.Object.Term] = append(d.indexed[part.Object.Term], o.Term)
			}
		}
	}
}

func (d *Deriver) clause(r *rules.Rule) *clause {
	c := &clause{name: r.Name, file: r.File, template: r.Query.Template}
	switch r.Target {
	case rules.TargetDerived:
		c.graph = d.opt.Derived
	case rules.TargetIntended:
		c.graph = rdf.IRI("urn:intended") // nothing that is demanded is there
	}
	c.minted, c.same = minted(r.Query.Op)
	for _, q := range c.template {
		vars := []string{}
		for _, n := range []algebra.Node{q.S, q.O} {
			if n.IsVar() {
				vars = append(vars, n.Var)
			}
		}
		if r.Model != "" { // the template's variables are the model's
			c.slices = append(c.slices, slice(r.Query.Op, nil))
			continue
		}
		c.slices = append(c.slices, slice(r.Query.Op, vars))
	}
	c.whole = slice(r.Query.Op, nil)
	return c
}

// Rules lists the files of the rules, such as rules/link-down.rule.
func (d *Deriver) Rules() []string {
	var list []string
	for _, c := range d.clauses {
		list = append(list, c.file)
	}
	slices.Sort(list)
	return list
}

// Rule returns the terms of sources that a rule of this file rests on, in order.
// alive is false if it can give nothing, whatever devices say. Classes ask for
// all of their things.
func (d *Deriver) Rule(file string) (terms []string, alive bool) {
	for _, c := range d.clauses {
		if c.file == file {
			return d.shape(c.whole, c.minted)
		}
	}
	return nil, false
}

// Query is Rule for the text of a query. Errors: *syntax.SyntaxError.
func (d *Deriver) Query(text string) (terms []string, alive bool, err error) {
	q, err := sparql.Parse(text, d.opt.Base)
	if err != nil {
		return nil, false, err
	}
	e, _ := minted(q.Algebra().Op)
	terms, alive = d.shape(slice(q.Algebra().Op, nil), e)
	return terms, alive, nil
}

// shape finds what a shape rests on, to a fixed point.
func (d *Deriver) shape(sh shape, e env) ([]string, bool) {
	for range maxRounds {
		d.round++
		d.changed = false
		possible, terms := d.collect(sh, e)
		if !d.changed {
			for _, a := range d.memo {
				a.final = a.final || a.round == d.round
			}
			return slices.Sorted(maps.Keys(terms)), possible
		}
	}
	return nil, false
}

// Objects returns the terms of what a person names: an IRI of a vocabulary of
// sources, a MIB object (ifTable, IF-MIB/ifName), or a path of YANG nodes
// (/ietf-interfaces:interfaces/interface), with all below it.
func (d *Deriver) Objects(name string) ([]string, error) {
	if strings.HasPrefix(name, mib.NS) || strings.HasPrefix(name, yang.Namespace) {
		return []string{name}, nil
	}
	if o := d.tables.Object(name); o != nil {
		return objectTerms(d.tables, o), nil
	}
	if rest, ok := strings.CutPrefix(name, "/"); ok || strings.Contains(name, ":") {
		module, node, found := strings.Cut(map[bool]string{true: rest, false: name}[ok], ":")
		if found && module != "" && node != "" && !strings.ContainsAny(name, " []") {
			return []string{yang.Namespace + module + "/" + strings.TrimSuffix(node, "/") + "/"}, nil
		}
	}
	return nil, fmt.Errorf("%q is neither an object of the MIB tables, such as ifTable, nor a path of YANG nodes, such as /MODULE:NODE/NODE, nor an IRI of these", name)
}

func objectTerms(tables *mib.Tables, o *mib.Object) []string {
	switch o.Kind {
	case mib.Scalar, mib.Column:
		return []string{o.Term.Value()}
	}
	seen := map[string]bool{}
	for _, below := range tables.Objects() {
		if (below.Kind == mib.Scalar || below.Kind == mib.Column) && len(below.OID) >= len(o.OID) && slices.Equal(below.OID[:len(o.OID)], o.OID) {
			seen[below.Class().Value()] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// NameOf is a file's name without folder and ending.
func NameOf(file string) string { return strings.TrimSuffix(path.Base(file), path.Ext(file)) }

// Matches tells whether one of the patterns, of names as path.Match has them,
// fits a file's name without its ending.
func Matches(patterns []string, file string) bool {
	name := NameOf(file)
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}
