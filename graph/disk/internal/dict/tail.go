package dict

import "unsafe"

// slabBytes is the size of the pieces of memory that texts are copied to.
const slabBytes = 256 << 10

// tail is the young entries in memory: their texts in slabs and a hash table
// of places, without a pointer per term. Dict.mu guards it; what the slices
// hold once never changes, so they may be read without it.
type tail struct {
	first   uint64 // number of the first entry
	entries []tailEntry
	slabs   [][]byte
	used    int      // of the last slab
	table   []uint32 // place plus 1
}

type tailEntry struct {
	slab, off, len uint32
	extra, hash    uint32
	kind           uint8
	lang           bool
}

func newTail(first uint64) *tail { return &tail{first: first, table: make([]uint32, 1<<10)} }

func (t *tail) raw(place int) Raw { return t.entries[place].raw(t.slabs) }

func (e *tailEntry) raw(slabs [][]byte) Raw {
	r := Raw{Kind: e.kind, Lang: e.lang, Extra: e.extra}
	if e.len > 0 {
		r.Text = unsafe.String(&slabs[e.slab][e.off], int(e.len))
	}
	return r
}

func (t *tail) find(hash uint32, r *Raw) (place int, ok bool) {
	mask := uint32(len(t.table) - 1)
	for i := hash; ; i++ {
		n := t.table[i&mask]
		if n == 0 {
			return 0, false
		}
		if t.entries[n-1].hash == hash && t.raw(int(n-1)) == *r {
			return int(n - 1), true
		}
	}
}

// add appends an entry that is not there.
func (t *tail) add(hash uint32, r *Raw) {
	e := tailEntry{len: uint32(len(r.Text)), extra: r.Extra, hash: hash, kind: r.Kind, lang: r.Lang}
	e.slab, e.off = t.keep(r.Text)
	t.entries = append(t.entries, e)
	if 4*len(t.entries) > 3*len(t.table) {
		t.table = make([]uint32, 2*len(t.table))
		for i := range t.entries {
			t.index(i)
		}
		return
	}
	t.index(len(t.entries) - 1)
}

func (t *tail) index(place int) {
	mask := uint32(len(t.table) - 1)
	i := t.entries[place].hash
	for t.table[i&mask] != 0 {
		i++
	}
	t.table[i&mask] = uint32(place + 1)
}

// keep copies a text. Bytes that were handed out never move.
func (t *tail) keep(text string) (slab, off uint32) {
	last := len(t.slabs) - 1
	if last < 0 || t.used+len(text) > len(t.slabs[last]) {
		t.slabs = append(t.slabs, make([]byte, max(slabBytes, len(text))))
		t.used = 0
		last++
	}
	off = uint32(t.used)
	t.used += copy(t.slabs[last][t.used:], text)
	return uint32(last), off
}

// from returns the tail without its first n entries, with their numbers.
func (t *tail) from(n int) *tail {
	out := newTail(t.first + uint64(n))
	for i := n; i < len(t.entries); i++ {
		r := t.raw(i)
		out.add(t.entries[i].hash, &r)
	}
	return out
}
