package runs

import (
	"errors"
	"fmt"

	"nettwin/graph"
)

// Versions opens the segments that a manifest names, each once, and returns
// the version of each line, with a reference for the caller. Errors:
// *graph.CorruptionError and those of the file system.
func (f *Files) Versions(m *Manifest) (map[string]*Version, error) {
	opened := map[uint64]*Run{}
	out := map[string]*Version{}
	err := func() error {
		for _, l := range m.Lines {
			var list []*Run
			for _, num := range l.Segments {
				r := opened[num]
				if r == nil {
					var err error
					if r, err = f.open(num); err != nil {
						return fmt.Errorf("line %q: %w", l.Name, err)
					}
					r.retain() // until all lines are made
					opened[num] = r
				}
				list = append(list, r)
			}
			if out[l.Name] != nil {
				return fmt.Errorf("the manifest names line %q twice", l.Name)
			}
			out[l.Name] = NewVersion(list...)
		}
		return nil
	}()
	for _, r := range opened {
		err = errors.Join(err, r.release())
	}
	if err != nil {
		for _, v := range out {
			err = errors.Join(err, v.Release())
		}
		return nil, err
	}
	return out, nil
}

// open opens a segment and checks that it is the one that its name says.
func (f *Files) open(num uint64) (*Run, error) {
	r, err := f.Open(num)
	if err != nil {
		return nil, err
	}
	if got := r.seg.Header().Num; got != num {
		reason := fmt.Sprintf("it is segment %d, not %d", got, num)
		return nil, errors.Join(&graph.CorruptionError{File: f.Name(num), Reason: reason}, r.seg.Release())
	}
	return r, nil
}

// Clean removes files of segments up to number last that a manifest does not
// name: what a crash left between a merge and the manifest, or after it.
func (f *Files) Clean(m *Manifest, last uint64) error {
	named := map[uint64]bool{}
	for _, l := range m.Lines {
		for _, num := range l.Segments {
			named[num] = true
		}
	}
	for num := uint64(1); num <= last; num++ {
		if _, err := f.FS.Stat(f.Name(num)); named[num] || err != nil {
			continue
		}
		if err := f.FS.Remove(f.Name(num)); err != nil {
			return err
		}
	}
	return nil
}
