// Command collect measures collection: what it costs to take in what a network
// says, in the processor's time of the twin alone, against the floors that the
// project set itself.
//
//	make bench-collect
//
// Simulated devices run in a process of their own, and so does each row, so
// that time and memory are the row's own: both are read from /proc. Wall-clock
// time is not judged, since other work may share the machine.
//
// What the rows mean:
//
//	snmp    1,000 simulated devices of 1,000 values each are walked, mapped and
//	        committed to a store on disk, 16 at a time; the processor's time of
//	        one such reading over a minute is the share of a core that reading
//	        them every minute takes. First: all is new, with its items and
//	        provenance. Then nothing changes, 5 % of the values change, of any
//	        kind, and all counters do.
//	flow    IPFIX messages of 24 records of 17 fields: decoded alone; to
//	        conversations; and to samples that are committed with their items
//	yang    an XML and a JSON document of interfaces to facts; a device of as
//	        many leafs read over NETCONF and over gNMI, from the session to the
//	        commit
//	flood   datagrams as fast as two senders can, at least ten times what the
//	        listener takes in the same time, for a while: what came is taken or
//	        counted as dropped, the store grows with what was taken, and memory
//	        is the same after a third as at the end
package main
