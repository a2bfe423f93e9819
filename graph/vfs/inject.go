package vfs

import (
	"io"
	"sync/atomic"
)

// OpKind is what an operation does.
type OpKind uint8

// The kinds of operations that Inject shows.
const (
	OpCreate OpKind = 1 + iota
	OpOpen
	OpRename
	OpRemove
	OpReadDir
	OpMkdirAll
	OpSyncDir
	OpLock
	OpStat
	OpRead
	OpWrite
	OpTruncate
	OpSync
)

// Changes tells whether operations of the kind alter what a crash leaves.
func (k OpKind) Changes() bool {
	switch k {
	case OpCreate, OpRename, OpRemove, OpMkdirAll, OpSyncDir, OpWrite, OpTruncate, OpSync:
		return true
	}
	return false
}

// Op is an operation about to happen. Name is the file or folder, for
// OpRename the old name.
type Op struct {
	Kind OpKind
	Name string
	Len  int // OpRead, OpWrite: bytes
}

// Fault is how an operation fails: with Err, after Done bytes of a read or
// write. The zero Fault is none.
type Fault struct {
	Err  error
	Done int
}

// Inject returns fs with a decision before each operation: it happens, or
// fails as the decision says.
func Inject(fs FS, decide func(Op) Fault) FS { return &injected{fs, decide} }

// FailFrom returns a decision that fails all operations that match, from the
// nth on (counted from 1).
func FailFrom(n int, err error, match func(Op) bool) func(Op) Fault {
	var count atomic.Int64
	return func(op Op) Fault {
		if match(op) && count.Add(1) >= int64(n) {
			return Fault{Err: err}
		}
		return Fault{}
	}
}

// FailNth returns a decision that fails the nth operation that matches, and
// only that.
func FailNth(n int, fault Fault, match func(Op) bool) func(Op) Fault {
	var count atomic.Int64
	return func(op Op) Fault {
		if match(op) && count.Add(1) == int64(n) {
			return fault
		}
		return Fault{}
	}
}

type injected struct {
	fs     FS
	decide func(Op) Fault
}

func (i *injected) Create(name string) (File, error) {
	if f := i.decide(Op{Kind: OpCreate, Name: name}); f.Err != nil {
		return nil, f.Err
	}
	f, err := i.fs.Create(name)
	return i.file(f, name), err
}

func (i *injected) OpenFile(name string, write bool) (File, error) {
	if f := i.decide(Op{Kind: OpOpen, Name: name}); f.Err != nil {
		return nil, f.Err
	}
	f, err := i.fs.OpenFile(name, write)
	return i.file(f, name), err
}

func (i *injected) file(f File, name string) File {
	if f == nil {
		return nil
	}
	return &injectedFile{f, name, i.decide}
}

func (i *injected) Rename(from, to string) error {
	if f := i.decide(Op{Kind: OpRename, Name: from}); f.Err != nil {
		return f.Err
	}
	return i.fs.Rename(from, to)
}

func (i *injected) Remove(name string) error {
	if f := i.decide(Op{Kind: OpRemove, Name: name}); f.Err != nil {
		return f.Err
	}
	return i.fs.Remove(name)
}

func (i *injected) ReadDir(dir string) ([]string, error) {
	if f := i.decide(Op{Kind: OpReadDir, Name: dir}); f.Err != nil {
		return nil, f.Err
	}
	return i.fs.ReadDir(dir)
}

func (i *injected) MkdirAll(dir string) error {
	if f := i.decide(Op{Kind: OpMkdirAll, Name: dir}); f.Err != nil {
		return f.Err
	}
	return i.fs.MkdirAll(dir)
}

func (i *injected) SyncDir(dir string) error {
	if f := i.decide(Op{Kind: OpSyncDir, Name: dir}); f.Err != nil {
		return f.Err
	}
	return i.fs.SyncDir(dir)
}

func (i *injected) Lock(name string) (io.Closer, error) {
	if f := i.decide(Op{Kind: OpLock, Name: name}); f.Err != nil {
		return nil, f.Err
	}
	return i.fs.Lock(name)
}

func (i *injected) Stat(name string) (Info, error) {
	if f := i.decide(Op{Kind: OpStat, Name: name}); f.Err != nil {
		return Info{}, f.Err
	}
	return i.fs.Stat(name)
}

type injectedFile struct {
	File
	name   string
	decide func(Op) Fault
}

func (f *injectedFile) ReadAt(p []byte, off int64) (int, error) {
	if fault := f.decide(Op{Kind: OpRead, Name: f.name, Len: len(p)}); fault.Err != nil {
		n, _ := f.File.ReadAt(p[:min(fault.Done, len(p))], off)
		return n, fault.Err
	}
	return f.File.ReadAt(p, off)
}

func (f *injectedFile) Write(p []byte) (int, error) {
	if fault := f.decide(Op{Kind: OpWrite, Name: f.name, Len: len(p)}); fault.Err != nil {
		n, err := f.File.Write(p[:min(fault.Done, len(p))])
		if err != nil {
			return n, err
		}
		return n, fault.Err
	}
	return f.File.Write(p)
}

func (f *injectedFile) Truncate(size int64) error {
	if fault := f.decide(Op{Kind: OpTruncate, Name: f.name}); fault.Err != nil {
		return fault.Err
	}
	return f.File.Truncate(size)
}

func (f *injectedFile) Sync() error {
	if fault := f.decide(Op{Kind: OpSync, Name: f.name}); fault.Err != nil {
		return fault.Err
	}
	return f.File.Sync()
}
