package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
	"nettwin/internal/invariant"
)

// Nodes are read in blocks, of which a few are kept.
const (
	blockNodes = 64
	maxBlocks  = 256
)

// History is the tree of commits. One writer calls Append and Save; any number
// of readers search meanwhile.
type History struct {
	fs   vfs.FS
	name string
	salt []byte

	mu    sync.RWMutex
	file  vfs.File // nil: none yet
	saved graph.CommitSeq
	young []Node // those after saved

	reading sync.Mutex
	blocks  map[uint64][]Node
}

// Open opens the file of a history that has so many commits; what follows them
// is debris, which is cut off. Errors: *graph.CorruptionError, those of the
// file system.
func Open(fsys vfs.FS, name string, salt []byte, length graph.CommitSeq) (*History, error) {
	return open(fsys, name, salt, length, true)
}

// Inspect is Open for one who only reads: debris stays.
func Inspect(fsys vfs.FS, name string, salt []byte, length graph.CommitSeq) (*History, error) {
	return open(fsys, name, salt, length, false)
}

func open(fsys vfs.FS, name string, salt []byte, length graph.CommitSeq, write bool) (*History, error) {
	h := &History{fs: fsys, name: name, salt: salt, saved: length, blocks: map[uint64][]Node{}}
	if length == 0 {
		return h, nil
	}
	f, err := fsys.OpenFile(name, write)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, h.corrupt(0, "the file is missing")
	}
	if err != nil {
		return nil, err
	}
	h.file = f
	if err := h.check(write); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return h, nil
}

// check holds the file against the length that it must have.
func (h *History) check(cut bool) error {
	size, err := h.file.Size()
	if err != nil {
		return fmt.Errorf("open %s: %w", h.name, err)
	}
	want := offset(h.saved + 1)
	if size < want {
		return h.corrupt(size, fmt.Sprintf("the file is cut short: %d commits have to be in it", h.saved))
	}
	head := make([]byte, headerLen)
	if err := h.read(head, 0); err != nil {
		return err
	}
	if string(head) != string(encodeHeader(h.salt)) {
		return h.corrupt(0, "the header is not that of a history of this store")
	}
	if size > want && cut {
		if err := h.file.Truncate(want); err != nil {
			return err
		}
		return h.file.Sync()
	}
	return nil
}

func offset(seq graph.CommitSeq) int64 { return headerLen + int64(seq-1)*nodeLen }

func (h *History) corrupt(at int64, reason string) error {
	return &graph.CorruptionError{File: h.name, Offset: at, Reason: reason}
}

func (h *History) read(b []byte, at int64) error { return intact.ReadAt(h.file, h.name, at, b) }

// Len returns how many commits there are.
func (h *History) Len() graph.CommitSeq {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.saved + graph.CommitSeq(len(h.young))
}

// SizeBytes is the length of the file.
func (h *History) SizeBytes() int64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.saved == 0 {
		return 0
	}
	return offset(h.saved + 1)
}

// SizeOf is the length of the file up to a commit.
func (h *History) SizeOf(seq graph.CommitSeq) int64 { return offset(seq + 1) }

// Node returns a commit; the zero Node for 0.
func (h *History) Node(seq graph.CommitSeq) (Node, error) {
	if seq == 0 {
		return Node{}, nil
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if seq > h.saved {
		if i := seq - h.saved - 1; i < graph.CommitSeq(len(h.young)) {
			return h.young[i], nil
		}
		return Node{}, fmt.Errorf("history: commit %d: %w", seq, graph.ErrNoVersion)
	}
	return h.fromFile(seq)
}

// fromFile reads the block of a node. The caller holds mu.
func (h *History) fromFile(seq graph.CommitSeq) (Node, error) {
	at := uint64(seq-1) / blockNodes
	in := int(uint64(seq-1) % blockNodes)
	h.reading.Lock()
	defer h.reading.Unlock()
	nodes := h.blocks[at]
	if in < len(nodes) {
		return nodes[in], nil
	}
	first := graph.CommitSeq(at*blockNodes) + 1
	n := min(blockNodes, int(h.saved-first)+1)
	b := make([]byte, n*nodeLen)
	if err := h.read(b, offset(first)); err != nil {
		return Node{}, err
	}
	nodes = make([]Node, n)
	for i := range nodes {
		var err error
		number := first + graph.CommitSeq(i)
		if nodes[i], err = decodeNode(b[i*nodeLen:], h.salt, number); err != nil {
			return Node{}, h.corrupt(offset(number), err.Error())
		}
	}
	if len(h.blocks) >= maxBlocks {
		for other := range h.blocks {
			delete(h.blocks, other)
			break
		}
	}
	h.blocks[at] = nodes
	return nodes[in], nil
}

// Append adds the next commit. Parent, Time, Adds, Dels and Pos of n are
// given; the other fields are set.
func (h *History) Append(n Node) (Node, error) {
	p, err := h.Node(n.Parent)
	if err != nil {
		return Node{}, err
	}
	jump, err := h.Node(p.Jump)
	if err != nil {
		return Node{}, err
	}
	n.Jump = p.Seq
	if p.Seq != 0 {
		far, err := h.Node(jump.Jump)
		if err != nil {
			return Node{}, err
		}
		if p.Depth-jump.Depth == jump.Depth-far.Depth {
			n.Jump = far.Seq
		}
	}
	n.Depth, n.Cum = p.Depth+1, p.Cum+n.Adds+n.Dels
	h.mu.Lock()
	defer h.mu.Unlock()
	n.Seq = h.saved + graph.CommitSeq(len(h.young)) + 1
	if invariant.Enabled && len(h.young) > 0 {
		invariant.Check(n.Time.After(h.young[len(h.young)-1].Time), "I2: times ascend")
	}
	h.young = append(h.young, n)
	return n, nil
}

// Save makes the commits up to a number durable.
func (h *History) Save(upTo graph.CommitSeq) error {
	h.mu.RLock()
	from := h.saved
	var b []byte
	for i := range h.young {
		if h.young[i].Seq <= upTo {
			b = h.young[i].append(b, h.salt)
		}
	}
	file := h.file
	h.mu.RUnlock()
	if len(b) == 0 {
		return nil
	}
	file, err := h.write(file, b, from)
	if err != nil {
		return fmt.Errorf("write %s: %w", h.name, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.file = file
	n := len(b) / nodeLen
	h.saved += graph.CommitSeq(n)
	h.young = append([]Node(nil), h.young[n:]...)
	return nil
}

// write appends nodes; to a new file if there were none.
func (h *History) write(file vfs.File, b []byte, from graph.CommitSeq) (vfs.File, error) {
	if from == 0 {
		if file != nil {
			file.Close()
		}
		var err error
		if file, err = h.fs.Create(h.name); err != nil {
			return nil, err
		}
		b = append(encodeHeader(h.salt), b...)
	}
	n, err := file.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = file.Sync()
	}
	return file, err
}

// Close closes the file.
func (h *History) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		return nil
	}
	return h.file.Close()
}

// Verify reads all nodes of the file and checks them. Errors:
// *graph.CorruptionError, ctx.Err(), those of the file system.
func (h *History) Verify(ctx context.Context) error {
	h.mu.RLock()
	saved := h.saved
	h.mu.RUnlock()
	var last time.Time
	for seq := graph.CommitSeq(1); seq <= saved; seq++ {
		if seq%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := h.Node(seq)
		if err != nil {
			return err
		}
		p, err := h.Node(n.Parent)
		if err != nil {
			return err
		}
		if n.Depth != p.Depth+1 || n.Cum != p.Cum+n.Adds+n.Dels {
			return h.corrupt(offset(seq), fmt.Sprintf("I1: commit %d does not follow from commit %d", seq, n.Parent))
		}
		if seq > 1 && !n.Time.After(last) {
			return h.corrupt(offset(seq), fmt.Sprintf("I2: commit %d is dated %s, not after the one before", seq, n.Time))
		}
		last = n.Time
	}
	return nil
}
