package smi

// Module is one parsed module, its references not yet resolved.
type Module struct {
	Name    string
	File    string
	Imports map[string]string // symbol → module that defines it
	Types   map[string]*Type  // textual conventions and type assignments
	Nodes   []*Node           // in the order of the text
	byName  map[string]*Node
}

// Node is a name in the OID tree.
type Node struct {
	Name   string
	Line   int
	Macro  string // OBJECT-TYPE, MODULE-IDENTITY, …; "" for OBJECT IDENTIFIER
	OID    []Arc
	Syntax *Type // OBJECT-TYPE only, as all below but Status and Index
	Access string
	Status string
	Unit   string
	Index  []Index // the OBJECTS of a NOTIFICATION-TYPE too
	// Augments names the entry whose index this one shares.
	Augments string
}

// Arc is one component of an OID value: a name, a number or both.
type Arc struct {
	Name   string
	Number uint32
	HasNum bool
}

// Index is one component of an INDEX clause.
type Index struct {
	Object  string
	Implied bool
}

// Type is a syntax as written.
type Type struct {
	Name       string // base type or textual convention, such as "OCTET STRING"
	SequenceOf string // the row type of a table
	Enum       []Enum
	Sizes      []Range // of a SIZE constraint
	Hint       string  // DISPLAY-HINT of a textual convention
	TC         bool
}

// Enum is one named number.
type Enum struct {
	Label string
	Value int64
}

// Range is an inclusive range of sizes.
type Range struct{ Min, Max int64 }
