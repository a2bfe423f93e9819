package runs

import "sync"

// line is a branch as a store keeps it: a cell that is replaced at each
// commit, and flushed once enough rows are in memory.
type line struct {
	set  *Set
	rows uint64

	mu   sync.Mutex
	cell *Cell
}

func newLine(set *Set, v *Version) *line { return &line{set: set, cell: set.Add(v)} }

func (l *line) get() *Version {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cell.Get()
}

func (l *line) append(r *Run) error {
	if l.rows >= l.set.policy.FlushRows {
		l.rows = 0
		if err := flush(l.set, l.cell); err != nil {
			return err
		}
	}
	if err := l.set.WaitRoom(ctx, l.cell); err != nil {
		return err
	}
	l.rows += r.size()
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.cell
	l.cell = l.set.Extend(old, r)
	return l.set.Remove(old)
}

// flush makes a checkpoint of cells.
func flush(set *Set, cells ...*Cell) error {
	if err := set.Bar(ctx); err != nil {
		return err
	}
	var frozen []*Cell
	for _, c := range cells {
		frozen = append(frozen, set.Freeze(c))
	}
	set.Claim(frozen)
	set.Unbar()
	if err := set.Flush(ctx, frozen); err != nil {
		return err
	}
	return set.Remove(frozen...)
}
