package runs

import (
	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// sourceRows is how many rows a source takes from a segment at once.
const sourceRows = 256

// source is a stream of ascending keys that all count sign.
type source struct {
	sign int
	keys []Key // the next ones

	cur  segment.Cursor // where more come from, if onDisk
	disk bool
	cols [4][]graph.TermID
	buf  []Key
}

// sourceOf streams the rows of a run with a prefix; false if there are none.
func sourceOf(r *Run, o graph.Order, kind segment.Kind, sign int, k *Key, plen int) (*source, bool, error) {
	if r.rows[kind] == 0 {
		return nil, false, nil
	}
	if r.seg == nil {
		keys := prefixed(r.keys(o, kind), k, plen)
		return &source{sign: sign, keys: keys}, len(keys) > 0, nil
	}
	sec := r.seg.Section(o, kind)
	from, to, err := sec.Range(k, plen)
	if err != nil || from == to {
		return nil, false, err
	}
	s := &source{sign: sign, disk: true, cur: sec.Cursor(from, to)}
	return s, true, s.refill()
}

// refill takes rows from the segment once none are left.
func (s *source) refill() error {
	if len(s.keys) > 0 || !s.disk {
		return nil
	}
	if s.buf == nil {
		n := int(min(s.cur.Left(), sourceRows))
		s.buf = make([]Key, n)
		for i := range s.cols {
			s.cols[i] = make([]graph.TermID, n)
		}
	}
	n, err := s.cur.Next(&s.cols, len(s.buf))
	for i := range n {
		s.buf[i] = Key{s.cols[0][i], s.cols[1][i], s.cols[2][i], s.cols[3][i]}
	}
	s.keys = s.buf[:n]
	return err
}

// seek drops keys less than k.
func (s *source) seek(k *Key) error {
	s.keys = s.keys[lower(s.keys, k):]
	if len(s.keys) > 0 || !s.disk {
		return nil
	}
	if err := s.cur.Seek(k); err != nil {
		return err
	}
	return s.refill()
}

// merger merges sources into one stream of net changes.
type merger struct {
	sources []*source
	key     Key // the next change, if sign is not 0
	sign    int // 1: add, -1: delete
}

// newMerger reads the first change. Sources that are empty are left out.
func newMerger(sources []*source) (merger, error) {
	m := merger{sources: sources}
	return m, m.next()
}

// next moves to the next key whose signs do not cancel; sign is 0 at the end.
func (m *merger) next() error {
	for m.sign = 0; m.sign == 0 && len(m.sources) > 0; {
		least := &m.sources[0].keys[0]
		for _, s := range m.sources[1:] {
			if compare(&s.keys[0], least) < 0 {
				least = &s.keys[0]
			}
		}
		m.key = *least
		for i := 0; i < len(m.sources); {
			s := m.sources[i]
			if s.keys[0] != m.key {
				i++
				continue
			}
			m.sign += s.sign
			s.keys = s.keys[1:]
			if err := s.refill(); err != nil {
				return err
			}
			if len(s.keys) == 0 {
				m.drop(i)
			} else {
				i++
			}
		}
	}
	return nil
}

func (m *merger) drop(i int) {
	last := len(m.sources) - 1
	m.sources[i] = m.sources[last]
	m.sources = m.sources[:last]
}

// seek moves forward to the first change >= k.
func (m *merger) seek(k *Key) error {
	if m.sign == 0 || compare(&m.key, k) >= 0 {
		return nil
	}
	for i := 0; i < len(m.sources); {
		if err := m.sources[i].seek(k); err != nil {
			return err
		}
		if len(m.sources[i].keys) == 0 {
			m.drop(i)
		} else {
			i++
		}
	}
	return m.next()
}
