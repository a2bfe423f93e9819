package patch

import (
	"fmt"

	"nettwin/graph/rdf"
)

// Op is what a row does.
type Op uint8

// The operations.
const (
	Header Op = 1 + iota
	Begin
	Commit
	Abort
	Add
	Delete
	AddPrefix
	DeletePrefix
)

// codes are how rows begin, by operation.
var codes = [...]string{Header: "H", Begin: "TX", Commit: "TC", Abort: "TA", Add: "A", Delete: "D", AddPrefix: "PA", DeletePrefix: "PD"}

// String returns the code.
func (o Op) String() string {
	if int(o) < len(codes) && codes[o] != "" {
		return codes[o]
	}
	return fmt.Sprintf("operation %d", uint8(o))
}

// opOf returns the operation of a code. TB is an older name of TX.
func opOf(code string) (Op, bool) {
	if code == "TB" {
		return Begin, true
	}
	for op, c := range codes {
		if c == code && c != "" {
			return Op(op), true
		}
	}
	return 0, false
}

// Row is one row.
type Row struct {
	Op   Op
	Quad rdf.Quad // of Add, Delete
	Name string   // of Header and prefixes
	Term rdf.Term // of Header; the IRI of AddPrefix
	Line int      // from 1; 0 in rows to write
}

// SyntaxError is a row that is none. Faults in quads are *rdf.SyntaxError.
type SyntaxError struct {
	Line, Column int
	Msg          string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("RDF Patch: %d:%d: %s", e.Line, e.Column, e.Msg)
}
