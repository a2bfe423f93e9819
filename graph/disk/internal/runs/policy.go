package runs

import (
	"slices"

	"nettwin/graph/disk/internal/segment"
)

// Policy says when runs are merged.
type Policy struct {
	// Ratio is how many runs of about one size in memory become one.
	Ratio int
	// FlushRows in memory become a segment.
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

// pickDisk returns the most urgent merge to disk for a version. Runs that are
// being merged in memory, and younger ones, wait for the next.
func (p Policy) pickDisk(v *Version, busy []*Run) (job, bool) {
	list := v.runs
	if at := slices.IndexFunc(list, func(r *Run) bool { return slices.Contains(busy, r) }); at >= 0 {
		list = list[:at]
	}
	segments := segmentsOf(v)
	if j, ok := p.pickFlush(list, segments); ok {
		return j, true
	}
	return p.pickSegments(v, segments)
}

func (p Policy) pickFlush(list []*Run, segments int) (job, bool) {
	var rows uint64
	for _, r := range list[min(segments, len(list)):] {
		if r.seg == nil {
			rows += r.size()
		}
	}
	if rows < p.FlushRows || rows == 0 {
		return job{}, false
	}
	return job{list[segments:], true, segments == 0}, true
}

// pickMemory goes from the newest run back while the next older is not much
// larger than all that were taken, and not in use by a merge to disk.
func (p Policy) pickMemory(v *Version, busy []*Run) (job, bool) {
	n := len(v.runs)
	free := func(r *Run) bool { return r.seg == nil && !slices.Contains(busy, r) }
	if n < p.Ratio || !free(v.runs[n-1]) {
		return job{}, false
	}
	at := n - 1
	total := v.runs[at].size()
	for at > 0 && free(v.runs[at-1]) && v.runs[at-1].size() <= 2*total && v.runs[at-1].size() < p.FlushRows/memoryShare {
		at--
		total += v.runs[at].size()
	}
	if n-at < p.Ratio {
		return job{}, false
	}
	return job{runs: v.runs[at:]}, true
}

// pickSegments merges all segments once the small ones weigh too much against
// the largest, or the small ones among themselves once they are too many.
func (p Policy) pickSegments(v *Version, segments int) (job, bool) {
	if segments < 2 {
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
	case rest*100 > p.Share*largest || at > 0:
		return job{v.runs[:segments], true, true}, true
	case segments-1 > p.Segments:
		return job{v.runs[1:segments], true, false}, true
	}
	return job{}, false
}
