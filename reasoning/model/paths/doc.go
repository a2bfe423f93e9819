// Package paths counts ways through a topology: a functional model.
//
// Disjoint reads edges (?edge between ?from and ?to), demands (?demand from
// each ?source to each ?target) and, if there are some, candidates
// (?candidate between ?from and ?to): edges that are not there and could be.
// A vertex is whatever the terms name; an edge with more than two vertices is
// a shared medium and is crossed once.
//
// It answers, for each demand none of whose sources is a target:
//
//	?demand ?paths      how many ways share no edge, up to MaxPaths
//	?demand ?over       each edge of these ways
//	?demand ?critical   each edge that every way crosses
//	?demand ?remedy     each candidate that would give it a way more
//
// Ways that share no edge are a flow in which each edge has room for one
// (Menger 1927; Ford and Fulkerson 1956). The count is exact. Which ways are
// taken among equals follows from the order of the terms, so that it is the
// same at each run.
package paths
