package plan

import "math"

// Costs in nanoseconds, measured roughly on in-memory engines. Only their
// ratios matter.
const (
	scanCost   = 4   // a row in a scan
	seekCost   = 500 // finding one key by descent
	sortCost   = 80  // putting a row of a chunk in the order of its key
	mergeCost  = 40  // finding a key near the one before
	buildCost  = 90  // a row put into a hash table
	probeCost  = 45  // a row looked up in one
	emitCost   = 10  // a row made
	filterCost = 120 // a condition on a row
	existsCost = 800 // an EXISTS on a row
	chunkRows  = 2048

	requestCost = 20e6 // a request to another endpoint
)

// Guesses where nothing can be counted.
const (
	filterShare   = 0.3  // of solutions pass a condition
	existsShare   = 0.5  // pass an EXISTS
	equalShare    = 0.05 // pass an equality
	groupShare    = 0.1  // as many groups as solutions
	pathFanOut    = 8    // ends of a path from one node
	pathReach     = 32   // ends of a path from a constant, before anything else is known
	foreignRows   = 1000 // solutions of a pattern that is left to the caller
	serviceFanOut = 2    // of solutions at another endpoint for each one here
	serviceBatch  = 100  // solutions that one request asks about
	pathHitShare  = 0.2  // of pairs of given nodes are joined by a path
)

// scanJoinCost is the cost of extending n solutions by a pattern of base rows,
// by seeking. sorted: the solutions come in the order of the key.
func scanJoinCost(n, base float64, keyed, sorted bool) float64 {
	chunks := math.Ceil(n / chunkRows)
	switch {
	case !keyed:
		return chunks * base * scanCost
	case sorted:
		return n*mergeCost + min(base*scanCost, n*seekCost)
	}
	return n*(sortCost+mergeCost) + min(n*seekCost, chunks*base*scanCost)
}

func hashCost(probe, build float64) float64 { return probe*probeCost + build*buildCost }
