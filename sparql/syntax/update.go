package syntax

import "nettwin/graph/rdf"

// Update is the syntax tree of an update request. Base and Prefixes are those
// in force at its end; the IRIs of all operations are already absolute.
type Update struct {
	Base       string
	Prefixes   map[string]string
	Operations []Operation
}

// Operation is one operation of a request (Update §3): *InsertData,
// *DeleteData, *DeleteWhere, *Modify, *Load, *Clear, *Create or *Transfer.
type Operation interface{ isOperation() }

type (
	// InsertData is INSERT DATA { … }, without variables.
	InsertData struct{ Quads []QuadPattern }

	// DeleteData is DELETE DATA { … }, without variables and blank nodes.
	DeleteData struct{ Quads []QuadPattern }

	// DeleteWhere is DELETE WHERE { … }. The group holds only *Triples and
	// *GraphPattern of one *Triples, without blank nodes and paths.
	DeleteWhere struct{ Where *Group }

	// Modify is [WITH] [DELETE { … }] [INSERT { … }] [USING …] WHERE { … }.
	Modify struct {
		With      rdf.Term // zero: none
		HasDelete bool     // a DELETE clause, maybe empty
		HasInsert bool     // an INSERT clause, maybe empty
		Delete    []QuadPattern
		Insert    []QuadPattern
		Using     Dataset
		Where     *Group
	}

	// Load is LOAD [SILENT] Source [INTO GRAPH Into].
	Load struct {
		Silent bool
		Source rdf.Term
		Into   rdf.Term // zero: the default graph
	}

	// Clear is CLEAR, or DROP if Drop.
	Clear struct {
		Drop   bool
		Silent bool
		Target GraphTarget
	}

	// Create is CREATE [SILENT] GRAPH Graph.
	Create struct {
		Silent bool
		Graph  rdf.Term
	}

	// Transfer is ADD, MOVE or COPY (Kind) From TO To; a zero term is the
	// default graph.
	Transfer struct {
		Kind     string
		Silent   bool
		From, To rdf.Term
	}
)

// GraphTarget is GRAPH iri, DEFAULT, NAMED or ALL.
type GraphTarget struct {
	Kind  string // GRAPH, DEFAULT, NAMED or ALL
	Graph rdf.Term
}

func (*InsertData) isOperation()  {}
func (*DeleteData) isOperation()  {}
func (*DeleteWhere) isOperation() {}
func (*Modify) isOperation()      {}
func (*Load) isOperation()        {}
func (*Clear) isOperation()       {}
func (*Create) isOperation()      {}
func (*Transfer) isOperation()    {}
