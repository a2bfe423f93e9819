package items

import (
	"errors"
	"fmt"

	"nettwin/naming"
)

// Limits of one Put.
const (
	DefaultMaxItemBytes = 16 << 20 // of one item, unless Options say otherwise
	MaxBatchBytes       = 64 << 20 // of all items of one Put
	MaxBatchItems       = 100_000
)

// DefaultMaxPackBytes is the size at which a new pack is begun.
const DefaultMaxPackBytes = 256 << 20

// Errors of stores. Test with errors.Is.
var (
	// ErrNotFound: the store holds no item of that name.
	ErrNotFound = errors.New("items: no such item")
	// ErrTooLarge: an item or a batch is beyond a limit.
	ErrTooLarge = errors.New("items: too large")
	// ErrReadOnly: opened read-only, or an earlier write failed and the store
	// takes no more until it is opened again.
	ErrReadOnly = errors.New("items: store is read-only")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("items: closed")
)

// Kind says what an item is for (DESIGN.md §2, "Items"). It is no part of the
// name: the same bytes under the same codec are one item, of the kind under
// which they came first.
type Kind uint8

// The kinds.
const (
	KindRaw       Kind = iota + 1 // a reply or message after decryption
	KindKnowledge                 // the mapped facts about one thing
	KindEnvelope                  // who, when, how, instruction; points at the others
)

// Valid tells whether k is one of the kinds.
func (k Kind) Valid() bool { return k >= KindRaw && k <= KindEnvelope }

// String returns the kind's name.
func (k Kind) String() string {
	switch k {
	case KindRaw:
		return "raw"
	case KindKnowledge:
		return "knowledge"
	case KindEnvelope:
		return "envelope"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Item is bytes to keep.
type Item struct {
	Kind  Kind
	Codec naming.Codec
	Bytes []byte
}

// Name returns the item's name.
func (it Item) Name() naming.Name { return naming.Of(it.Codec, it.Bytes) }

// Info describes a stored item.
type Info struct {
	Kind      Kind
	SizeBytes int64
	Pack      string // the file
	Offset    int64  // of its record in the file
}

// CorruptError says which bytes of the store are not what was written.
type CorruptError struct {
	Pack   string
	Offset int64
	Name   naming.Name // zero if the record's header cannot be read
	Reason string
}

func (e *CorruptError) Error() string {
	what := "record"
	if !e.Name.IsZero() {
		what = "item " + e.Name.String()
	}
	return fmt.Sprintf("items: %s: corrupt %s at offset %d: %s; restore the file from a backup, or collect again", e.Pack, what, e.Offset, e.Reason)
}
