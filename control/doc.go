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
// # What can go wrong
//
// Each has a test, by its own device in memory (plan_test.go) and over NETCONF
// and SNMP on a simulated router (netconf/failures_test.go, netconf/kill_test.go).
// The reason of a final state names device, step and what it was.
//
//	what                                      ends as       the device holds
//	data older than the action allows         as it was     before; ErrStale says what to read again
//	the network has changed since             verified or   before; ErrMoved, another approval is due
//	                                          refused
//	the schema does not allow the payload     refused       before; nothing was sent
//	nobody decides in time                    expired       before
//	another plan has changed the same         superseded    before
//	wrong credentials, nobody answers         rolled-back   before; no device was told to commit
//	another session holds the lock            rolled-back   before; likewise
//	the device refuses the edit               rolled-back   before; likewise
//	the device refuses the commit             rolled-back   before
//	the answer to the commit is lost          rolled-back   before: cancelled by its token
//	connection lost after the commit          rolled-back   before: likewise
//	…until the commit has timed out           rolled-back   before: the device took it back
//	the device answers ok, drops the edit     rolled-back   before (bug 1 of netconfd 2.13)
//	polling postpones the rollback            rolled-back   before (bug 2)
//	it takes the configuration back, not      failed        the configuration before, with the effect
//	what it did                                             of the commit (bug 3)
//	the first request is lost                 done          after (bug 4: sessions wait for a moment)
//	the sources do not come to say it         rolled-back   before
//	connection lost while confirming          done          after: confirmed by its token
//	never confirmed                           rolled-back   before: the device took it back
//	nothing can be asked any more             failed        not known
//	nettwin killed before it confirms         rolled-back   before
//	nettwin killed after that                 done          after
//	a line of the journal changed, cut off    ChainError    nothing is begun
//
// Lock order: Controller.runMu before Controller.workMu before Controller.mu.
package control
