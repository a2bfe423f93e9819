// Package btree is a persistent, counted B-tree of quads in one order. A Tree
// is a value that never changes for those who hold it: writers copy the nodes
// on the path that they change, once per Edit, and share all others. Leaves
// are columns, so that scans copy memory instead of calling functions per row,
// and inner nodes count what lies below them, so that the number of keys with
// a prefix is the difference of two ranks.
//
// Invariants, checked by Tree.Verify:
//
//	I1: keys are strictly ascending over the whole tree.
//	I2: every key below kid i >= 1 is >= keys[i], every one below kid i-1 is less.
//	I3: counts[i] is the number of keys below kid i, and it is not 0.
//	I4: all leaves have the same depth.
package btree

import "nettwin/graph"

// Key is a quad with its ids in the sequence of some order.
type Key = [4]graph.TermID

// Less tells whether a sorts before b.
func Less(a, b Key) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// Compare returns -1, 0 or 1 as a sorts before, with or after b.
func Compare(a, b Key) int {
	for i := range a {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}
