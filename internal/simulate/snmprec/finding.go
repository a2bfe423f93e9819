package snmprec

import (
	"fmt"

	"nettwin/internal/simulate/smi"
)

// A FindingKind says what became of an odd row.
type FindingKind uint8

const (
	// Adjusted rows are kept with a changed value.
	Adjusted FindingKind = iota + 1
	// Replaced rows gave way to a later row with the same OID.
	Replaced
	// Unusable rows cannot be served and were left out.
	Unusable
)

// String is the kind as a word.
func (k FindingKind) String() string {
	switch k {
	case Adjusted:
		return "adjusted"
	case Replaced:
		return "replaced"
	case Unusable:
		return "unusable"
	default:
		return fmt.Sprintf("finding kind %d", uint8(k))
	}
}

// A Finding is one odd row of a recording. It is an error value so that a
// caller who wants to be strict can return it.
type Finding struct {
	File   string
	Line   int
	OID    smi.OID // zero when the line has none
	Kind   FindingKind
	Detail string
}

// Error is `file:line: OID: kind: detail`.
func (f Finding) Error() string {
	if f.OID.Len() == 0 {
		return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Kind, f.Detail)
	}
	return fmt.Sprintf("%s:%d: %s: %s: %s", f.File, f.Line, f.OID, f.Kind, f.Detail)
}
