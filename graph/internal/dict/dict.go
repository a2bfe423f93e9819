package dict

import (
	"fmt"
	"hash/maphash"
	"sync/atomic"
	"unsafe"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Limits of a dictionary.
const (
	// MaxTermBytes bounds a term's text: lexical form, datatype and tag each.
	MaxTermBytes = 64 << 20
	// MaxTerms bounds the numbers, so that an entry's extra word holds one.
	MaxTerms = 1<<32 - 2

	chunkEntries = 4096
	slabBytes    = 256 << 10
	firstTable   = 1 << 10
)

// kindLang marks the text of a language tag, with the base direction if there
// is one, which is no term by itself.
const kindLang = rdf.Kind(15)

// entry is a term: where its text lies, and for literals the number of its
// datatype's or language tag's own entry plus 1 (0: xsd:string).
type entry struct {
	slab, off, len uint32
	extra          uint32
	hash           uint32
	kind           rdf.Kind
	lang           bool
}

type entryChunk [chunkEntries]entry

// table is open addressing over words of 32 bits of hash above number + 1.
type table struct {
	words []atomic.Uint64
	shift uint
}

// Dict is a dictionary. The zero Dict is not usable: call New.
type Dict struct {
	seed   maphash.Seed
	count  atomic.Uint64
	chunks atomic.Pointer[[]*entryChunk]
	slabs  atomic.Pointer[[][]byte]
	table  atomic.Pointer[table]

	// The writer's own: the slab being filled, its place and how much is used.
	filling   []byte
	fillingAt uint32
	used      int
}

// New returns an empty dictionary.
func New() *Dict {
	d := &Dict{seed: maphash.MakeSeed()}
	d.chunks.Store(new([]*entryChunk))
	d.slabs.Store(new([][]byte))
	d.table.Store(newTable(firstTable))
	return d
}

func newTable(size int) *table {
	shift := uint(32)
	for n := size; n > 1; n >>= 1 {
		shift--
	}
	return &table{words: make([]atomic.Uint64, size), shift: shift}
}

// Len returns how many entries are numbered, language tags included.
func (d *Dict) Len() uint64 { return d.count.Load() }

// Find returns the id of a term that is in the dictionary, else None. The term
// must be one that is not inlined.
func (d *Dict) Find(t graph.Term) graph.TermID {
	extra, lang, ok := d.findExtra(t)
	if !ok {
		return graph.None
	}
	n, ok := d.find(d.hash(t.Kind(), t.Value(), extra), t.Kind(), t.Value(), extra, lang)
	if !ok {
		return graph.None
	}
	return graph.MakeID(tagOf(t.Kind()), n)
}

func (d *Dict) findExtra(t graph.Term) (extra uint32, lang, ok bool) {
	kind, text := extraText(t)
	if kind == rdf.KindNone {
		return 0, false, true
	}
	n, ok := d.find(d.hash(kind, text, 0), kind, text, 0, false)
	return uint32(n + 1), kind == kindLang, ok
}

// extraText returns what a literal needs beside its lexical form.
func extraText(t graph.Term) (rdf.Kind, string) {
	switch {
	case t.Lang() != "":
		return kindLang, t.Tag()
	case !t.IsLiteral() || t.Datatype() == rdf.XSDString:
		return rdf.KindNone, ""
	}
	return rdf.KindIRI, t.Datatype()
}

func tagOf(k rdf.Kind) graph.Tag {
	switch k {
	case rdf.KindIRI:
		return graph.TagIRI
	case rdf.KindBNode:
		return graph.TagBNode
	case rdf.KindTriple:
		return graph.TagTriple
	}
	return graph.TagLiteral
}

// Add returns the id of t, numbering it if it is new. Only the writer calls it.
func (d *Dict) Add(t graph.Term) (graph.TermID, error) {
	if len(t.Value()) > MaxTermBytes || len(t.Datatype()) > MaxTermBytes || len(t.Lang()) > MaxTermBytes {
		return graph.None, fmt.Errorf("dictionary: term of %d bytes is beyond the limit of %d: %w",
			max(len(t.Value()), len(t.Datatype()), len(t.Lang())), MaxTermBytes, graph.ErrTooLarge)
	}
	var extra uint32
	kind, text := extraText(t)
	if kind != rdf.KindNone {
		n, err := d.add(kind, text, 0, false)
		if err != nil {
			return graph.None, err
		}
		extra = uint32(n + 1)
	}
	n, err := d.add(t.Kind(), t.Value(), extra, kind == kindLang)
	if err != nil {
		return graph.None, err
	}
	return graph.MakeID(tagOf(t.Kind()), n), nil
}

func (d *Dict) hash(kind rdf.Kind, text string, extra uint32) uint32 {
	h := maphash.String(d.seed, text) ^ (uint64(extra)<<8|uint64(kind))*0x9E3779B97F4A7C15
	return uint32(h>>32) ^ uint32(h)
}

func (d *Dict) find(hash uint32, kind rdf.Kind, text string, extra uint32, lang bool) (uint64, bool) {
	t := d.table.Load()
	mask := uint32(len(t.words) - 1)
	for i := hash >> t.shift; ; i++ {
		w := t.words[i&mask].Load()
		if w == 0 {
			return 0, false
		}
		if uint32(w>>32) != hash {
			continue
		}
		n := uint64(uint32(w)) - 1
		e := d.entry(n)
		if e.kind == kind && e.extra == extra && e.lang == lang && d.text(e) == text {
			return n, true
		}
	}
}

func (d *Dict) entry(n uint64) *entry {
	return &(*d.chunks.Load())[n/chunkEntries][n%chunkEntries]
}

func (d *Dict) text(e *entry) string {
	if e.len == 0 {
		return ""
	}
	slab := (*d.slabs.Load())[e.slab]
	return unsafe.String(&slab[e.off], int(e.len))
}

func (d *Dict) add(kind rdf.Kind, text string, extra uint32, lang bool) (uint64, error) {
	hash := d.hash(kind, text, extra)
	if n, ok := d.find(hash, kind, text, extra, lang); ok {
		return n, nil
	}
	n := d.count.Load()
	if n >= MaxTerms {
		return 0, fmt.Errorf("dictionary: %d terms: %w", n, graph.ErrTooLarge)
	}
	e := entry{len: uint32(len(text)), extra: extra, hash: hash, kind: kind, lang: lang}
	e.slab, e.off = d.keep(text)
	chunks := *d.chunks.Load()
	if n%chunkEntries == 0 {
		chunks = append(chunks, new(entryChunk))
		d.chunks.Store(&chunks)
	}
	chunks[n/chunkEntries][n%chunkEntries] = e
	d.count.Store(n + 1)
	d.index(hash, n)
	return n, nil
}

// keep copies text into the slabs. Long texts have a slab of their own.
func (d *Dict) keep(text string) (slab, off uint32) {
	slabs := *d.slabs.Load()
	switch {
	case len(text) == 0:
		return 0, 0
	case len(text) > slabBytes/4:
		slabs = append(slabs, []byte(text))
		d.slabs.Store(&slabs)
		return uint32(len(slabs) - 1), 0
	case d.filling == nil || d.used+len(text) > slabBytes:
		d.filling, d.fillingAt, d.used = make([]byte, slabBytes), uint32(len(slabs)), 0
		slabs = append(slabs, d.filling)
		d.slabs.Store(&slabs)
	}
	off = uint32(d.used)
	d.used += copy(d.filling[d.used:], text)
	return d.fillingAt, off
}

func (d *Dict) index(hash uint32, n uint64) {
	t := d.table.Load()
	if (n+1)*4 > uint64(len(t.words))*3 {
		bigger := newTable(len(t.words) * 2)
		for i := range n {
			bigger.insert(d.entry(i).hash, i)
		}
		bigger.insert(hash, n)
		d.table.Store(bigger)
		return
	}
	t.insert(hash, n)
}

func (t *table) insert(hash uint32, n uint64) {
	mask := uint32(len(t.words) - 1)
	i := hash >> t.shift
	for t.words[i&mask].Load() != 0 {
		i++
	}
	t.words[i&mask].Store(uint64(hash)<<32 | (n + 1))
}

// Term returns the term of an id of the dictionary. Its strings are the
// dictionary's own memory, which lives as long as they do.
func (d *Dict) Term(id graph.TermID) (graph.Term, error) {
	n := id.Payload()
	if n >= d.count.Load() {
		return graph.Term{}, fmt.Errorf("dictionary: id %#x was never given out", uint64(id))
	}
	e := d.entry(n)
	if e.kind == kindLang || tagOf(e.kind) != id.Tag() {
		return graph.Term{}, fmt.Errorf("dictionary: id %#x was never given out", uint64(id))
	}
	return d.termOf(e), nil
}

func (d *Dict) termOf(e *entry) graph.Term {
	text := d.text(e)
	switch {
	case e.kind == rdf.KindIRI:
		return rdf.IRI(text)
	case e.kind == rdf.KindBNode:
		return rdf.BNode(text)
	case e.kind == rdf.KindTriple:
		return rdf.TripleTermOf(text)
	case e.extra == 0:
		return rdf.String(text)
	case e.lang:
		return rdf.TaggedString(text, d.text(d.entry(uint64(e.extra-1))))
	}
	return rdf.Literal(text, d.text(d.entry(uint64(e.extra-1))))
}
