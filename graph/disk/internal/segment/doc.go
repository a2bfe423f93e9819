// Package segment reads and writes segments: immutable files of quads sorted
// in one or more of the five orders. A segment holds one run, the effective
// adds and the effective deletes of a range of commits, each a section per
// order. Sections are cut into blocks of at most BlockRows rows, whose columns
// are compressed one by one so that any row can be read without those before
// it; a directory with the first and last key of each block is held in memory.
//
// Blocks are read through a cache into memory of the garbage collector, so
// that nothing has to be pinned: a block that was evicted lives as long as
// somebody decodes it. Decoding copies into the caller's columns.
//
// Invariants, numbered; Segment.Verify checks them all and the writer those
// that it can see:
//
//	I1: rows of a section are strictly ascending in its order.
//	I2: a block's first and last key in the directory are those of its rows,
//	    so blocks do not overlap and ascend.
//	I3: a block's graph ids, or its Bloom filter, cover the graphs of its rows.
//	I4: all sections of one kind hold the same quads.
//	I5: every byte of the file is under one CRC-32C: header, block, directory
//	    or footer. Blocks follow each other without gaps.
//	I6: the statistics are those of the sections of adds.
//	I7: offsets inside a block were checked before its first row is read
//	    (block.go, parse), so that reading rows needs no checks.
package segment
