// Package document takes in documents: what an inventory, a topology server or
// a planner exports as JSON. No Go code names a member: a format is a table
// (map/formats/NAME.tsv) that says which objects of a document are things and
// by which of their members they are named; everything else follows.
//
// # Documents as facts
//
// An object that the format calls a thing is a resource below the document's
// source graph, <base>graph/source/<format>/<document>, named by the path to it
// with the values of its keys, percent-encoded:
//
//	ietf-network:networks/network=core/node=r1
//
// What is around it in the document is around it in the graph: ns#within leads
// to the thing that holds it. Its class is the vocabulary with the path
// without keys, or what the format's class member says; a member is the property of that path and its own name. Inner
// objects that are no things lengthen the path; arrays of plain values are
// several values, numbered ones where their order matters; null and empty
// arrays say nothing. Members at the top belong to the thing "document".
//
// Taking in the same document again changes nothing, and a member that is gone
// from it is gone from the graph. The document's bytes are a raw item; the
// provenance graph has an activity that used it.
//
// Write is the way back: what a source graph of a format says as a document,
// which taken in gives the same facts.
package document
