package snmp

import (
	"fmt"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ontology/mib"
)

// Mapper turns varbinds into facts. It is immutable and safe for concurrent
// use.
type Mapper struct {
	tables    *mib.Tables
	selecting map[*mib.Object]bool // objects that say how others are read
}

// NewMapper returns a mapper over tables.
func NewMapper(tables *mib.Tables) *Mapper {
	m := &Mapper{tables: tables, selecting: map[*mib.Object]bool{}}
	for _, o := range tables.Objects() {
		if o.Selector != nil {
			m.selecting[o.Selector] = true
		}
	}
	return m
}

// Mapping is the result of Map.
type Mapping struct {
	Facts []ingest.Fact
	// Unmapped counts the values for which no table of facts has an entry.
	Unmapped int
	// Warnings name values that do not fit their object; they were kept in
	// the form of their own type. At most maxWarnings, then their number.
	Warnings []string
}

// maxWarnings bounds what one broken agent can say.
const maxWarnings = 50

// instance is one varbind that a table of facts knows.
type instance struct {
	object *mib.Object
	index  []uint32
	thing  string
	value  mib.Value
}

type cell struct {
	thing  string
	object *mib.Object
}

// mapRun is one call of Map.
type mapRun struct {
	*Mapper
	out       Mapping
	selectors map[cell]mib.Value
	seen      map[string]*row
	dropped   int
}

// row is what the index of a thing says; nil for a group.
type row struct{ index []mib.IndexValue }

// Map writes the facts of varbinds in their order. A thing's type and the
// objects of its index come before its first value: they are state even if
// all its values are counters.
func (m *Mapper) Map(varbinds []Varbind) Mapping {
	run := mapRun{Mapper: m, selectors: map[cell]mib.Value{}, seen: map[string]*row{}}
	instances := make([]instance, 0, len(varbinds))
	for _, v := range varbinds {
		if v.Exceptional() {
			continue
		}
		o, index, ok := m.tables.Lookup(v.Name)
		if !ok {
			run.out.Unmapped++
			continue
		}
		in := instance{o, index, o.Thing(index), v.Meaning()}
		if m.selecting[o] {
			run.selectors[cell{in.thing, o}] = in.value
		}
		instances = append(instances, in)
	}
	for _, in := range instances {
		run.instance(in)
	}
	if run.dropped > 0 {
		run.out.Warnings = append(run.out.Warnings, fmt.Sprintf("and %d warnings more", run.dropped))
	}
	return run.out
}

func (r *mapRun) warn(text string) {
	if len(r.out.Warnings) >= maxWarnings {
		r.dropped++
		return
	}
	r.out.Warnings = append(r.out.Warnings, text)
}

func (r *mapRun) instance(in instance) {
	if in.value.Kind == mib.Null {
		r.warn(fmt.Sprintf("%s.%s: the agent sent no value", in.object.Name, mib.Dotted(in.index)))
		return
	}
	head := r.seen[in.thing]
	if head == nil {
		head = r.open(in)
	}
	for _, part := range head.index {
		if part.Object == in.object {
			return // the index said it already
		}
	}
	r.emit(in, head, in.object.Measure)
}

// open states what is known of a thing before its values.
func (r *mapRun) open(in instance) *row {
	head := &row{}
	r.seen[in.thing] = head
	r.out.Facts = append(r.out.Facts, ingest.Fact{Thing: in.thing, P: rdf.IRI(rdf.RDFType), O: in.object.Class()})
	if in.object.Kind == mib.Scalar {
		return head
	}
	index, err := r.tables.DecodeIndex(in.object.Parent.Entry, in.index)
	if err != nil {
		// Components of an index that is too short would be taken for others.
		r.warn(err.Error())
		return head
	}
	head.index = index
	for _, part := range head.index {
		r.emit(instance{part.Object, in.index, in.thing, part.Value}, head, false)
	}
	return head
}

func (r *mapRun) emit(in instance, head *row, measure bool) {
	rendered := r.tables.Render(in.object, in.value, r.selector(in, head))
	if rendered.Note != "" {
		r.warn(fmt.Sprintf("%s: %s", in.thing, rendered.Note))
	}
	f := ingest.Fact{Thing: in.thing, P: in.object.Term, Counter: measure}
	if rendered.Ref != "" {
		f.Ref = rendered.Ref
		r.out.Facts = append(r.out.Facts, f)
	}
	for _, t := range rendered.Terms {
		f.O = t
		r.out.Facts = append(r.out.Facts, f)
	}
	if !rendered.Octets.IsZero() {
		f.P, f.O = rdf.IRI(in.object.Term.Value()+"#octets"), rendered.Octets
		r.out.Facts = append(r.out.Facts, f)
	}
}

// selector finds the value of the selecting object: in the row's index, else
// among its columns, else none.
func (r *mapRun) selector(in instance, head *row) mib.Value {
	s := in.object.Selector
	if s == nil {
		return mib.Value{}
	}
	for _, part := range head.index {
		if part.Object == s {
			return part.Value
		}
	}
	return r.selectors[cell{in.thing, s}]
}
