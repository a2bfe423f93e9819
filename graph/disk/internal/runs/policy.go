package runs

import "nettwin/graph/disk/internal/segment"

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

// DefaultPolicy follows ENGINE.md §3.3.
var DefaultPolicy = Policy{Ratio: 4, FlushRows: 256 << 10, Share: 4, Segments: 6}

// job is a merge of neighbours.
type job struct {
	runs  []*Run
	disk  bool
	whole bool // they begin with the oldest
}

// pick returns the most urgent merge for a version.
func (p Policy) pick(v *Version) (job, bool) {
	segments := 0
	for segments < len(v.runs) && v.runs[segments].seg != nil {
		segments++
	}
	if j, ok := p.pickFlush(v, segments); ok {
		return j, true
	}
	if j, ok := p.pickMemory(v, segments); ok {
		return j, true
	}
	return p.pickSegments(v, segments)
}

func (p Policy) pickFlush(v *Version, segments int) (job, bool) {
	var rows uint64
	for _, r := range v.runs[segments:] {
		if r.seg == nil {
			rows += r.size()
		}
	}
	if rows < p.FlushRows || rows == 0 {
		return job{}, false
	}
	return job{v.runs[segments:], true, segments == 0}, true
}

// pickMemory goes from the newest run back while the next older is not much
// larger than all that were taken.
func (p Policy) pickMemory(v *Version, segments int) (job, bool) {
	n := len(v.runs)
	if n-segments < p.Ratio {
		return job{}, false
	}
	at := n - 1
	total := v.runs[at].size()
	for at > segments && v.runs[at-1].seg == nil && v.runs[at-1].size() <= 2*total {
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
