// Package bulk sorts any number of quads in bounded memory, for loads. A
// Builder makes blocks of quads, whose terms are numbered once a block; a
// Sorter collects blocks in batches of 16 bytes a row, sorts a full batch and
// writes it to a temporary segment, and at the end yields all rows in any
// order, each once, as streams of columns.
//
// Batches have dense codes of their own for ids, in the order of the ids, so
// that sorting moves little and takes few passes.
//
// Invariants:
//
//	I1: a code of a sorted batch is the rank of its id among those in the same
//	    position, so rows sorted by codes are sorted by ids.
//	I2: a stream's rows ascend strictly in its order.
//	I3: temporary segments are named by no manifest, so a crash leaves debris.
package bulk
