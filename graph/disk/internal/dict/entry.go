package dict

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"nettwin/graph"
	memdict "nettwin/graph/internal/dict"
	"nettwin/graph/rdf"
)

// Raw is an entry as the log and the files hold it: Extra is the number of the
// entry of a literal's datatype or language tag plus 1, 0 for xsd:string and
// others.
type Raw struct {
	Kind  uint8
	Lang  bool
	Extra uint32
	Text  string
}

// kindLang marks the text of a language tag, with the base direction if there
// is one, which is no term by itself.
const kindLang = rdf.Kind(15)

// langFlag marks a language-tagged literal beside its kind.
const langFlag = 0x80

// maxTerms bounds the numbers, so that an entry's extra word holds one.
const maxTerms = memdict.MaxTerms

// extraOf returns the entry that a literal needs beside its own; none is of
// rdf.KindNone.
func extraOf(t graph.Term) Raw {
	switch {
	case t.Lang() != "":
		return Raw{Kind: uint8(kindLang), Text: t.Tag()}
	case !t.IsLiteral() || t.Datatype() == rdf.XSDString:
		return Raw{}
	}
	return Raw{Kind: uint8(rdf.KindIRI), Text: t.Datatype()}
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

// checkKind refuses what is no kind of entry.
func checkKind(k uint8) error {
	switch rdf.Kind(k) {
	case rdf.KindIRI, rdf.KindBNode, rdf.KindLiteral, rdf.KindTriple, kindLang:
		return nil
	}
	return fmt.Errorf("entry of unknown kind %d", k)
}

// hashEntry is the same in every process, since files hold it. seed is the
// store's own, so that nobody can prepare terms that collide in it.
func hashEntry(seed uint64, e *Raw) uint32 {
	const k1, k2 = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
	h := seed ^ (uint64(e.Extra)<<8|uint64(e.Kind))*k1
	text := e.Text
	for len(text) >= 8 {
		h = fold(h^le64(text), k1)
		text = text[8:]
	}
	var last [8]byte
	copy(last[:], text)
	h = fold(h^binary.LittleEndian.Uint64(last[:]), k2)
	h = fold(h^uint64(len(e.Text)), k1)
	return uint32(h >> 32)
}

// fold multiplies to 128 bits and joins the halves.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b|1)
	return hi ^ lo ^ a>>7
}

func le64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// seedOf makes the seed of a store's salt.
func seedOf(salt []byte) uint64 {
	h := uint64(len(salt))
	for _, c := range salt {
		h = fold(h^uint64(c), 0xA0761D6478BD642F)
	}
	return h
}
