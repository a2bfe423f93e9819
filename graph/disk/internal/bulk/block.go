package bulk

import (
	"fmt"
	"unsafe"

	"nettwin/graph"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/rdf"
)

// row is a quad as codes, by position.
type row [4]uint32

// Block is quads whose distinct terms stand in a table.
type Block struct {
	rows  []row
	terms []term
}

// Len returns the number of quads.
func (b *Block) Len() int { return len(b.rows) }

// term is an id, or an entry that the dictionary is to be asked for.
type term struct {
	id    graph.TermID
	entry dict.Raw
	hash  uint32
}

// Builder makes blocks. It belongs to one goroutine.
type Builder struct {
	namer *dict.Namer
	block Block
	slots []uint32 // of terms, plus 1
	last  [4]graph.Term
	at    [4]uint32 // of last
	seen  [seenSlots]seenIRI
}

// seenIRI is an IRI by where its text lies: parsers give the same memory for
// those that come often, and it stays as long as the block's quads do.
type seenIRI struct {
	text   *byte
	length int
	code   uint32
}

const seenSlots = 512

// NewBuilder returns a builder whose terms a Loading will number.
func NewBuilder(l *dict.Loading) *Builder {
	return &Builder{namer: l.Namer(), slots: make([]uint32, 1<<12)}
}

// Reset begins a new block. Texts of terms that were added are let go.
func (b *Builder) Reset() {
	clear(b.slots)
	clear(b.block.terms)
	b.block.terms, b.block.rows = b.block.terms[:0], b.block.rows[:0]
	b.last = [4]graph.Term{}
	b.block.terms = append(b.block.terms, term{id: graph.DefaultGraph})
	b.at = [4]uint32{}
	clear(b.seen[:])
}

// Block returns the quads since Reset.
func (b *Builder) Block() *Block { return &b.block }

// Add adds a quad. Its texts must live until the block was taken by a Sorter.
func (b *Builder) Add(q *rdf.Quad) error {
	switch {
	case q.S.IsLiteral() || q.S.IsZero():
		return fmt.Errorf("subject %q is neither IRI nor blank node: %w", q.S.Value(), graph.ErrBadQuad)
	case !q.P.IsIRI():
		return fmt.Errorf("predicate %q is no IRI: %w", q.P.Value(), graph.ErrBadQuad)
	case q.O.IsZero():
		return fmt.Errorf("object is missing: %w", graph.ErrBadQuad)
	case q.G.IsLiteral():
		return fmt.Errorf("graph name %q is a literal: %w", q.G.Value(), graph.ErrBadQuad)
	}
	for pos, t := range [4]*graph.Term{&q.S, &q.P, &q.O, &q.G} {
		if b.last[pos] == *t {
			continue
		}
		code, err := b.code(t)
		if err != nil {
			return err
		}
		b.last[pos], b.at[pos] = *t, code
	}
	b.block.rows = append(b.block.rows, b.at)
	return nil
}

func (b *Builder) code(t *graph.Term) (uint32, error) {
	if t.IsZero() {
		return 0, nil
	}
	if t.IsLiteral() {
		if id, ok := graph.Inline(*t); ok {
			return b.inlined(id), nil
		}
	}
	if !t.IsIRI() || len(t.Value()) == 0 {
		return b.entry(t)
	}
	text, length := unsafe.StringData(t.Value()), len(t.Value())
	at := uintptr(unsafe.Pointer(text))
	seen := &b.seen[(at>>3^at>>12)%seenSlots]
	if seen.text == text && seen.length == length {
		return seen.code, nil
	}
	code, err := b.entry(t)
	*seen = seenIRI{text, length, code}
	return code, err
}

// entry returns the code of a term that the dictionary is asked for.
func (b *Builder) entry(t *graph.Term) (uint32, error) {
	e, hash, err := b.namer.Entry(t)
	if err != nil {
		return 0, err
	}
	mask := uint32(len(b.slots) - 1)
	i := hash & mask
	for ; b.slots[i] != 0; i = (i + 1) & mask {
		if o := &b.block.terms[b.slots[i]-1]; o.hash == hash && o.entry == e && o.id == graph.None {
			return b.slots[i] - 1, nil
		}
	}
	return b.add(i, term{entry: e, hash: hash}), nil
}

func hashID(id graph.TermID) uint32 { return uint32(uint64(id) * 0x9E3779B97F4A7C15 >> 32) }

func (b *Builder) inlined(id graph.TermID) uint32 {
	hash := hashID(id)
	mask := uint32(len(b.slots) - 1)
	i := hash & mask
	for ; b.slots[i] != 0; i = (i + 1) & mask {
		if b.block.terms[b.slots[i]-1].id == id {
			return b.slots[i] - 1
		}
	}
	return b.add(i, term{id: id, hash: hash})
}

// add puts a term into a free slot.
func (b *Builder) add(slot uint32, t term) uint32 {
	b.block.terms = append(b.block.terms, t)
	n := uint32(len(b.block.terms))
	b.slots[slot] = n
	if 2*int(n) > len(b.slots) {
		b.slots = make([]uint32, 2*len(b.slots))
		mask := uint32(len(b.slots) - 1)
		for k := range b.block.terms[1:] {
			i := b.block.terms[k+1].hash & mask
			for b.slots[i] != 0 {
				i = (i + 1) & mask
			}
			b.slots[i] = uint32(k + 2)
		}
	}
	return n - 1
}

// number returns the ids of the block's terms.
func (b *Block) number(out []graph.TermID, l *dict.Loading) ([]graph.TermID, error) {
	for i := range b.terms {
		t := &b.terms[i]
		id := t.id
		if id == graph.None {
			var err error
			if id, err = l.ID(&t.entry, t.hash); err != nil {
				return out, err
			}
		}
		out = append(out, id)
	}
	return out, nil
}
