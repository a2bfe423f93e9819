// Command engine measures the graph engine beside engines that could stand in
// its place: an index on Pebble with the same five orders, ids and dictionary,
// and the plain engine in memory. It needs a file of N-Quads, such as the
// shared benchmark's generator writes:
//
//	make bench SIZE=M
//
// Each engine runs in a process of its own, one after the other, on the same
// file and with the same seed, so that memory is its own and caches are alike.
// All must give the same answers (number of quads, counts of all predicates, and
// a sum over all that is said of some subjects, before and after the updates);
// else nothing is printed but how they differ.
//
// What the rows mean:
//
//	load            N-Quads to durable and opened again; Pebble gets sorted tables
//	index           bytes a quad of what scans read; dictionary and log apart
//	updates         commits that replace 500 integers, 1000 changes, one at a time,
//	                durable before the next; with it the processor's time a change
//	updates, mixed  ten such commits a second while a reader repeats a mix of
//	                scans, seeks and lookups; how much longer that then takes
//	scan            all quads by predicate, one column summed
//	seek            to the quads of a subject with a predicate and over them, in
//	                random sequence; a scan each, on Pebble an iterator for all
//	delta           the scan again after 1 % of the quads were replaced, against
//	                the scan before, in the processor's time; nothing is merged by
//	                hand between
//	branches        the same on main while ten branches with a delta of their own
//	                of 1 % live, and on such a branch
//	fork, diff      of those branches
//	as of           opening the version before 1 % of the quads were changed
//	ready           opening again, to the first answer
//	RSS             of the process behind all that, at its peak
package main
