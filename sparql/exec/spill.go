package exec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"nettwin/sparql/results"
)

// Spill is where executions put what their memory has no room for: files of
// ids in one folder, within a bound for all of them together. Safe for
// concurrent use.
//
// Ids that name a term of one execution stand for it only while that execution
// runs, and so do the files: they are removed with it.
type Spill struct {
	root     *os.Root
	maxBytes int64
	used     atomic.Int64
	files    atomic.Uint64
}

// spillPrefix begins the names of the files.
const spillPrefix = "spill-"

// NewSpill returns a spill in a folder that no other process uses for one, and
// removes what a process left there that ended before it could. maxBytes
// bounds the files; 0 means no bound. Errors: the folder cannot be written.
func NewSpill(root *os.Root, maxBytes int64) (*Spill, error) {
	s := &Spill{root: root, maxBytes: maxBytes}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("spill: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), spillPrefix) {
			continue
		}
		if err := root.Remove(e.Name()); err != nil {
			return nil, fmt.Errorf("spill: remove what was left: %w", err)
		}
	}
	f, err := s.create()
	if err != nil {
		return nil, err
	}
	if _, err := f.write([]byte(spillPrefix)); err != nil {
		f.close() //nolint:errcheck // the first error counts
		return nil, err
	}
	return s, f.close()
}

// UsedBytes tells how much the files of all executions hold now.
func (s *Spill) UsedBytes() int64 { return s.used.Load() }

// create makes an empty file.
func (s *Spill) create() (*spillFile, error) {
	name := fmt.Sprintf("%s%d", spillPrefix, s.files.Add(1))
	f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spill: %w", err)
	}
	return &spillFile{spill: s, name: name, f: f}, nil
}

// spillFile is one file: written at its end, read anywhere. One goroutine.
type spillFile struct {
	spill *Spill
	name  string
	f     *os.File
	size  int64
}

// write appends and tells where. Errors: *results.LimitError, those of the
// file system.
func (f *spillFile) write(b []byte) (at int64, err error) {
	used := f.spill.used.Add(int64(len(b)))
	if f.spill.maxBytes > 0 && used > f.spill.maxBytes {
		f.spill.used.Add(-int64(len(b)))
		return 0, &results.LimitError{Limit: "disk", Value: fmt.Sprintf("%d bytes for what running queries have no memory for, in %s,", f.spill.maxBytes, f.spill.root.Name())}
	}
	at = f.size
	f.size += int64(len(b))
	if _, err := f.f.WriteAt(b, at); err != nil {
		return 0, fmt.Errorf("spill: %w", err)
	}
	return at, nil
}

// close removes the file. It is idempotent.
func (f *spillFile) close() error {
	if f.f == nil {
		return nil
	}
	err := errors.Join(f.f.Close(), f.spill.root.Remove(f.name))
	f.f = nil
	f.spill.used.Add(-f.size)
	if err != nil {
		return fmt.Errorf("spill: %w", err)
	}
	return nil
}

// newFile makes a file that is removed when the execution ends, if not sooner.
func (x *execution) newFile() (*spillFile, error) {
	f, err := x.opt.Spill.create()
	if err == nil {
		x.files = append(x.files, f)
	}
	return f, err
}

// drop removes files before the execution ends. One that cannot be removed now
// is an error then.
func (x *execution) drop(files ...*spillFile) {
	for _, f := range files {
		if f == nil || f.close() != nil {
			continue
		}
		x.files = slices.DeleteFunc(x.files, func(kept *spillFile) bool { return kept == f })
	}
}

// spills tells whether err is a lack of memory for which there are files.
func (x *execution) spills(err error) bool {
	var limit *results.LimitError
	return x.opt.Spill != nil && errors.As(err, &limit) && limit.Limit == "memory"
}
