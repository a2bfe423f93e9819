package disk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nettwin/graph"
)

// checkArchive reads all records of an archived segment. What is damaged is
// named by the frame that it is in; what follows is checked all the same.
func (c *checker) checkArchive(ctx context.Context, r *recovery, n uint64) error {
	a, err := openArchive(c.fs, c.dir, c.salt, n)
	if err != nil {
		c.lost = true
		return c.note(err)
	}
	defer a.Close()
	if c.lost {
		r.number, c.lost = a.first-1, false
	}
	if a.first != r.number+1 {
		c.problem(a.name, 0, "%v: its first record is %d, %d is due", errMisplaced, a.first, r.number+1)
		r.number = a.first - 1
	}
	head := make([]byte, segmentHeaderLen)
	offset := int64(segmentHeaderLen)
	if err := readFull(a, head, 0); err != nil {
		if offset, err = c.afterFrame(r, a, err); err != nil {
			return err
		}
	} else if err := checkSegmentHeader(head, c.salt, n, a.first); err != nil {
		c.problem(a.name, a.offsets[0], "%v", err)
	}
	for offset < a.length {
		if err := ctx.Err(); err != nil {
			return err
		}
		next, err := c.checkRecord(ctx, r, a, a.name, n, offset, a.length, false)
		if err != nil {
			if next, err = c.afterFrame(r, a, err); err != nil {
				return err
			}
		}
		offset = next
	}
	return nil
}

// afterFrame notes a damaged frame, which an error of reading names, and returns
// the offset of the next good record, or the end.
func (c *checker) afterFrame(r *recovery, a *archive, err error) (int64, error) {
	for {
		var corrupt *graph.CorruptionError
		if !errors.As(err, &corrupt) {
			return 0, err
		}
		i := slices.Index(a.offsets, corrupt.Offset)
		if corrupt.File != a.name || i < 0 {
			return 0, fmt.Errorf("archive %s: %w", a.name, err)
		}
		if err := c.note(corrupt); err != nil {
			return 0, err
		}
		next := int64(i+1) * archiveFrame
		if next >= a.length {
			c.lost = true
			return a.length, nil
		}
		var at int64
		if at, err = c.resync(r, a, next, a.length); err == nil {
			c.lost = at >= a.length
			return at, nil
		}
	}
}
