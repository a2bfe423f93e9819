package cayley

import (
	"context"
	"fmt"
	"sync"

	cayley "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/shape"
	"github.com/cayleygraph/quad"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Options of a QuadStore. The zero Options are usable.
type Options struct {
	// Generalized lets quads be more than RDF allows, such as a literal for a
	// subject, by storing surrogate IRIs. Use it for a store that only Cayley
	// writes; SPARQL sees the surrogates.
	Generalized bool
	// Note is the note of the commits that a branch gets; "cayley" if empty.
	Note string
}

// QuadStore is Cayley's graph.QuadStore over a snapshot or a branch. Iterators
// hold nothing between two reads, so none has to be closed. Safe for
// concurrent use; each iterator belongs to one goroutine.
//
// Cayley's interface has no place for some errors, in ValueOf or in the size
// of an iterator: then the answer is empty and Err tells the first of them.
type QuadStore struct {
	store  graph.Store // nil: a snapshot
	branch string
	opt    Options

	writing sync.Mutex // before mu: one ApplyDeltas at a time

	mu  sync.Mutex
	cur *version // nil: closed
	err error
}

var (
	_ cayley.QuadStore      = (*QuadStore)(nil)
	_ cayley.BatchQuadStore = (*QuadStore)(nil)
	_ shape.Optimizer       = (*QuadStore)(nil)
)

// version is a snapshot in use.
type version struct {
	graph.Snapshot
	users int // reads that run, and the QuadStore while it is its version

	counting sync.Mutex
	counted  bool
	nodes    int64
}

// New returns a QuadStore over a snapshot, which may be restricted by a view.
// Writing to it is an error. The QuadStore owns the snapshot: Close closes it.
func New(s graph.Snapshot, opt Options) *QuadStore {
	return &QuadStore{opt: opt, cur: &version{Snapshot: s, users: 1}}
}

// Open returns a QuadStore over a branch ("" is main) that reads the version
// which was the newest at Open, at its last write or at Refresh, whichever
// came last; an iterator that is under way goes on in the new version. Close
// leaves the store open.
func Open(store graph.Store, branch string, opt Options) (*QuadStore, error) {
	if opt.Note == "" {
		opt.Note = "cayley"
	}
	s, err := store.Snapshot(graph.At{Branch: branch})
	if err != nil {
		return nil, fmt.Errorf("cayley: open branch %q: %w", branch, err)
	}
	return &QuadStore{store: store, branch: branch, opt: opt, cur: &version{Snapshot: s, users: 1}}, nil
}

// Refresh makes the branch's newest version the one that is read. It does
// nothing for a snapshot.
func (qs *QuadStore) Refresh() error {
	if qs.store == nil {
		return nil
	}
	s, err := qs.store.Snapshot(graph.At{Branch: qs.branch})
	if err != nil {
		return fmt.Errorf("cayley: refresh branch %q: %w", qs.branch, err)
	}
	return qs.replace(&version{Snapshot: s, users: 1})
}

// replace makes v the version that is read.
func (qs *QuadStore) replace(v *version) error {
	qs.mu.Lock()
	old := qs.cur
	if old == nil {
		qs.mu.Unlock()
		v.Close()
		return graph.ErrClosed
	}
	qs.cur = v
	qs.mu.Unlock()
	return qs.release(old)
}

// read calls f with the version that is read now, which stays open meanwhile.
func (qs *QuadStore) read(f func(v *version) error) (err error) {
	qs.mu.Lock()
	v := qs.cur
	if v != nil {
		v.users++
	}
	qs.mu.Unlock()
	if v == nil {
		return graph.ErrClosed
	}
	defer func() {
		if cerr := qs.release(v); err == nil {
			err = cerr
		}
	}()
	return f(v)
}

// release closes a version that nobody uses any more.
func (qs *QuadStore) release(v *version) error {
	qs.mu.Lock()
	v.users--
	last := v.users == 0
	qs.mu.Unlock()
	if last {
		return v.Close()
	}
	return nil
}

// Close ends the QuadStore. Reads that run finish, later ones fail with
// graph.ErrClosed. It is idempotent.
func (qs *QuadStore) Close() error {
	qs.mu.Lock()
	v := qs.cur
	qs.cur = nil
	qs.mu.Unlock()
	if v == nil {
		return nil
	}
	return qs.release(v)
}

// Err returns the first error for which Cayley's interface has no place. A
// result is complete only if it is nil.
func (qs *QuadStore) Err() error {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	return qs.err
}

// note keeps the first error that cannot be returned.
func (qs *QuadStore) note(err error) {
	if err == nil {
		return
	}
	qs.mu.Lock()
	defer qs.mu.Unlock()
	if qs.err == nil {
		qs.err = err
	}
}

// ValueOf returns the node of a value, nil if no quad of the version has it.
func (qs *QuadStore) ValueOf(v quad.Value) cayley.Ref {
	if v == nil {
		return nil
	}
	var ref cayley.Ref
	qs.note(qs.read(func(ver *version) (err error) {
		ref, err = qs.find(ver, v)
		return err
	}))
	return ref
}

func (qs *QuadStore) find(v *version, value quad.Value) (cayley.Ref, error) {
	t, err := TermOf(value)
	if err != nil {
		return nil, nil // a value that is no term is in no quad
	}
	n, err := qs.nodeOf(v, t)
	if n == nil || err != nil {
		return nil, err
	}
	used, err := qs.used(v, n)
	if !used || err != nil {
		return nil, err
	}
	return n, nil
}

// RefsOf is ValueOf for many values; one that is not there is an error.
func (qs *QuadStore) RefsOf(ctx context.Context, values []quad.Value) ([]cayley.Ref, error) {
	refs := make([]cayley.Ref, len(values))
	err := qs.read(func(v *version) error {
		for i, value := range values {
			if err := ctx.Err(); err != nil {
				return err
			}
			ref, err := qs.find(v, value)
			if err != nil {
				return err
			}
			if ref == nil {
				return fmt.Errorf("cayley: value %s is in no quad", quad.StringOf(value))
			}
			refs[i] = ref
		}
		return nil
	})
	return refs, err
}

// NameOf returns the value of a node, nil if ref is none.
func (qs *QuadStore) NameOf(ref cayley.Ref) quad.Value {
	values, err := qs.ValuesOf(context.Background(), []cayley.Ref{ref})
	if err != nil {
		qs.note(err)
		return nil
	}
	return values[0]
}

// ValuesOf is NameOf for many nodes, with one look into the dictionary.
func (qs *QuadStore) ValuesOf(ctx context.Context, refs []cayley.Ref) ([]quad.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	values := make([]quad.Value, len(refs))
	ids := make([]graph.TermID, len(refs))
	for i, ref := range refs {
		switch ref := ref.(type) {
		case cayley.PreFetchedValue:
			values[i] = ref.NameOf()
		case generalNode:
			values[i] = ValueOfTerm(rdf.Term(ref))
		case node:
			ids[i] = graph.TermID(ref)
		}
	}
	terms := make([]rdf.Term, len(refs))
	err := qs.read(func(v *version) error { return v.Terms(ids, terms) })
	if err != nil {
		return nil, err
	}
	for i, t := range terms {
		if values[i] == nil {
			values[i] = ValueOfTerm(t)
		}
	}
	return values, nil
}

// Quad returns the quad that ref stands for, the zero Quad if ref is none.
func (qs *QuadStore) Quad(ref cayley.Ref) quad.Quad {
	q, ok := ref.(quadRef)
	if !ok {
		return quad.Quad{}
	}
	var t rdf.Quad
	err := qs.read(func(v *version) (err error) {
		t, err = graph.Resolve(v, graph.Quad(q))
		return err
	})
	if err != nil {
		qs.note(err)
		return quad.Quad{}
	}
	return qs.quadOf(t)
}

// QuadDirection returns the node at one position of a quad, nil for the label
// of a quad in the default graph.
func (qs *QuadStore) QuadDirection(ref cayley.Ref, d quad.Direction) cayley.Ref {
	q, ok := ref.(quadRef)
	if !ok {
		return nil
	}
	return qs.nodeAt(q[position(d)])
}

// QuadIterator returns the quads with a node at a position.
func (qs *QuadStore) QuadIterator(d quad.Direction, ref cayley.Ref) cayley.Iterator {
	return qs.quadsWith(graph.Pattern{}, d, ref)
}

// QuadIteratorSize returns the exact number of quads with a node at a position.
func (qs *QuadStore) QuadIteratorSize(ctx context.Context, d quad.Direction, ref cayley.Ref) (cayley.Size, error) {
	p, ok, err := qs.narrow(graph.Pattern{}, d, ref)
	if !ok || err != nil {
		return cayley.Size{Exact: err == nil}, err
	}
	return qs.count(ctx, p)
}

// QuadsAllIterator returns all quads.
func (qs *QuadStore) QuadsAllIterator() cayley.Iterator {
	return newIterator(&quads{qs: qs})
}

// NodesAllIterator returns every term that a quad has, each once.
func (qs *QuadStore) NodesAllIterator() cayley.Iterator {
	return newIterator(&allNodes{qs: qs})
}

// Stats returns how many quads there are, which is always exact, and how many
// nodes. Nodes are counted by a walk over two orders, once a version, where
// exact is asked for or few quads are to be walked over.
func (qs *QuadStore) Stats(ctx context.Context, exact bool) (cayley.Stats, error) {
	var st cayley.Stats
	var err error
	if st.Quads, err = qs.count(ctx, graph.Pattern{}); err != nil {
		return st, err
	}
	st.Nodes, err = qs.countNodes(ctx, exact)
	return st, err
}

// count is the exact number of quads that match p.
func (qs *QuadStore) count(ctx context.Context, p graph.Pattern) (size cayley.Size, err error) {
	if err := ctx.Err(); err != nil {
		return size, err
	}
	err = qs.read(func(v *version) error {
		n, err := v.Count(p)
		size = cayley.Size{Size: int64(n), Exact: true}
		return err
	})
	return size, err
}
