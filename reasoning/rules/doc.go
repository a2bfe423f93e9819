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
//
// # After a change
//
// A rule is touched by a changed quad that a pattern of its WHERE matches,
// wherever the pattern stands, or its template. Of a touched rule only the
// solutions that the change can concern are evaluated again (narrow.go), and
// compared with those that are known of the same part (solutions.go):
//
//	I3  If a solution is in the answer of a WHERE on one of two datasets and
//	    not on the other, then some quad in which they differ matches some
//	    pattern of the WHERE, and the solution has the quad's terms at those
//	    of the pattern's variables (and that of GRAPH) that every solution of
//	    the WHERE binds, of every operator on the way that could else leave
//	    the variable out: the left side of OPTIONAL and MINUS and what FILTER
//	    and BIND are about for the patterns in them, and what a sub-select
//	    projects.
//
// It holds by induction over the operators. A basic graph pattern gains or
// loses a solution only with an instance of one of its patterns. A solution of
// a join or a union comes from one of a part, which keeps its bindings. Below
// the right side of OPTIONAL or MINUS and in EXISTS, a solution of the left
// side changes its fate only with a solution of the right one that is
// compatible with it: they agree on what both bind. A premise that a solution
// has got or lost is an instance of a pattern under the solution, hence the
// same holds for derivations. Since a restriction joins the WHERE, at its
// root, with bindings of variables that all solutions bind, it selects of its
// solutions and changes none.
//
// It asks that every change since the rule ran last is told (Delta), in
// whatever order: a snapshot that is newer than the changes told is no harm,
// since the later ones are told later.
//
// Limits. In full run: rules with a model, a clock or another function that is
// not of the data alone, aggregates, LIMIT or SERVICE; a touched path of more
// than one step, and a touched pattern that shares no variable with every
// solution; changes of more than MaxDeltaQuads; restrictions that are as much
// work as the whole (MaxBindings); solutions beyond MaxIndexedSolutions; the
// first run of an engine, a new one on a branch among them; the run after an
// error; and a run after somebody changed the records of derivations. Where a
// variable of GRAPH is bound by no quad, predicates alone tell what touches
// the rule, as they do of too great changes.
package rules
