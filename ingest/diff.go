package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// tripleIDs is a stored statement of the source graph.
type tripleIDs [3]graph.TermID

// diff is what turns a source graph's content into a sample's.
type diff struct {
	state, counters change
	things          map[string]*thing // by path: those whose state changes
	counterProps    []rdf.Term        // properties newly known to be counters
	meta            []rdf.Quad        // stored statements about the graph itself
	warnings        []string
}

// change is quads of one commit.
type change struct{ deletes, adds []rdf.Quad }

func (c change) empty() bool { return len(c.deletes)+len(c.adds) == 0 }

// thing is a thing whose state changes.
type thing struct {
	path     string
	appeared bool         // the graph said nothing of it before
	vanished bool         // it will say nothing of it
	state    []rdf.Triple // its state afterwards, without counters
}

// differ compares in ids, so that an unchanged sample costs one look-up a
// term and one scan, and no translation back.
type differ struct {
	src    graph.Source
	graph  rdf.Term
	sample *Sample

	terms    []rdf.Term // of the facts: subject, predicate, object each
	ids      []graph.TermID
	left     map[tripleIDs]bool       // stored, not yet met in the sample
	stored   map[graph.TermID]bool    // subjects of the graph
	said     map[[2]graph.TermID]bool // subject and predicate pairs of the sample
	alive    map[graph.TermID]bool    // subjects of the sample
	counter  map[graph.TermID]bool    // predicates known to be counters
	isFact   []bool                   // by fact: it is well formed and not repeated
	retained map[string][]rdf.Triple  // stored state that the sample does not repeat and does not delete
	touched  map[string]*thing        // by path
	out      *diff
}

// compare computes the diff of a sample against one version.
func compare(ctx context.Context, src graph.Source, g rdf.Term, s *Sample) (*diff, error) {
	d := &differ{src: src, graph: g, sample: s,
		left: make(map[tripleIDs]bool, len(s.Facts)), stored: map[graph.TermID]bool{}, said: map[[2]graph.TermID]bool{},
		alive: map[graph.TermID]bool{}, counter: map[graph.TermID]bool{}, isFact: make([]bool, len(s.Facts)),
		retained: map[string][]rdf.Triple{}, touched: map[string]*thing{}, out: &diff{}}
	if err := d.load(ctx); err != nil {
		return nil, err
	}
	if err := d.translate(); err != nil {
		return nil, err
	}
	if err := d.counterProps(); err != nil {
		return nil, err
	}
	d.adds()
	if err := d.leftovers(); err != nil {
		return nil, err
	}
	d.states()
	d.out.things = d.touched
	return d.out, nil
}

// load reads the graph's content.
func (d *differ) load(ctx context.Context) error {
	var id [1]graph.TermID
	if err := d.src.IDs([]rdf.Term{d.graph}, id[:]); err != nil {
		return err
	}
	if id[0] == graph.None {
		return nil
	}
	pattern := graph.Pattern{}
	pattern[graph.G] = id[0]
	cursor, err := d.src.Scan(pattern, graph.GPSO)
	if err != nil {
		return err
	}
	defer cursor.Close()
	for {
		chunk, err := cursor.Next(ctx)
		if err != nil {
			return err
		}
		if chunk == nil {
			return d.takeMeta(id[0])
		}
		for i := range chunk.Len() {
			q := chunk.Quad(i)
			d.left[tripleIDs{q[graph.S], q[graph.P], q[graph.O]}] = true
			d.stored[q[graph.S]] = true
		}
	}
}

// takeMeta moves the statements about the graph itself out of the comparison.
func (d *differ) takeMeta(g graph.TermID) error {
	var meta []tripleIDs
	for t := range d.left {
		if t[0] == g {
			meta = append(meta, t)
			delete(d.left, t)
		}
	}
	delete(d.stored, g)
	quads, err := d.quads(meta)
	d.out.meta = quads
	return err
}

// quads sorts stored statements and translates them.
func (d *differ) quads(triples []tripleIDs) ([]rdf.Quad, error) {
	slices.SortFunc(triples, func(a, b tripleIDs) int { return slices.Compare(a[:], b[:]) })
	ids := make([]graph.TermID, 0, 3*len(triples))
	for _, t := range triples {
		ids = append(ids, t[:]...)
	}
	terms := make([]rdf.Term, len(ids))
	if err := d.src.Terms(ids, terms); err != nil {
		return nil, err
	}
	quads := make([]rdf.Quad, len(triples))
	for i := range quads {
		quads[i] = rdf.Quad{S: terms[3*i], P: terms[3*i+1], O: terms[3*i+2], G: d.graph}
	}
	return quads, nil
}

// translate looks up the terms of the facts.
func (d *differ) translate() error {
	subjects := map[string]rdf.Term{}
	subject := func(path string) rdf.Term {
		t, ok := subjects[path]
		if !ok {
			t = naming.SourceThing(d.graph, path)
			subjects[path] = t
		}
		return t
	}
	d.terms = make([]rdf.Term, 0, 3*len(d.sample.Facts))
	for _, f := range d.sample.Facts {
		o := f.O
		if f.Ref != "" {
			o = subject(f.Ref)
		}
		d.terms = append(d.terms, subject(f.Thing), f.P, o)
	}
	d.ids = make([]graph.TermID, len(d.terms))
	return d.src.IDs(d.terms, d.ids)
}

func (d *differ) fact(i int) (rdf.Triple, tripleIDs) {
	return rdf.Triple{S: d.terms[3*i], P: d.terms[3*i+1], O: d.terms[3*i+2]},
		tripleIDs{d.ids[3*i], d.ids[3*i+1], d.ids[3*i+2]}
}

// counterProps learns from the stored statements and the sample which
// properties are counters: a stored value does not tell by itself.
func (d *differ) counterProps() error {
	var known []rdf.Term
	for _, q := range d.out.meta {
		if q.P == propCounterProperty {
			known = append(known, q.O)
		}
	}
	ids := make([]graph.TermID, len(known))
	if err := d.src.IDs(known, ids); err != nil {
		return err
	}
	for _, id := range ids {
		d.counter[id] = true
	}
	seen := map[rdf.Term]bool{}
	for i, f := range d.sample.Facts {
		if !f.Counter || seen[f.P] {
			continue
		}
		seen[f.P] = true
		if !slices.Contains(known, f.P) {
			d.out.counterProps = append(d.out.counterProps, f.P)
		}
		if id := d.ids[3*i+1]; id != graph.None {
			d.counter[id] = true
		}
	}
	return nil
}

// adds finds the facts that the graph does not hold.
func (d *differ) adds() {
	fresh := map[rdf.Triple]bool{}
	known := tripleIDs{} // of the last fact that was noted
	var checked rdf.Term // the last subject that was
	for i, f := range d.sample.Facts {
		t, ids := d.fact(i)
		left, stored := d.left[ids]
		if left {
			d.left[ids] = false
			d.isFact[i] = true
			d.note(ids, known)
			known = ids
		}
		if stored || fresh[t] {
			continue
		}
		if err := checkTriple(t, ids, t.S == checked); err != nil {
			d.out.warnings = append(d.out.warnings, fmt.Sprintf("%s: %v: left out", f.Thing, err))
			continue
		}
		checked = t.S
		fresh[t] = true
		d.isFact[i] = true
		d.note(ids, known)
		known = ids
		d.add(f, t, ids[0])
	}
}

// note remembers who says something of what; last is what it was called with
// before, since facts of one thing stand together. What the store does not know
// it holds nothing of that could be replaced.
func (d *differ) note(ids, last tripleIDs) {
	if ids[0] == graph.None {
		return
	}
	if ids[0] != last[0] {
		d.alive[ids[0]] = true
	}
	if ids[1] != graph.None && (ids[0] != last[0] || ids[1] != last[1]) {
		d.said[[2]graph.TermID{ids[0], ids[1]}] = true
	}
}

func (d *differ) add(f Fact, t rdf.Triple, subject graph.TermID) {
	q := t.In(d.graph)
	if f.Counter {
		d.out.counters.adds = append(d.out.counters.adds, q)
		return
	}
	d.out.state.adds = append(d.out.state.adds, q)
	d.touch(f.Thing).appeared = subject == graph.None || !d.stored[subject]
}

func (d *differ) touch(path string) *thing {
	th := d.touched[path]
	if th == nil {
		th = &thing{path: path}
		d.touched[path] = th
	}
	return th
}

// checkTriple says why a store could not hold a statement. A term that has an
// id, or a subject that was seen before, needs no look at its text.
func checkTriple(t rdf.Triple, ids tripleIDs, seen bool) error {
	for i, term := range [...]rdf.Term{t.S, t.P, t.O} {
		switch term.Kind() {
		case rdf.KindIRI:
			if ids[i] != graph.None || i == 0 && seen {
				continue
			}
			if err := rdf.CheckIRI(term.Value()); err != nil {
				return err
			}
		case rdf.KindLiteral:
			if !utf8.ValidString(term.Value()) {
				return fmt.Errorf("value %q is not UTF-8", term.Value())
			}
		default:
			return fmt.Errorf("a statement without %s", [...]string{"a term", "", "blank nodes"}[min(int(term.Kind()), 2)])
		}
	}
	if !t.S.IsIRI() || !t.P.IsIRI() {
		return fmt.Errorf("%s %s: expected IRIs", t.S, t.P)
	}
	return nil
}

// leftovers decides about what the graph holds and the sample does not.
func (d *differ) leftovers() error {
	var ids []tripleIDs
	for t, left := range d.left {
		if left {
			ids = append(ids, t)
		}
	}
	quads, err := d.quads(ids)
	for i, q := range quads {
		d.leftover(ids[i], q)
	}
	return err
}

// leftover deletes a stored statement where the sample may: below a prefix
// that was read to its end, of a property that is gone, or where a value that
// was read takes its place.
// References and types are many for one property, so that under an incomplete
// prefix a new one replaces none.
func (d *differ) leftover(ids tripleIDs, q rdf.Quad) {
	path := strings.TrimPrefix(q.S.Value(), d.graph.Value()+"/")
	complete := d.sample.Withdrawn || below(path, d.sample.Complete) ||
		slices.ContainsFunc(d.sample.Gone, func(g Gone) bool { return g.covers(path, q) })
	replaced := q.O.IsLiteral() && d.said[[2]graph.TermID{ids[0], ids[1]}]
	isCounter := d.counter[ids[1]]
	if !complete && !replaced {
		if !isCounter {
			d.retained[path] = append(d.retained[path], q.Triple())
		}
		return
	}
	if isCounter && d.alive[ids[0]] {
		d.out.counters.deletes = append(d.out.counters.deletes, q)
		return
	}
	d.out.state.deletes = append(d.out.state.deletes, q)
	d.touch(path)
}

// below tells whether a thing's path is one of the prefixes or under one: a
// part of it ("/") or an entry of it ("=", as in module:list=key).
func below(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(path, p); ok && (rest == "" || rest[0] == '/' || rest[0] == '=') {
			return true
		}
	}
	return false
}

// states collects the state of the touched things afterwards.
func (d *differ) states() {
	if len(d.touched) == 0 {
		return
	}
	for i, f := range d.sample.Facts {
		if th := d.touched[f.Thing]; th != nil && !f.Counter && d.isFact[i] {
			t, _ := d.fact(i)
			th.state = append(th.state, t)
		}
	}
	for path, th := range d.touched {
		th.state = append(th.state, d.retained[path]...)
		th.vanished = len(th.state) == 0
	}
}
