package mem

import (
	"sort"
	"time"

	"nettwin/graph"
)

// version is what one commit made.
type version struct {
	commit  graph.Commit
	line    *line
	parent  *version // nil for the first
	trees   Trees
	changes *Changes
	refs    int // I4
}

// line is one branch from its fork to its drop. A branch of the same name made
// later is another line.
type line struct {
	name     string
	parent   string     // name of the branch that it forked from
	base     *version   // nil: the empty store
	versions []*version // ascending
	dropped  bool

	tip      *version // I3; the base before the first commit
	tipTrees Trees
}

func seqOf(v *version) graph.CommitSeq {
	if v == nil {
		return 0
	}
	return v.commit.Seq
}

func commitOf(v *version) graph.Commit {
	if v == nil {
		return graph.Commit{}
	}
	return v.commit
}

// treesOf returns the trees of a version; nil is the empty store.
func treesOf(v *version) Trees {
	if v == nil {
		return Trees{}
	}
	return v.trees
}

// head returns the newest version, the base if there is none.
func (l *line) head() *version {
	if n := len(l.versions); n > 0 {
		return l.versions[n-1]
	}
	return l.base
}

// after returns the index of the first own version with a greater number.
func (l *line) after(seq graph.CommitSeq) int {
	return sort.Search(len(l.versions), func(i int) bool { return l.versions[i].commit.Seq > seq })
}

// find returns the version with that number on the line or its ancestors, or
// nil.
func (l *line) find(seq graph.CommitSeq) *version {
	for {
		if i := l.after(seq); i > 0 {
			if v := l.versions[i-1]; v.commit.Seq == seq {
				return v
			}
			return nil
		}
		if seqOf(l.base) < seq {
			return nil
		}
		l = l.base.line
	}
}

// asOf returns the newest version, on the line or its ancestors, that is not
// later than t; nil means the empty store.
func (l *line) asOf(t time.Time) *version {
	limit := ^graph.CommitSeq(0)
	for {
		n := sort.Search(len(l.versions), func(i int) bool {
			v := l.versions[i]
			return v.commit.Seq > limit || v.commit.Time.After(t)
		})
		if n > 0 {
			return l.versions[n-1]
		}
		if l.base == nil || !l.base.commit.Time.After(t) {
			return l.base
		}
		limit = l.base.commit.Seq
		l = l.base.line
	}
}

// next returns the first version, on the line or its ancestors, with a number
// greater than seq, or nil.
func (l *line) next(seq graph.CommitSeq) (found *version) {
	limit := ^graph.CommitSeq(0)
	for {
		if i := l.after(seq); i < len(l.versions) && l.versions[i].commit.Seq <= limit {
			found = l.versions[i]
		}
		if seqOf(l.base) <= seq {
			return found
		}
		limit = l.base.commit.Seq
		l = l.base.line
	}
}

// meet returns the newest version that both lines have; nil is the empty store.
func meet(a, b *line) *version {
	limits := map[*line]graph.CommitSeq{}
	limit := ^graph.CommitSeq(0)
	for l := a; ; l = l.base.line {
		limits[l] = limit
		if l.base == nil {
			break
		}
		limit = l.base.commit.Seq
	}
	limit = ^graph.CommitSeq(0)
	for l := b; ; l = l.base.line {
		if other, ok := limits[l]; ok {
			if i := l.after(min(limit, other)); i > 0 {
				return l.versions[i-1]
			}
			return l.base
		}
		if l.base == nil {
			return nil
		}
		limit = l.base.commit.Seq
	}
}

// info describes the line as a branch.
func (l *line) info() graph.Branch {
	return graph.Branch{Name: l.name, Base: seqOf(l.base), Head: seqOf(l.head()), Parent: l.parent}
}
