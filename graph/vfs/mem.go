package vfs

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
)

// Mem is a file system in memory that knows what is durable. Names are
// slash-separated; the root exists.
type Mem struct {
	mu    sync.Mutex
	root  *memDir
	locks map[string]bool
}

// node is a *memDir or a *memFile.
type node any

type memDir struct {
	entries map[string]node
	synced  map[string]node // the names that survive a crash
}

// memFile holds its bytes. synced is the content that survives a crash; it
// may share memory with data, whose first bytes are never written again.
type memFile struct {
	data   []byte
	synced []byte
}

// NewMem returns an empty file system.
func NewMem() *Mem { return &Mem{root: newMemDir(), locks: map[string]bool{}} }

func newMemDir() *memDir { return &memDir{entries: map[string]node{}, synced: map[string]node{}} }

// CrashClone returns what a crash now would leave: synced bytes under synced
// names, and no locks.
func (m *Mem) CrashClone() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Mem{root: cloneDir(m.root, nil), locks: map[string]bool{}}
}

// TornClone returns what a crash now might leave: of what is not synced, each
// name may have survived, and of appended bytes any number, perhaps with
// zeros or noise in place of the last.
func (m *Mem) TornClone(r *rand.Rand) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Mem{root: cloneDir(m.root, r), locks: map[string]bool{}}
}

// KillClone returns what the next process finds when this one is killed and
// the machine goes on: all bytes and names, of which some are not yet durable,
// and no locks.
func (m *Mem) KillClone() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Mem{root: copyNode(m.root, map[node]node{}).(*memDir), locks: map[string]bool{}}
}

// copyNode copies a tree; made holds what was copied, as a node may have two names.
func copyNode(n node, made map[node]node) node {
	if c, ok := made[n]; ok {
		return c
	}
	switch n := n.(type) {
	case *memDir:
		c := newMemDir()
		made[n] = c
		for name, kid := range n.entries {
			c.entries[name] = copyNode(kid, made)
		}
		for name, kid := range n.synced {
			c.synced[name] = copyNode(kid, made)
		}
		return c
	case *memFile:
		c := &memFile{data: slices.Clone(n.data), synced: slices.Clone(n.synced)}
		made[n] = c
		return c
	}
	return nil
}

func cloneDir(d *memDir, r *rand.Rand) *memDir {
	names := maps.Clone(d.synced)
	if r != nil {
		for _, name := range slices.Sorted(maps.Keys(d.entries)) {
			if r.IntN(2) == 0 {
				names[name] = d.entries[name]
			}
		}
	}
	out := newMemDir()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		var c node
		switch n := names[name].(type) {
		case *memDir:
			c = cloneDir(n, r)
		case *memFile:
			data := tear(n, r)
			c = &memFile{data: data, synced: data}
		}
		out.entries[name], out.synced[name] = c, c
	}
	return out
}

func tear(f *memFile, r *rand.Rand) []byte {
	data := slices.Clone(f.synced)
	if r == nil || len(f.data) <= len(f.synced) {
		return data
	}
	n := 1 + r.IntN(len(f.data)-len(f.synced))
	data = slices.Clone(f.data[:len(f.synced)+n])
	damaged := data[len(data)-r.IntN(n+1):]
	switch r.IntN(3) {
	case 0:
		clear(damaged)
	case 1:
		for i := range damaged {
			damaged[i] = byte(r.IntN(256))
		}
	}
	return data
}

// Corrupt flips bits of a byte of a file, in what is read and what is durable.
func (m *Mem) Corrupt(name string, offset int64, mask byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.file("corrupt", name)
	if err != nil {
		return err
	}
	if offset < 0 || offset >= int64(len(f.data)) {
		return fmt.Errorf("corrupt %s: offset %d of %d", name, offset, len(f.data))
	}
	f.data = slices.Clone(f.data)
	f.data[offset] ^= mask
	f.synced = f.data[:min(len(f.synced), len(f.data))]
	return nil
}

func clean(name string) string { return strings.Trim(path.Clean("/"+name), "/") }

func notExist(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }

// dir returns the folder of a cleaned name; "" is the root.
func (m *Mem) dir(op, name string) (*memDir, error) {
	d := m.root
	if name == "" || name == "." {
		return d, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		next, ok := d.entries[part].(*memDir)
		if !ok {
			return nil, notExist(op, name)
		}
		d = next
	}
	return d, nil
}

func (m *Mem) parent(op, name string) (*memDir, string, error) {
	name = clean(name)
	d, err := m.dir(op, path.Dir(name))
	return d, path.Base(name), err
}

func (m *Mem) file(op, name string) (*memFile, error) {
	d, base, err := m.parent(op, name)
	if err != nil {
		return nil, err
	}
	f, ok := d.entries[base].(*memFile)
	if !ok {
		return nil, notExist(op, name)
	}
	return f, nil
}

// Create implements FS.
func (m *Mem) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.parent("create", name)
	if err != nil {
		return nil, err
	}
	f, ok := d.entries[base].(*memFile)
	if !ok {
		f = &memFile{}
		d.entries[base] = f
	}
	f.data = nil
	return &memHandle{fs: m, file: f, write: true}, nil
}

// OpenFile implements FS.
func (m *Mem) OpenFile(name string, write bool) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.file("open", name)
	if err != nil {
		return nil, err
	}
	return &memHandle{fs: m, file: f, write: write}, nil
}

// Rename implements FS.
func (m *Mem) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.parent("rename", from)
	if err != nil {
		return err
	}
	target, newBase, err := m.parent("rename", to)
	if err != nil {
		return err
	}
	n, ok := d.entries[base]
	if !ok {
		return notExist("rename", from)
	}
	delete(d.entries, base)
	target.entries[newBase] = n
	return nil
}

// Remove implements FS.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, base, err := m.parent("remove", name)
	if err != nil {
		return err
	}
	if _, ok := d.entries[base]; !ok {
		return notExist("remove", name)
	}
	delete(d.entries, base)
	return nil
}

// ReadDir implements FS.
func (m *Mem) ReadDir(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.dir("readdir", clean(dir))
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(d.entries)), nil
}

// MkdirAll implements FS.
func (m *Mem) MkdirAll(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.root
	name := clean(dir)
	if name == "" {
		return nil
	}
	for part := range strings.SplitSeq(name, "/") {
		switch next := d.entries[part].(type) {
		case *memDir:
			d = next
		case nil:
			made := newMemDir()
			d.entries[part] = made
			d = made
		default:
			return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist}
		}
	}
	return nil
}

// SyncDir implements FS.
func (m *Mem) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, err := m.dir("syncdir", clean(dir))
	if err != nil {
		return err
	}
	d.synced = maps.Clone(d.entries)
	return nil
}

// Stat implements FS.
func (m *Mem) Stat(name string) (Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.dir("stat", clean(name)); err == nil {
		return Info{IsDir: true}, nil
	}
	f, err := m.file("stat", name)
	if err != nil {
		return Info{}, err
	}
	return Info{SizeBytes: int64(len(f.data))}, nil
}

// Lock implements FS.
func (m *Mem) Lock(name string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, _, err := m.parent("lock", name); err != nil {
		return nil, err
	}
	if m.locks[clean(name)] {
		return nil, fmt.Errorf("%s is held by this process: %w", name, ErrLocked)
	}
	m.locks[clean(name)] = true
	return &memLock{fs: m, name: clean(name)}, nil
}

type memLock struct {
	fs   *Mem
	name string
	once sync.Once
}

func (l *memLock) Close() error {
	l.once.Do(func() {
		l.fs.mu.Lock()
		defer l.fs.mu.Unlock()
		delete(l.fs.locks, l.name)
	})
	return nil
}

// memHandle is an open file of a Mem.
type memHandle struct {
	fs     *Mem
	file   *memFile
	write  bool
	closed bool
}

func (h *memHandle) check(op string, write bool) error {
	if h.closed {
		return fmt.Errorf("%s: %w", op, fs.ErrClosed)
	}
	if write && !h.write {
		return fmt.Errorf("%s: opened for reading: %w", op, fs.ErrPermission)
	}
	return nil
}

func (h *memHandle) ReadAt(p []byte, off int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.check("read", false); err != nil {
		return 0, err
	}
	if off >= int64(len(h.file.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.file.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *memHandle) Write(p []byte) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.check("write", true); err != nil {
		return 0, err
	}
	h.file.data = append(h.file.data, p...)
	return len(p), nil
}

func (h *memHandle) Truncate(size int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.check("truncate", true); err != nil {
		return err
	}
	if size < 0 || size > int64(len(h.file.data)) {
		return fmt.Errorf("truncate to %d of %d bytes: %w", size, len(h.file.data), fs.ErrInvalid)
	}
	h.file.data = slices.Clone(h.file.data[:size])
	return nil
}

func (h *memHandle) Sync() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.check("sync", false); err != nil {
		return err
	}
	h.file.synced = h.file.data[:len(h.file.data):len(h.file.data)]
	return nil
}

func (h *memHandle) Size() (int64, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	return int64(len(h.file.data)), h.check("size", false)
}

func (h *memHandle) Close() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.check("close", false); err != nil {
		return err
	}
	h.closed = true
	return nil
}
