package runs

import (
	"slices"

	"nettwin/graph/disk/internal/segment"
)

// Policy says when runs are merged.
type Policy struct {
	// Ratio is how many runs of about one size in memory become one.
	Ratio int
	// FlushRows in memory become a segment at a checkpoint; runs of a share of
	// it are not merged in memory any more.
	FlushRows uint64
	// Share is how many hundredths of the largest segment's rows the other
	// segments may have before all become one.
	Share uint64
	// Segments is how many a version may have besides the largest.
	Segments int
}

// memoryShare: runs of FlushRows/memoryShare rows are not merged in memory any
// more, so that such merges are short and the next flush takes those runs.
const memoryShare = 8

// DefaultPolicy follows ENGINE.md §3.3.
var DefaultPolicy = Policy{Ratio: 4, FlushRows: 256 << 10, Share: 4, Segments: 6}

// job is a merge of neighbours.
type job struct {
	runs  []*Run
	disk  bool
	whole bool // they begin with the oldest
}

// segmentsOf returns how many runs at the front of the list are segments.
func segmentsOf(v *Version) (n int) {
	for n < len(v.runs) && v.runs[n].seg != nil {
		n++
	}
	return n
}

// pressure is how many runs in memory a list may have before neighbours are
// merged whatever their sizes, so that it never grows to MaxRuns for long.
const pressure = 24

// pickMemory goes from the newest run back while the next older is not much
// larger than all that were taken, and none of them is busy. When runs are
// many it takes the smallest neighbours there are.
func (p Policy) pickMemory(v *Version, busy map[*Run]bool) (job, bool) {
	n := len(v.runs)
	free := func(r *Run) bool { return r.seg == nil && !busy[r] }
	if n < p.Ratio {
		return job{}, false
	}
	at, total := n, uint64(0)
	for at > 0 && free(v.runs[at-1]) && (at == n || v.runs[at-1].size() <= 2*total) && v.runs[at-1].size() < p.FlushRows/memoryShare {
		at--
		total += v.runs[at].size()
	}
	if n-at >= p.Ratio {
		return job{runs: v.runs[at:]}, true
	}
	return p.pickSmallest(v.runs, free)
}

func (p Policy) pickSmallest(list []*Run, free func(*Run) bool) (best job, ok bool) {
	young := 0
	for young < len(list) && free(list[len(list)-1-young]) {
		young++
	}
	if young < pressure {
		return job{}, false
	}
	least := ^uint64(0)
	for at := len(list) - young; at+p.Ratio <= len(list); at++ {
		var sum uint64
		for _, r := range list[at : at+p.Ratio] {
			sum += r.size()
		}
		if sum < least {
			best, least = job{runs: list[at : at+p.Ratio]}, sum
		}
	}
	return best, true
}

// pickSegments merges all segments once the small ones weigh too much against
// the largest, or the small ones among themselves once they are too many; with all, whenever there are several.
func (p Policy) pickSegments(v *Version, busy map[*Run]bool, all bool) (job, bool) {
	segments := segmentsOf(v)
	if segments < 2 || slices.ContainsFunc(v.runs[:segments], func(r *Run) bool { return busy[r] }) {
		return job{}, false
	}
	largest, rest, at := uint64(0), uint64(0), 0
	for i, r := range v.runs[:segments] {
		rest += r.size()
		if n := r.rows[segment.Adds]; n > largest {
			largest, at = n, i
		}
	}
	rest -= v.runs[at].size()
	switch {
	case all || rest*100 > p.Share*largest || at > 0:
		return job{v.runs[:segments], true, true}, true
	case segments-1 > p.Segments:
		return job{v.runs[1:segments], true, false}, true
	}
	return job{}, false
}
