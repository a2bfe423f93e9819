// Package flow collects what routers tell about traffic: NetFlow v5, NetFlow
// v9 (RFC 3954), IPFIX (RFC 7011) with reverse elements (RFC 5103), and sFlow
// version 5, over UDP. goflow2 decodes templates and fields; what a field means is data
// (ontology/ipfix).
//
// # The way of a datagram
//
// One goroutine reads the socket into a bounded queue and drops when it is
// full. A second one decodes, adds records to conversations (device and key
// elements) and closes a window every ten seconds. A third one hands a sample
// per device to the pipeline and writes the file of templates; while it is
// busy no window is closed, so that a slow store makes windows longer and
// nothing else.
//
// # sFlow
//
// A sampled packet becomes a record of one packet that stands for as many as
// the sampling rate says; the fields of its headers are elements by a table
// (map/sflow.tsv). Its octets are those of the IP layer, as in NetFlow; what is
// no IP counts as a packet of its interfaces. Counter samples become values of
// the thing interface/<ifIndex>. A datagram whose sender is no device belongs to
// the agent that it names.
//
// # What the graph gets
//
// A conversation is the thing flow/<values of the key elements>, of the class
// FlowRecord in the namespace of ontology/ipfix, with its key as state and, as counters, what the last
// window brought (octetDeltaCount), what came in all (octetTotalCount), and
// when it began and ended so far. Only the largest conversations of a device
// are stated; all others are summed in the thing "remainder", so that stated
// conversations and remainder together are all that was received. A
// conversation that was idle is deleted like any fact that a source no longer
// says. Totals begin anew with the process, like those of any counter.
//
// # Invariants
//
//  1. In each window: records' counters = deltas of stated conversations +
//     delta of the remainder.
//  2. A damaged message, set, record or field is counted as such; what stands
//     before it, and after it if its length is known, is kept.
//  3. No datagram makes a table grow beyond its limit (limits.go).
//
// Locks: Collector.mu guards everything that both the decoding goroutine and
// Stats touch; no other lock is held with it.
package flow
