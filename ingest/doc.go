// Package ingest takes what devices say into the graph: the contract of a
// Collector, the Scheduler that calls it, and the Pipeline behind it, which
// finds the device, diffs a sample against the device's source graph, names
// items and commits only effective changes with their provenance. It knows no
// vocabulary of its own beyond that of provenance and identity: what a source
// says is mapped by tables of facts under ontology, and what it means is
// derived by alignment rules that run after the commit.
//
// # What the graph holds afterwards
//
// The source graph <base>graph/source/<collector>/<device> holds the facts,
// and about itself (its name is the subject) that it is a twin:Source, its
// twin:deviceName, twin:collector, the device that it twin:describes, the
// identity keys that the source states (twin:statedKey), and which of its
// properties are counters (twin:counterProperty).
//
// The provenance graph holds
//
//   - for each commit of state a prov:Activity: times, twin:sourceGraph, the
//     raw items that it prov:used, the knowledge items that it prov:generated,
//     its twin:envelope;
//   - for each source thing its current twin:item and twin:firstSeen; for one
//     that is gone twin:lastItem and twin:lastSeen;
//   - for each device twin:identityKey, twin:formerIdentityKey,
//     twin:identityConflict, twin:firstSeen, and twin:lastSeen while no source
//     is in sync;
//   - for each source graph twin:lastContact (one quad, replaced),
//     twin:syncState, and twin:lastError while it is not in sync.
//
// # What devices tell by themselves
//
// Traps and log messages (ingest/trap, ingest/syslog) go through an EventLog:
// at once while it is quiet, in one commit a device and second under load, the
// newest of each device only. A source graph of events says nothing about being
// in sync; its things are <graph>/event/<time of receipt>-<hash>. An event that
// a table calls for lets Scheduler.ReadNow read the device by all its
// collectors.
//
// Times in the graph are whole seconds, which ids hold; the envelope item has
// the fractions, and so have the times of events.
package ingest
