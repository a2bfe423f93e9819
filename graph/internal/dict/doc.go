// Package dict is the dictionary of a store: it numbers terms in the order of
// their arrival and never forgets or renumbers one. One writer adds; any
// number of readers look up without locks, because everything that they reach
// was written before the word that leads them to it was stored atomically.
//
// Term bytes lie in slabs without pointers, so that a dictionary of millions
// of terms costs the garbage collector nothing.
//
// Invariants:
//
//	I1: number n is an entry at chunk n/chunkEntries once count > n.
//	I2: the table holds every numbered term once; a reader of an older table
//	    misses only terms that were added after it took the table.
//	I3: entries and the bytes that they name never change once numbered.
package dict
