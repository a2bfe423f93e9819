package exec

import "nettwin/graph"

// Rows are divided among so many parts by hash, and a part that still has no
// room is divided again, with another hash.
const (
	partBits      = 5
	partCount     = 1 << partBits
	maxPartLevels = 8
)

// parts divides rows by a key.
type parts struct {
	file  *spillFile
	of    [partCount]*rowFile
	level int
	rows  [partCount][]int32 // scratch
}

func (x *execution) newParts(slots []int, level int) (*parts, error) {
	if level >= maxPartLevels {
		return nil, x.budget.exceeded()
	}
	f, err := x.newFile()
	if err != nil {
		return nil, err
	}
	p := &parts{file: f, level: level}
	for i := range p.of {
		p.of[i] = x.newRowFile(f, slots)
	}
	return p, nil
}

// part returns the part of a key.
func (p *parts) part(key []graph.TermID) int {
	h := (hashTuple(key) ^ uint64(p.level)<<40) * hashMultiplier
	h ^= h >> 32
	return int(h * hashMultiplier >> (64 - partBits))
}

// put notes that a row of the chunk at hand belongs to the part of a key.
func (p *parts) put(row int32, key []graph.TermID) {
	i := p.part(key)
	p.rows[i] = append(p.rows[i], row)
}

// flush appends the rows noted, which are of c.
func (p *parts) flush(c *chunk) error {
	for i, rows := range p.rows {
		if len(rows) == 0 {
			continue
		}
		if err := p.of[i].add(c, rows); err != nil {
			return err
		}
		p.rows[i] = rows[:0]
	}
	return nil
}

func (p *parts) done() error {
	for _, f := range p.of {
		if err := f.done(); err != nil {
			return err
		}
	}
	return nil
}
