package exec

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"

	"nettwin/graph/rdf"
)

// termFile keeps the text of local terms for which there is no room in memory.
// A hash, a place in the file and a place in a table stay in memory for each. A
// term is, one after another:
//
//	kind, direction  a byte each
//	value, datatype, language tag: a uvarint, the length, and so many bytes
type termFile struct {
	file   *spillFile
	at     []int64  // by number: where the term begins; its end is the next one's begin
	hashes []uint64 // by number
	places []uint32 // by hash: number + 1, 0: free
	block  []byte   // scratch
}

const (
	filedTermBytes = 8 + 8 + 3*placeBytes // an offset, a hash and, on average, places
	firstTerms     = 1 << 6
	writeBytes     = 1 << 16
)

var termSeed = maphash.MakeSeed()

func hashTerm(t rdf.Term) uint64 { return maphash.Comparable(termSeed, t) }

func newTermFile(f *spillFile) *termFile {
	return &termFile{file: f, at: []int64{0}, places: make([]uint32, firstTerms)}
}

// count is how many terms are in the file.
func (f *termFile) count() int { return len(f.hashes) }

// add writes terms, which have the numbers that follow.
func (f *termFile) add(terms []rdf.Term) error {
	f.block = f.block[:0]
	for i, t := range terms {
		before := len(f.block)
		f.block = appendTerm(f.block, t)
		f.at = append(f.at, f.at[len(f.at)-1]+int64(len(f.block)-before))
		f.hashes = append(f.hashes, hashTerm(t))
		if len(f.block) >= writeBytes || i == len(terms)-1 {
			if _, err := f.file.write(f.block); err != nil {
				return err
			}
			f.block = f.block[:0]
		}
		if f.count()*2 > len(f.places) {
			f.rehash()
		} else {
			f.place(f.count() - 1)
		}
	}
	return nil
}

func (f *termFile) place(n int) {
	mask := uint64(len(f.places) - 1)
	h := f.hashes[n] & mask
	for f.places[h] != 0 {
		h = (h + 1) & mask
	}
	f.places[h] = uint32(n + 1)
}

func (f *termFile) rehash() {
	f.places = make([]uint32, 4*len(f.places))
	for n := range f.hashes {
		f.place(n)
	}
}

// find returns the number of a term, -1 if it is not in the file.
func (f *termFile) find(t rdf.Term) (int, error) {
	mask, hash := uint64(len(f.places)-1), hashTerm(t)
	for h := hash & mask; f.places[h] != 0; h = (h + 1) & mask {
		n := int(f.places[h] - 1)
		if f.hashes[n] != hash {
			continue
		}
		found, err := f.term(n)
		if err != nil || found == t {
			return n, err
		}
	}
	return -1, nil
}

// term reads a term.
func (f *termFile) term(n int) (rdf.Term, error) {
	b := sized(&f.block, int(f.at[n+1]-f.at[n]))
	if _, err := f.file.f.ReadAt(b, f.at[n]); err != nil {
		return rdf.Term{}, fmt.Errorf("spill: %w", err)
	}
	t, ok := decodeTerm(b)
	if !ok {
		return rdf.Term{}, fmt.Errorf("spill: %s: the term at %d is not what was written", f.file.name, f.at[n])
	}
	return t, nil
}

func appendTerm(b []byte, t rdf.Term) []byte {
	b = append(b, byte(t.Kind()), byte(t.Direction()))
	for _, s := range [...]string{t.Value(), t.Datatype(), t.Lang()} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

func decodeTerm(b []byte) (rdf.Term, bool) {
	if len(b) < 2 {
		return rdf.Term{}, false
	}
	kind, dir := rdf.Kind(b[0]), rdf.Direction(b[1])
	var parts [3]string
	b = b[2:]
	for i := range parts {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return rdf.Term{}, false
		}
		parts[i] = string(b[size : size+int(n)])
		b = b[size+int(n):]
	}
	value, datatype, lang := parts[0], parts[1], parts[2]
	switch {
	case kind == rdf.KindIRI:
		return rdf.IRI(value), true
	case kind == rdf.KindBNode:
		return rdf.BNode(value), true
	case kind == rdf.KindTriple:
		return rdf.TripleTermOf(value), true
	case lang != "":
		return rdf.DirLangString(value, lang, dir), true
	}
	return rdf.Literal(value, datatype), kind == rdf.KindLiteral
}
