// Package history is the tree of commits of a store: which commit follows
// which, when, how large, and where in the log it is. It lies in a file of
// nodes of one size, in the order of their numbers, so that any of them is
// read without the others; the youngest are in memory until Save.
//
// Beside its parent each node names one farther ancestor, its jump, so that a
// search along a branch of n commits reads O(log n) nodes, and two branches
// are compared in O(log n). Branches need no list of their commits, and a
// branch that was dropped leaves nothing but nodes that nobody reaches.
//
// Invariants:
//
//	I1: a node's parent and jump have smaller numbers than it, and its parent's
//	    depth is one less.
//	I2: times ascend with the numbers.
//	I3: nodes up to the length that a manifest names are durable before it is.
package history
