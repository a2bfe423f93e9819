package rdf

import (
	"errors"
	"hash/maphash"
	"slices"
)

// MaxIsomorphismWork bounds the search of Isomorphic, in visits of a quad.
const MaxIsomorphismWork = 50_000_000

// ErrWorkLimit means that the datasets were too symmetric to compare within
// the work allowed.
var ErrWorkLimit = errors.New("rdf: compare datasets: work limit reached before an answer")

// Isomorphic tells whether a and b, taken as sets, are equal but for the
// labels of blank nodes (RDF 1.1 Concepts §3.6, §4.1). It is false if
// MaxIsomorphismWork does not suffice; IsomorphicWithin tells that apart.
func Isomorphic(a, b []Quad) bool {
	same, err := IsomorphicWithin(a, b, MaxIsomorphismWork)
	return same && err == nil
}

// IsomorphicWithin is Isomorphic with a limit of its own. Errors:
// ErrWorkLimit.
//
// Blank nodes are coloured by what surrounds them until the colours settle.
// Blank nodes that share a quad, directly or by others, form a part; parts of
// a are matched with parts of b one after another, which needs no search
// among them since isomorphism is an equivalence. Inside a part, nodes of
// equal colour are told apart by trial.
func IsomorphicWithin(a, b []Quad, maxWork int) (bool, error) {
	m := &matcher{work: maxWork, seed: maphash.MakeSeed()}
	ga, groundA := m.split(a)
	gb, groundB := m.split(b)
	if len(groundA) != len(groundB) || len(ga.quads) != len(gb.quads) || len(ga.nodes) != len(gb.nodes) {
		return false, nil
	}
	for q := range groundA {
		if _, ok := groundB[q]; !ok {
			return false, nil
		}
	}
	ca, err := m.refine(ga, make([]uint64, len(ga.nodes)))
	if err != nil {
		return false, err
	}
	cb, err := m.refine(gb, make([]uint64, len(gb.nodes)))
	if err != nil {
		return false, err
	}
	return m.matchParts(ga.parts(ca), gb.parts(cb))
}

// matcher holds what the two sides share.
type matcher struct {
	work int
	seed maphash.Seed
}

// nodeGraph is a set of quads with blank nodes, which are numbered.
type nodeGraph struct {
	quads []nodeQuad
	nodes [][]int // node → indexes of its quads
	color []uint64
}

// nodeQuad has in node, for each term and each term inside a triple term, the
// number of the blank node, -1 for others, and in ground a hash of the other
// terms and their places.
type nodeQuad struct {
	quad   Quad
	node   []int
	ground uint64
}

func (m *matcher) spend(n int) error {
	if m.work -= n; m.work < 0 {
		return ErrWorkLimit
	}
	return nil
}

func (m *matcher) split(quads []Quad) (*nodeGraph, map[Quad]struct{}) {
	g, ground := &nodeGraph{}, map[Quad]struct{}{}
	numbers, seen := map[Term]int{}, map[Quad]struct{}{}
	for _, q := range quads {
		if !q.S.HasBNode() && !q.P.HasBNode() && !q.O.HasBNode() && !q.G.HasBNode() {
			ground[q] = struct{}{}
			continue
		}
		if _, ok := seen[q]; ok {
			continue
		}
		seen[q] = struct{}{}
		nq := nodeQuad{quad: q, node: make([]int, 0, 4)}
		part := func(t Term) {
			if !t.IsBNode() {
				nq.node = append(nq.node, -1)
				nq.ground = mix(nq.ground, maphash.Comparable(m.seed, t))
				return
			}
			n, ok := numbers[t]
			if !ok {
				n = len(g.nodes)
				numbers[t] = n
				g.nodes = append(g.nodes, nil)
			}
			nq.node = append(nq.node, n)
			nq.ground = mix(nq.ground, 0)
			if qs := g.nodes[n]; len(qs) == 0 || qs[len(qs)-1] != len(g.quads) {
				g.nodes[n] = append(qs, len(g.quads))
			}
		}
		for _, t := range q.terms() {
			nq.ground = mix(nq.ground, uint64(t.tripleDepth()))
			t.eachPart(part)
		}
		g.quads = append(g.quads, nq)
	}
	return g, ground
}

// mix combines hashes in order.
func mix(h, x uint64) uint64 {
	h = (h ^ x) * 0x9E3779B97F4A7C15
	return h ^ h>>29
}

// refine colours each node by its colour and the sum over its quads of what
// else stands in them and where, until the number of colours stays.
func (m *matcher) refine(g *nodeGraph, color []uint64) ([]uint64, error) {
	classes := countColors(color)
	for {
		next := make([]uint64, len(color))
		for n, quads := range g.nodes {
			if err := m.spend(len(quads)); err != nil {
				return nil, err
			}
			var sum uint64
			for _, qi := range quads {
				sum += g.quads[qi].around(n, color)
			}
			next[n] = mix(color[n]+1, sum)
		}
		n := countColors(next)
		if n <= classes || n == len(next) {
			return next, nil
		}
		color, classes = next, n
	}
}

// around hashes the quad as node n sees it.
func (q *nodeQuad) around(n int, color []uint64) uint64 {
	h := q.ground
	for _, other := range q.node {
		switch other {
		case -1:
			h = mix(h, 1)
		case n:
			h = mix(h, 2)
		default:
			h = mix(h, color[other]|4)
		}
	}
	return h
}

func countColors(color []uint64) int {
	seen := make(map[uint64]struct{}, len(color))
	for _, c := range color {
		seen[c] = struct{}{}
	}
	return len(seen)
}

// parts splits g into its connected parts, each with its colours.
func (g *nodeGraph) parts(color []uint64) []*nodeGraph {
	root := make([]int, len(g.nodes))
	for i := range root {
		root[i] = i
	}
	find := func(n int) int {
		for root[n] != n {
			root[n] = root[root[n]]
			n = root[n]
		}
		return n
	}
	for i := range g.quads {
		first := -1
		for _, n := range g.quads[i].node {
			switch {
			case n < 0:
			case first < 0:
				first = n
			default:
				root[find(n)] = find(first)
			}
		}
	}
	var parts []*nodeGraph
	partOf, number := map[int]*nodeGraph{}, make([]int, len(g.nodes))
	for n := range g.nodes {
		p := partOf[find(n)]
		if p == nil {
			p = &nodeGraph{}
			partOf[find(n)] = p
			parts = append(parts, p)
		}
		number[n] = len(p.nodes)
		p.nodes = append(p.nodes, nil)
		p.color = append(p.color, color[n])
	}
	for _, q := range g.quads {
		p := g.partOfQuad(q, partOf, find)
		q.node = slices.Clone(q.node)
		for i, n := range q.node {
			if n < 0 {
				continue
			}
			k := number[n]
			q.node[i] = k
			if qs := p.nodes[k]; len(qs) == 0 || qs[len(qs)-1] != len(p.quads) {
				p.nodes[k] = append(qs, len(p.quads))
			}
		}
		p.quads = append(p.quads, q)
	}
	return parts
}

func (g *nodeGraph) partOfQuad(q nodeQuad, partOf map[int]*nodeGraph, find func(int) int) *nodeGraph {
	for _, n := range q.node {
		if n >= 0 {
			return partOf[find(n)]
		}
	}
	return nil
}

// signature is equal for isomorphic parts.
func (g *nodeGraph) signature() uint64 {
	var sum uint64
	for _, c := range g.color {
		sum += mix(0, c)
	}
	return mix(sum, uint64(len(g.quads)))
}

func (m *matcher) matchParts(as, bs []*nodeGraph) (bool, error) {
	if len(as) != len(bs) {
		return false, nil
	}
	free := map[uint64][]*nodeGraph{}
	for _, b := range bs {
		s := b.signature()
		free[s] = append(free[s], b)
	}
	for _, a := range as {
		s := a.signature()
		found := -1
		for i := len(free[s]) - 1; i >= 0 && found < 0; i-- {
			same, err := m.match(a, free[s][i], a.color, free[s][i].color)
			if err != nil {
				return false, err
			}
			if same {
				found = i
			}
		}
		if found < 0 {
			return false, nil
		}
		free[s] = slices.Delete(free[s], found, found+1)
	}
	return true, nil
}

// match looks for an isomorphism of two parts that keeps colours.
func (m *matcher) match(a, b *nodeGraph, ca, cb []uint64) (bool, error) {
	if len(a.quads) != len(b.quads) || len(a.nodes) != len(b.nodes) {
		return false, nil
	}
	classA, classB := colorClasses(ca), colorClasses(cb)
	pick := -1
	for n, c := range ca {
		if len(classA[c]) != len(classB[c]) {
			return false, nil
		}
		if size := len(classA[c]); size > 1 && (pick < 0 || size < len(classA[ca[pick]])) {
			pick = n
		}
	}
	if pick < 0 {
		return m.verify(a, b, ca, classB)
	}
	na, err := m.refine(a, recolor(ca, pick))
	if err != nil {
		return false, err
	}
	for _, candidate := range classB[ca[pick]] {
		nb, err := m.refine(b, recolor(cb, candidate))
		if err != nil {
			return false, err
		}
		if same, err := m.match(a, b, na, nb); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// recolor gives node n a colour of its own.
func recolor(color []uint64, n int) []uint64 {
	c := slices.Clone(color)
	c[n] = mix(c[n], 0x5BD1E995)
	return c
}

func colorClasses(color []uint64) map[uint64][]int {
	classes := make(map[uint64][]int, len(color))
	for n, c := range color {
		classes[c] = append(classes[c], n)
	}
	return classes
}

// verify checks, term by term, the one mapping that the colours leave.
func (m *matcher) verify(a, b *nodeGraph, ca []uint64, classB map[uint64][]int) (bool, error) {
	if err := m.spend(len(a.quads)); err != nil {
		return false, err
	}
	inB := make(map[Quad]struct{}, len(b.quads))
	label := make([]Term, len(b.nodes))
	for _, q := range b.quads {
		inB[q.quad] = struct{}{}
		q.eachNode(func(n int, t Term) { label[n] = t })
	}
	for _, q := range a.quads {
		same := make(map[string]Term, 4)
		q.eachNode(func(n int, t Term) { same[t.value] = label[classB[ca[n]][0]] })
		to := func(label string) Term { return same[label] }
		if _, ok := inB[q.quad.mapBNodes(to)]; !ok {
			return false, nil
		}
	}
	return true, nil
}

// eachNode calls f with the number and term of each blank node.
func (q *nodeQuad) eachNode(f func(n int, t Term)) {
	i := 0
	for _, t := range q.quad.terms() {
		t.eachPart(func(part Term) {
			if n := q.node[i]; n >= 0 {
				f(n, part)
			}
			i++
		})
	}
}

func (q Quad) mapBNodes(f func(label string) Term) Quad {
	return Quad{q.S.MapBNodes(f), q.P.MapBNodes(f), q.O.MapBNodes(f), q.G.MapBNodes(f)}
}

func (q Quad) terms() [4]Term { return [4]Term{q.S, q.P, q.O, q.G} }
