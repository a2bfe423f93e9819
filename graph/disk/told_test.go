package disk

import (
	"testing"

	"nettwin/graph"
)

// Goal: what was told is remembered until as many others were told since.
func TestTold(t *testing.T) {
	var told told
	for seq := range graph.CommitSeq(3 * maxTold) {
		told.put(graph.Commit{Seq: seq, Adds: uint64(seq)})
		told.put(graph.Commit{Seq: seq})
		for _, back := range []graph.CommitSeq{0, 1, maxTold - 1, maxTold} {
			if back > seq {
				continue
			}
			c, ok := told.get(seq - back)
			if ok != (back < maxTold) || ok && (c.Seq != seq-back || c.Adds != uint64(c.Seq)) {
				t.Fatalf("commit %d after %d: %v, %v", seq-back, seq, c, ok)
			}
		}
	}
	if len(told.commits) != maxTold || len(told.order) != maxTold {
		t.Errorf("%d commits, %d in order", len(told.commits), len(told.order))
	}
}
