package disk

import (
	"sync"

	"nettwin/graph"
)

// maxTold is how many commits are remembered.
const maxTold = 1024

// told remembers what the log said of commits, so that who asks for the same
// past again does not have a record with all its changes read again. Commits
// never change. The oldest told is forgotten first.
type told struct {
	mu      sync.Mutex
	commits map[graph.CommitSeq]graph.Commit
	order   []graph.CommitSeq // a ring once it is full
	next    int
}

func (t *told) get(seq graph.CommitSeq) (graph.Commit, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.commits[seq]
	return c, ok
}

func (t *told) put(c graph.Commit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.commits[c.Seq]; known {
		return
	}
	if t.commits == nil {
		t.commits = make(map[graph.CommitSeq]graph.Commit)
	}
	if len(t.order) < maxTold {
		t.order = append(t.order, c.Seq)
	} else {
		delete(t.commits, t.order[t.next])
		t.order[t.next] = c.Seq
		t.next = (t.next + 1) % maxTold
	}
	t.commits[c.Seq] = c
}
