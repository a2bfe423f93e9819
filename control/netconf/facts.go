package netconf

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"nettwin/control"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/ontology/yang"
)

// MaxFacts bounds the configuration of one device.
const MaxFacts = 2_000_000

var termType = rdf.IRI(rdf.RDFType)

// facts are a device's configuration as quads of its source graph, by their
// canonical form.
type facts map[string]configured

type configured struct {
	quad rdf.Quad
	fact yang.Fact
}

// read takes from a source graph what the schema calls configuration.
func read(ctx context.Context, schema *yang.Schema, g rdf.Term, src graph.Source) (facts, error) {
	id, err := graph.ID(src, g)
	if err != nil || id == graph.None {
		return facts{}, err
	}
	n := 0
	var failure error
	quads := func(yield func(rdf.Quad) bool) {
		for q, err := range graph.ExportQuads(ctx, src, graph.Pattern{graph.G: id}) {
			if n++; err == nil && n > MaxFacts {
				err = fmt.Errorf("control/netconf: more than %d facts in %s", MaxFacts, g.Value())
			}
			if failure = err; failure != nil || !yield(q) {
				return
			}
		}
	}
	out := configuration(schema, g, quads)
	return out, failure
}

// configuration keeps what the schema calls configuration. The links that
// leafrefs make follow from the leafs and are left out; an entry's own
// statements stay if the entry does.
func configuration(schema *yang.Schema, g rdf.Term, quads iter.Seq[rdf.Quad]) facts {
	out := facts{}
	entries := map[rdf.Term]bool{}
	var later []configured
	for q := range quads {
		f, ok := yang.FactOf(thingBase(g), q.Triple())
		if !ok {
			continue
		}
		one := configured{q, f}
		property := q.P
		switch q.P {
		case yang.Within, yang.EntryPosition:
			later = append(later, one)
			continue
		case termType:
			property = q.O
		}
		if n := schema.ByIRI(property.Value()); n != nil && n.Config {
			entries[q.S] = entries[q.S] || q.P == termType
			out[q.String()] = one
		}
	}
	for _, one := range later {
		if entries[one.quad.S] {
			out[one.quad.String()] = one
		}
	}
	return out
}

// tree builds the instance data.
func (f facts) tree(schema *yang.Schema) *yang.Tree {
	return schema.Build(func(yield func(yang.Fact) bool) {
		for _, key := range slices.Sorted(maps.Keys(f)) {
			if !yield(f[key].fact) {
				return
			}
		}
	})
}

// changes lists what turns f into to, deletes first.
func (f facts) changes(to facts) []control.Change {
	var list []control.Change
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if _, ok := to[key]; !ok {
			list = append(list, control.Change{Quad: key, Delete: true})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(to)) {
		if _, ok := f[key]; !ok {
			list = append(list, control.Change{Quad: key})
		}
	}
	return list
}

// holding tells how much of a payload the facts show. A leaf that is absent
// has its default (RFC 7950 §7.6.1): some servers do not report it.
func (f facts) holding(schema *yang.Schema, p *control.Payload) (control.Holding, error) {
	stated := map[[2]rdf.Term]bool{}
	things := map[rdf.Term]bool{}
	for _, one := range f {
		stated[[2]rdf.Term{one.quad.S, one.quad.P}] = true
		things[one.quad.S] = true
	}
	after := 0
	for _, ch := range p.Changes {
		_, present := f[ch.Quad]
		if !present && !ch.Delete {
			q, err := ch.Parse()
			if err != nil {
				return "", err
			}
			n := schema.ByIRI(q.P.Value())
			present = things[q.S] && !stated[[2]rdf.Term{q.S, q.P}] && n != nil && slices.Equal(n.Default, []string{q.O.Value()})
		}
		if present != ch.Delete {
			after++
		}
	}
	switch after {
	case len(p.Changes):
		return control.HoldsAfter, nil
	case 0:
		return control.HoldsBefore, nil
	}
	return control.HoldsMixed, nil
}
