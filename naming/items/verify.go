package items

import (
	"context"
	"errors"
	"fmt"

	"nettwin/naming"
)

// Summary counts what VerifyAll looked at.
type Summary struct {
	Items     int
	SizeBytes int64
	Corrupt   int // items and stretches of packs
}

// VerifyAll hashes every item again and reports each as it goes; err is nil
// or a *CorruptError, and name is zero for damage to a pack in which no item
// can be recognised. An item that is found damaged may be put again. It
// returns early only with ctx.Err() or ErrClosed.
func (s *Store) VerifyAll(ctx context.Context, report func(name naming.Name, info Info, err error)) (Summary, error) {
	var sum Summary
	for _, d := range s.damage {
		sum.Corrupt++
		report(naming.Name{}, Info{Pack: d.Pack, Offset: d.Offset}, d)
	}
	for name, info := range s.All() {
		if err := ctx.Err(); err != nil {
			return sum, fmt.Errorf("items: verify: %w", err)
		}
		_, err := s.Get(name)
		var corrupt *CorruptError
		switch {
		case errors.As(err, &corrupt):
			sum.Corrupt++
			s.distrust(name, info)
		case err != nil:
			return sum, err
		}
		sum.Items++
		sum.SizeBytes += info.SizeBytes
		report(name, info, err)
	}
	return sum, nil
}

// distrust lets Put write a damaged item again.
func (s *Store) distrust(name naming.Name, info Info) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.index[name]; ok && e.offset == info.Offset {
		e.corrupt = true
		s.index[name] = e
	}
}
