// Package batch is what all engines share of a commit: what a batch may hold,
// which ids its terms have, and what it changes in effect.
package batch
