package graph

// TermID names a term within one store: a 4-bit tag above 60 bits of payload.
// Equal ids are equal terms and equal terms have equal ids, within one store
// and all its branches and versions. Ids of values that are inlined are the
// same in every store. Ids say nothing about the order of terms.
type TermID uint64

// Tag is the kind of a TermID.
type Tag uint8

// The tags. Inlined values are only those whose lexical form comes back
// exactly as written; all others are in the dictionary.
const (
	TagSpecial  Tag = iota // None, DefaultGraph
	TagIRI                 // payload: dictionary number
	TagBNode               // payload: dictionary number
	TagLiteral             // payload: dictionary number
	TagInteger             // xsd:integer, payload: 60-bit two's complement
	TagBoolean             // xsd:boolean, payload: 0 or 1
	TagDateTime            // xsd:dateTime in UTC ("Z"), whole seconds since 1970, two's complement
	TagString              // xsd:string of at most 7 bytes, payload: length above the bytes
	TagDecimal             // xsd:decimal, payload: 4 bits scale above a 56-bit two's complement mantissa
	TagTriple              // triple term, payload: dictionary number
)

const (
	tagShift    = 60
	payloadMask = 1<<tagShift - 1
)

// None is no term: unbound in a chunk, "any" in a Pattern.
const None TermID = 0

// DefaultGraph is the graph position of quads in the default graph.
const DefaultGraph TermID = 1

// MakeID composes an id. The payload must fit 60 bits.
func MakeID(tag Tag, payload uint64) TermID {
	return TermID(tag)<<tagShift | TermID(payload&payloadMask)
}

// Tag returns the kind of id.
func (id TermID) Tag() Tag { return Tag(id >> tagShift) }

// Payload returns the 60 bits below the tag.
func (id TermID) Payload() uint64 { return uint64(id) & payloadMask }

// Inlined tells whether the id itself holds the term, so that no dictionary
// is needed to read it.
func (id TermID) Inlined() bool { return id.Tag() >= TagInteger && id.Tag() <= TagDecimal }

// InDictionary tells whether the id's payload is a number of the dictionary.
func (id TermID) InDictionary() bool {
	tag := id.Tag()
	return tag >= TagIRI && tag <= TagLiteral || tag == TagTriple
}
