package segment

import (
	"fmt"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/intact"
)

// Section is the rows of one kind in one order. They are numbered from 0. It
// is safe for concurrent use.
type Section struct {
	segment *Segment
	order   graph.Order
	kind    Kind
	index   *index
	slots   []cache.Slot[block]
}

// Order returns the order of the rows.
func (s *Section) Order() graph.Order { return s.order }

// Len returns the number of rows.
func (s *Section) Len() uint64 { return s.index.rows() }

// block returns a block, from the cache or the file.
func (s *Section) block(i int) (*block, error) {
	if b := s.slots[i].Get(); b != nil {
		return b, nil
	}
	b, err := s.read(i)
	if err != nil {
		return nil, err
	}
	return cache.Put(s.segment.cache, &s.slots[i], b, b.size), nil
}

// read reads a block from the file and checks it.
func (s *Section) read(i int) (*block, error) {
	e := &s.index.entries[i]
	raw, err := s.segment.readAt(e.offset, int(e.length))
	if err != nil {
		return nil, err
	}
	return s.parse(i, raw)
}

// parse checks the bytes of block i, which it keeps.
func (s *Section) parse(i int, raw []byte) (*block, error) {
	e := &s.index.entries[i]
	if intact.Sum(s.segment.salt, raw) != e.sum {
		return nil, s.segment.corrupt(e.offset, fmt.Sprintf("the checksum of block %d of %s %s is wrong", i, s.order, s.kind))
	}
	b, err := parseBlock(raw)
	if err == nil && b.rows != s.rowsOf(i) {
		err = fmt.Errorf("it has %d rows, the directory says %d", b.rows, s.rowsOf(i))
	}
	if err != nil {
		return nil, s.segment.corrupt(e.offset, fmt.Sprintf("block %d of %s %s: %v", i, s.order, s.kind, err))
	}
	return b, nil
}

func (s *Section) rowsOf(i int) int { return int(s.index.starts[i+1] - s.index.starts[i]) }

// blockOf returns the block that holds a row, which must exist.
func (s *Section) blockOf(row uint64) int {
	lo, hi := 0, len(s.index.entries)
	for hi-lo > 1 {
		mid := int(uint(lo+hi) >> 1)
		if s.index.starts[mid] <= row {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// before returns how many blocks begin with a key less than k.
func (s *Section) before(k *Key, from int) int {
	first := s.index.first
	lo, hi := from, len(first)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if compare(&first[mid], k) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// Rank returns the number of rows less than k.
func (s *Section) Rank(k *Key) (uint64, error) {
	i := s.before(k, 0) - 1
	if i < 0 {
		return 0, nil
	}
	if compare(&s.index.last[i], k) < 0 {
		return s.index.starts[i+1], nil
	}
	b, err := s.block(i)
	if err != nil {
		return 0, err
	}
	return s.index.starts[i] + uint64(b.lower(1, k)), nil
}

// Range returns the numbers [from, to) of the rows that begin with the first
// plen ids of k.
func (s *Section) Range(k *Key, plen int) (from, to uint64, err error) {
	if plen == 0 {
		return 0, s.Len(), nil
	}
	lo, hi, bounded := PrefixBounds(k, plen)
	if from, err = s.Rank(&lo); err != nil {
		return 0, 0, err
	}
	if !bounded {
		return from, s.Len(), nil
	}
	to, err = s.Rank(&hi)
	return from, to, err
}

// PrefixBounds returns the least key with a prefix and the least above all of
// them, if there is one.
func PrefixBounds(k *Key, plen int) (lo, hi Key, bounded bool) {
	copy(lo[:plen], k[:plen])
	hi = lo
	for i := plen - 1; i >= 0; i-- {
		if hi[i]++; hi[i] != 0 {
			return lo, hi, true
		}
	}
	return lo, hi, false
}

// Has tells whether k is a row.
func (s *Section) Has(k *Key) (bool, error) {
	i := s.before(k, 0)
	if i < len(s.index.first) && s.index.first[i] == *k {
		return true, nil
	}
	if i--; i < 0 || compare(&s.index.last[i], k) < 0 {
		return false, nil
	}
	b, err := s.block(i)
	if err != nil {
		return false, err
	}
	row := b.lower(1, k)
	return row < b.rows && b.key(row) == *k, nil
}

// Key returns a row, which must exist.
func (s *Section) Key(row uint64) (Key, error) {
	i := s.blockOf(row)
	b, err := s.block(i)
	if err != nil {
		return Key{}, err
	}
	return b.key(int(row - s.index.starts[i])), nil
}
