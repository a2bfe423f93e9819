package disk

import (
	"fmt"

	"nettwin/graph"
	"nettwin/graph/vfs"
)

// DefaultReserveBytes is what is left free on the medium: the log up to the
// next checkpoint, and its segments, find room there.
const DefaultReserveBytes = 64 << 20

// room refuses commits while the medium has less than the reserve, before
// anything was written: so nothing has to be taken back, and the next commit may
// succeed. A write that fails all the same ends writing (I4).
func (s *Store) room() error {
	medium, ok := s.o.FS.(vfs.Room)
	if !ok || s.o.ReserveBytes < 0 {
		return nil
	}
	free, err := medium.FreeBytes(s.dir)
	if err != nil {
		return fmt.Errorf("free space: %w", err)
	}
	if free >= s.o.ReserveBytes {
		s.full.Store(false)
		return nil
	}
	if !s.full.Swap(true) {
		s.o.Log.Error("no room: commits are refused until there is", "dir", s.dir, "free_bytes", free, "reserve_bytes", s.o.ReserveBytes)
	}
	return fmt.Errorf("%s has %d bytes free, %d are kept in reserve: reads go on, free some space and commit again: %w", s.dir, free, s.o.ReserveBytes, graph.ErrFull)
}
