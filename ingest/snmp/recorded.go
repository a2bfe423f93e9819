package snmp

import (
	"fmt"
	"slices"
	"time"

	"nettwin/ingest"
)

// Recording is what an agent said at another time: the values of a walk.
type Recording struct {
	Device   string
	At       time.Time
	Varbinds []Varbind
	// Raw is the recording as it is kept, and Origin where it was read.
	Raw    []byte
	Origin string
}

// Recorded makes the sample that a collection from an agent with these values
// would have given: of the subtrees that are read, in ascending order. Errors:
// ingest.ErrAuth if there are none.
func (c *Collector) Recorded(r Recording) (*ingest.Sample, error) {
	all := slices.Clone(r.Varbinds)
	slices.Reverse(all) // of several values of one name the last holds
	slices.SortStableFunc(all, func(a, b Varbind) int { return slices.Compare(a.Name, b.Name) })
	all = slices.CompactFunc(all, func(a, b Varbind) bool { return slices.Equal(a.Name, b.Name) })
	sample := &ingest.Sample{Collector: c.Name(), Device: r.Device, Started: r.At, Ended: r.At,
		Raw: []ingest.RawItem{{Label: r.Origin, Bytes: r.Raw}}, Transport: "recording " + r.Origin, Instruction: (&reading{choice: choose(c.opts.Tables, nil)}).instruction()}
	read := &reading{unfinished: map[string]bool{}}
	for _, root := range c.opts.Tables.Walk() {
		if !read.concerns(root) {
			continue
		}
		for _, v := range under(all, root.Object.OID) {
			if len(read.varbinds) >= c.opts.MaxVarbinds {
				return nil, fmt.Errorf("snmp: %s: %w: %d", r.Device, errVarbinds, c.opts.MaxVarbinds)
			}
			if !v.Exceptional() {
				read.varbinds = append(read.varbinds, v)
			}
		}
	}
	return c.finish(sample, read, r.Device)
}

// under returns the values below an object, of sorted ones.
func under(all []Varbind, root []uint32) []Varbind {
	behind := func(v Varbind, oid []uint32) int { return slices.Compare(v.Name, oid) }
	from, _ := slices.BinarySearchFunc(all, root, behind)
	to := from
	for to < len(all) && (below(root, all[to].Name) || slices.Equal(root, all[to].Name)) {
		to++
	}
	return all[from:to]
}
