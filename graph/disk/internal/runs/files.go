package runs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/segment"
	"nettwin/graph/vfs"
)

// Files is where segments are made. A segment's file is removed when its last
// run is released, unless Keep was called: who makes a manifest durable holds
// references to what it names.
type Files struct {
	FS    vfs.FS
	Salt  []byte
	Cache *cache.Cache
	Name  func(num uint64) string

	num  atomic.Uint64
	keep atomic.Bool
}

// Start sets the greatest number of a segment that may exist.
func (f *Files) Start(num uint64) { f.num.Store(num) }

// Next returns the number of a new segment.
func (f *Files) Next() uint64 { return f.num.Add(1) }

// Last returns the greatest number given.
func (f *Files) Last() uint64 { return f.num.Load() }

// Keep ends the removal of files.
func (f *Files) Keep() { f.keep.Store(true) }

// Open opens the segment of a number as a run. Errors: *graph.CorruptionError
// and those of the file system.
func (f *Files) Open(num uint64) (*Run, error) {
	s, err := segment.Open(f.FS, f.Name(num), f.Salt, f.Cache)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &graph.CorruptionError{File: f.Name(num), Reason: "the file is missing"}
	}
	if err != nil {
		return nil, err
	}
	if got := s.Header().Num; got != num {
		reason := fmt.Sprintf("it is segment %d, not %d", got, num)
		return nil, errors.Join(&graph.CorruptionError{File: s.Name(), Reason: reason}, s.Release())
	}
	s.OnClose(func() error {
		if f.keep.Load() {
			return nil
		}
		return f.FS.Remove(s.Name())
	})
	return FromSegment(s), nil
}

// Write makes a segment of a run in memory and returns the run that is in it.
func (f *Files) Write(ctx context.Context, r *Run) (*Run, error) {
	return f.mergeToDisk(ctx, f.Next(), []*Run{r}, false)
}

// Merge makes a segment of the net changes of runs that follow each other; nil
// if there are none.
func (f *Files) Merge(ctx context.Context, list []*Run) (*Run, error) {
	return f.mergeToDisk(ctx, f.Next(), list, false)
}

// Verify reads the segment of a number and checks its invariants. Errors:
// *graph.CorruptionError, ctx.Err(), those of the file system.
func (f *Files) Verify(ctx context.Context, num uint64) error {
	r, err := f.Open(num)
	if err != nil {
		return err
	}
	return errors.Join(r.seg.Verify(ctx), r.seg.Release())
}

// Opener opens the segments of several lists, each once.
type Opener struct {
	files  *Files
	opened map[uint64]*Run
}

// Opener returns an Opener, which must be closed.
func (f *Files) Opener() *Opener { return &Opener{files: f, opened: map[uint64]*Run{}} }

// Version returns the version of a list of segments, oldest first, with a
// reference for the caller.
func (o *Opener) Version(nums []uint64) (*Version, error) {
	var list []*Run
	for _, num := range nums {
		r := o.opened[num]
		if r == nil {
			var err error
			if r, err = o.files.Open(num); err != nil {
				return nil, err
			}
			r.retain()
			o.opened[num] = r
		}
		list = append(list, r)
	}
	return NewVersion(list...), nil
}

// Close lets go of the segments that no version has.
func (o *Opener) Close() error {
	var err error
	for _, r := range o.opened {
		err = errors.Join(err, r.release())
	}
	return err
}
