package cayley

import (
	"context"
	"fmt"
	"maps"

	cayley "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/iterator"
	"github.com/cayleygraph/quad"

	"nettwin/graph"
)

// fanout is how many quads a node is thought to have in a position where
// nobody counted them; Cayley thinks the same.
const fanout = 20

// maxEstimate keeps products of estimates within an int64.
const maxEstimate = 1 << 31

// link is an iterator over the quads that match a pattern and have, in one
// position, a node of another iterator. Cayley's LinksTo, in its place, would
// scan without the pattern, and forget a node's further paths after the first
// of its quads.
type link struct {
	qs      *QuadStore
	pattern graph.Pattern
	dir     quad.Direction
	nodes   cayley.IteratorShape
}

func (s *link) String() string { return fmt.Sprintf("NettwinLink(%v of %v)", s.dir, s.pattern) }

// Iterate lists the nodes, and the quads of each.
func (s *link) Iterate() cayley.Scanner {
	return &linkScanner{link: s, nodes: s.nodes.Iterate(), scan: scan{qs: s.qs, done: true}}
}

// Lookup asks for the node of a quad.
func (s *link) Lookup() cayley.Index { return &linkIndex{link: s, nodes: s.nodes.Lookup()} }

func (s *link) AsLegacy() cayley.Iterator { return newIterator(s) }

func (s *link) SubIterators() []cayley.IteratorShape { return []cayley.IteratorShape{s.nodes} }

// Optimize optimizes the nodes.
func (s *link) Optimize(ctx context.Context) (cayley.IteratorShape, bool) {
	nodes, ok := s.nodes.Optimize(ctx)
	if !ok {
		return s, false
	}
	better := *s
	better.nodes = nodes
	return &better, true
}

// Stats counts the quads of fixed nodes, and estimates those of others. The
// estimate has no bound, so that long chains of links look as dear as they are.
func (s *link) Stats(ctx context.Context) (cayley.IteratorCosts, error) {
	st, err := s.nodes.Stats(ctx)
	if err != nil {
		return st, err
	}
	costs := cayley.IteratorCosts{NextCost: 2 + st.NextCost, ContainsCost: quadContainsCost + st.ContainsCost}
	if fixed, ok := cayley.AsLegacy(s.nodes).(*iterator.Fixed); ok {
		costs.Size.Exact = true
		for _, ref := range fixed.Values() {
			p, ok, err := s.qs.narrow(s.pattern, s.dir, ref)
			if err != nil {
				return costs, err
			} else if !ok {
				continue
			}
			size, err := s.qs.count(ctx, p)
			if err != nil {
				return costs, err
			}
			costs.Size.Size += size.Size
		}
		return costs, nil
	}
	costs.Size.Size = min(fanout*st.Size.Size, maxEstimate)
	return costs, nil
}

// linkScanner lists quads node by node. It keeps the tags of all paths to the
// node, for each of its quads.
type linkScanner struct {
	link  *link
	nodes cayley.Scanner
	paths []map[string]cayley.Ref
	at    int
	scan  scan
	cur   cayley.Ref
	err   error
}

func (it *linkScanner) String() string { return "NettwinLinkScanner" }

func (it *linkScanner) Next(ctx context.Context) bool {
	for it.err == nil {
		if q, ok := it.scan.step(ctx); ok {
			it.cur, it.at = quadRef(q), 0
			return true
		}
		if it.err = it.scan.err; it.err != nil || !it.nextNode(ctx) {
			break
		}
	}
	it.cur = nil
	return false
}

func (it *linkScanner) nextNode(ctx context.Context) bool {
	if !it.nodes.Next(ctx) {
		it.err = it.nodes.Err()
		return false
	}
	ref := it.nodes.Result()
	it.paths = it.paths[:0]
	for more := true; more; more = it.nodes.NextPath(ctx) {
		tags := map[string]cayley.Ref{}
		it.nodes.TagResults(tags)
		it.paths = append(it.paths, tags)
	}
	p, ok, err := it.link.qs.narrow(it.link.pattern, it.link.dir, ref)
	it.scan = scan{qs: it.link.qs, pattern: p, rows: it.scan.rows[:0], done: !ok}
	it.err = err
	return err == nil
}

func (it *linkScanner) NextPath(context.Context) bool {
	if it.at+1 >= len(it.paths) {
		return false
	}
	it.at++
	return true
}

func (it *linkScanner) TagResults(tags map[string]cayley.Ref) {
	if it.at < len(it.paths) {
		maps.Copy(tags, it.paths[it.at])
	}
}

func (it *linkScanner) Result() cayley.Ref { return it.cur }

func (it *linkScanner) Err() error { return it.err }

func (it *linkScanner) Close() error {
	it.scan.close()
	return it.nodes.Close()
}

// linkIndex tests quads.
type linkIndex struct {
	link  *link
	nodes cayley.Index
	cur   cayley.Ref
}

func (it *linkIndex) String() string { return "NettwinLinkIndex" }

func (it *linkIndex) Contains(ctx context.Context, ref cayley.Ref) bool {
	q, ok := ref.(quadRef)
	if !ok || !it.link.pattern.Matches(graph.Quad(q)) {
		return false
	}
	n := it.link.qs.nodeAt(q[position(it.link.dir)])
	if n == nil || !it.nodes.Contains(ctx, n) {
		return false
	}
	it.cur = ref
	return true
}

func (it *linkIndex) NextPath(ctx context.Context) bool { return it.nodes.NextPath(ctx) }

func (it *linkIndex) TagResults(tags map[string]cayley.Ref) { it.nodes.TagResults(tags) }

func (it *linkIndex) Result() cayley.Ref { return it.cur }

func (it *linkIndex) Err() error { return it.nodes.Err() }

func (it *linkIndex) Close() error { return it.nodes.Close() }
