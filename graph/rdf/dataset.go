package rdf

// Dataset is a set of quads that remembers the order in which they came. The
// zero value is an empty set. It is not safe for concurrent use.
type Dataset struct {
	quads []Quad
	index map[Quad]struct{}
}

// NewDataset returns the set of the given quads.
func NewDataset(quads ...Quad) *Dataset {
	d := &Dataset{index: make(map[Quad]struct{}, len(quads))}
	for _, q := range quads {
		d.Add(q)
	}
	return d
}

// Add adds q and tells whether it was not there before.
func (d *Dataset) Add(q Quad) bool {
	if d.Has(q) {
		return false
	}
	if d.index == nil {
		d.index = map[Quad]struct{}{}
	}
	d.index[q] = struct{}{}
	d.quads = append(d.quads, q)
	return true
}

// Has tells whether q is in the set. Blank nodes are compared by label.
func (d *Dataset) Has(q Quad) bool {
	_, ok := d.index[q]
	return ok
}

// Len returns the number of quads.
func (d *Dataset) Len() int { return len(d.quads) }

// Quads returns the quads in the order in which they were added. The slice
// belongs to the set: do not change it.
func (d *Dataset) Quads() []Quad { return d.quads }
