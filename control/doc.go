// Package control carries changes to devices, and only those that were tried
// before: a need that rules derive becomes a Plan, the plan is applied to a
// branch of the graph, rules judge the branch, and what devices are sent is
// computed from the branch (DESIGN.md §4, "Control").
//
// # A plan's life
//
//	proposed ─ Verify ─► verified ─ Approve ─► approved ─ Apply ─► applying ─► confirming ─► done
//	    │                   │                     │                    │            │
//	    ├────► refused ◄────┼──────► rejected ◄───┤                    └─► rolled-back, failed
//	    └───────────────────┴──► expired, superseded
//
// What an action does is a file (ontology/actions): a SPARQL update that says
// how the facts change. Effective changes of sources are the plan's expectation;
// those of a source that a Driver can write are turned by it into a payload.
// What the update says in the default graph is supposed, for the rules.
//
// A device gets a payload by a confirmed commit: lock, edit, commit until a
// timeout, read again, look whether the sources say what the plan expects, and
// only then confirm. Whatever goes wrong before the confirmation ends in the
// configuration that the device had.
//
// # Invariants
//
//  1. An entry is in the journal, on stable storage, before what it announces
//     is done: "commit" before a device is told to commit, state confirming
//     before the first confirmation.
//  2. Plans are what folding the journal gives: there is no other record.
//  3. Nothing is sent to a device but the payload of a plan that was verified,
//     whose digest an operator approved, on data younger than the action
//     allows, and on a base that gives the same digest now.
//  4. Main is written by control in the provenance graph only.
//  5. RolledBack means that the devices hold what they held before. Failed
//     means that this is not known or not so; the reason says which.
//
// Lock order: Controller.runMu before Controller.mu.
package control
