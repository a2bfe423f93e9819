// Package rules runs rule files over the twin and keeps what they derive true
// after every commit.
//
// A rule is a file: a header that names, explains and cites it, then a SPARQL
// 1.1 CONSTRUCT. Alignment rules (folder align) lift what sources say into the
// default graph or, of sources of truth, into the intended graph; the others
// (folder rules) write to the derived graph. Rules run in the order of their
// dependencies; a cycle is an error. Rules of other folders are asked and not
// kept (LoadFolder, Ask).
//
// A rule may name a functional model (reasoning/model) in its header: it is
// given the solutions of the WHERE, and its answers go into the template.
//
// Each solution of a rule's WHERE is a derivation: the facts that it makes and
// the quads that it rests on, its premises; an answer of a model rests on what
// the solutions do that the model used. Derivations are recorded in the
// derived graph, so that Explain leads from a fact to the source quads, the
// commit and the items, and so that a fact disappears with its last
// derivation: when its premises change or its rule file is deleted.
//
// Invariants of the derived graph:
//
//	I1  A fact made by rules is present exactly as long as a derivation with
//	    twin:derives for it is.
//	I2  A fact that was in its graph before any rule derived it is marked
//	    twin:foundAsserted and stays when its derivations go.
package rules
