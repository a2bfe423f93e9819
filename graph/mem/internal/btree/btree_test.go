package btree

import (
	"math/rand/v2"
	"slices"
	"testing"

	"nettwin/graph"
)

func randomKey(r *rand.Rand, spread int) Key {
	var k Key
	for i := range k {
		k[i] = graph.TermID(r.IntN(spread))
	}
	return k
}

// contents returns all keys by iterating.
func contents(t Tree) []Key {
	var it Iter
	it.Seek(t, 0)
	var out []Key
	for {
		cols, n := it.Run(graph.ChunkRows)
		if n == 0 {
			return out
		}
		for i := range n {
			out = append(out, Key{cols[0][i], cols[1][i], cols[2][i], cols[3][i]})
		}
	}
}

func verify(t *testing.T, tree Tree, want []Key) {
	t.Helper()
	if err := tree.Verify(); err != nil {
		t.Fatal(err)
	}
	if got := contents(tree); !slices.Equal(got, want) {
		t.Fatalf("%d keys, want %d", len(got), len(want))
	}
}

// Goal: the tree is a sorted set, and versions never change after the edit
// that made them. Method: random inserts and deletes in many edits against a
// map; old versions are kept and looked at again at the end.
func TestAgainstMap(t *testing.T) {
	for _, spread := range []int{4, 7, 40} {
		r := rand.New(rand.NewPCG(uint64(spread), 1))
		set := map[Key]bool{}
		var tree Tree
		type version struct {
			tree Tree
			keys []Key
		}
		var versions []version
		for round := range 60 {
			e := NewEdit()
			deleting := round%12 >= 8 // whole stretches shrink the tree
			for range 200 {
				k := randomKey(r, spread)
				if deleting == (r.IntN(5) > 0) {
					if tree.Delete(e, k) != set[k] {
						t.Fatalf("delete of %v: present is %v", k, set[k])
					}
					delete(set, k)
				} else {
					if tree.Insert(e, k) == set[k] {
						t.Fatalf("insert of %v: present is %v", k, set[k])
					}
					set[k] = true
				}
			}
			keys := make([]Key, 0, len(set))
			for k := range set {
				keys = append(keys, k)
			}
			slices.SortFunc(keys, Compare)
			verify(t, tree, keys)
			versions = append(versions, version{tree, keys})
		}
		for _, v := range versions {
			verify(t, v.tree, v.keys)
		}
	}
}

// Goal: sequences that come in order, and their removal from either end, keep
// the invariants and fill the nodes. Method: ascending and descending inserts.
func TestInOrder(t *testing.T) {
	const n = 20000
	keys := make([]Key, n)
	for i := range keys {
		keys[i] = Key{graph.TermID(i / 100), graph.TermID(i % 100), 7, 1}
	}
	for name, order := range map[string]func(int) int{
		"ascending": func(i int) int { return i }, "descending": func(i int) int { return n - 1 - i },
	} {
		var tree Tree
		e := NewEdit()
		for i := range n {
			if !tree.Insert(e, keys[order(i)]) {
				t.Fatalf("%s: key %d was there", name, i)
			}
		}
		verify(t, tree, keys)
		half := tree
		e = NewEdit()
		for i := range n / 2 {
			if !half.Delete(e, keys[order(i)]) {
				t.Fatalf("%s: key %d was not there", name, i)
			}
		}
		verify(t, tree, keys)
		if err := half.Verify(); err != nil || half.Len() != n/2 {
			t.Fatalf("%s: %d keys left, %v", name, half.Len(), err)
		}
		for i := n / 2; i < n; i++ {
			half.Delete(e, keys[order(i)])
		}
		verify(t, half, nil)
	}
}

// Goal: ranks, ranges and iterators agree with positions in the sorted slice.
// Method: built trees of sizes around the nodes' borders.
func TestRanks(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, n := range []int{0, 1, 55, 56, 57, 1567, 1568, 1569, 50000} {
		keys := make([]Key, n)
		for i := range keys {
			keys[i] = Key{graph.TermID(i / 1000), graph.TermID(i / 10 % 100), graph.TermID(i % 10 * 2), 5}
		}
		tree := Build(NewEdit(), keys)
		verify(t, tree, keys)
		for range 300 {
			k := Key{graph.TermID(r.IntN(n/1000 + 2)), graph.TermID(r.IntN(102)), graph.TermID(r.IntN(21)), graph.TermID(r.IntN(10))}
			at, found := slices.BinarySearchFunc(keys, k, Compare)
			var it Iter
			if rank := tree.Rank(k); rank != uint64(at) || it.SeekKey(tree, k) != rank || tree.Has(k) != found {
				t.Fatalf("%d keys: rank of %v is %d, want %d", n, k, rank, at)
			}
			cols, got := it.Run(1)
			if (got == 1) != (at < n) || got == 1 && (Key{cols[0][0], cols[1][0], cols[2][0], cols[3][0]}) != keys[at] {
				t.Fatalf("%d keys: seek of %v finds %d rows", n, k, got)
			}
			plen := r.IntN(5)
			from, to := tree.Range(k, plen)
			count := 0
			for _, key := range keys {
				if slices.Equal(key[:plen], k[:plen]) {
					count++
				}
			}
			if to-from != uint64(count) {
				t.Fatalf("%d keys: range of %v (%d) is [%d, %d), want %d rows", n, k, plen, from, to, count)
			}
		}
	}
	top := Key{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}
	tree := Build(NewEdit(), []Key{{1, 2, 3, 4}, top})
	if from, to := tree.Range(top, 4); from != 1 || to != 2 {
		t.Errorf("range of the greatest key is [%d, %d)", from, to)
	}
}

// Goal: Diff yields exactly the keys of one side, sorted, and looks at little
// when versions share their nodes. Method: random pairs of related versions
// and of unrelated trees with the same keys.
func TestDiff(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	base := Tree{}
	e := NewEdit()
	for range 30000 {
		base.Insert(e, randomKey(r, 40))
	}
	keys := contents(base)
	for round := range 60 {
		a, b := base, base
		for _, side := range []*Tree{&a, &b} {
			e := NewEdit()
			for range r.IntN(1 + round*20) {
				side.Delete(e, keys[r.IntN(len(keys)/4)])
				side.Insert(e, randomKey(r, 40))
			}
		}
		if round%7 == 6 {
			b = Build(NewEdit(), contents(b)) // the same keys in other nodes
		}
		checkDiff(t, a, b)
		checkDiff(t, a, Tree{})
		checkDiff(t, Tree{}, b)
	}
}

func checkDiff(t *testing.T, a, b Tree) {
	t.Helper()
	var got, want []Key
	Diff(a, b, func(k Key, inB bool) bool {
		if a.Has(k) == inB || b.Has(k) != inB {
			t.Fatalf("diff yields %v (in b: %v): a has %v, b has %v", k, inB, a.Has(k), b.Has(k))
		}
		got = append(got, k)
		return true
	})
	for _, k := range contents(a) {
		if !b.Has(k) {
			want = append(want, k)
		}
	}
	for _, k := range contents(b) {
		if !a.Has(k) {
			want = append(want, k)
		}
	}
	slices.SortFunc(want, Compare)
	if !slices.Equal(got, want) {
		t.Fatalf("diff has %d keys, want %d, sorted", len(got), len(want))
	}
	n := 0
	Diff(a, b, func(Key, bool) bool { n++; return n < 3 })
	if n > 3 {
		t.Fatalf("diff went on after it was stopped: %d", n)
	}
}

// Goal: the diff of versions that are near each other does not visit what they
// share. Method: count the keys compared for one key of 100,000 deleted, which
// lies in one leaf on each side.
func TestDiffSkips(t *testing.T) {
	keys := make([]Key, 100000)
	for i := range keys {
		keys[i] = Key{graph.TermID(i), 1, 1, 1}
	}
	a := Build(NewEdit(), keys)
	b := a
	b.Delete(NewEdit(), keys[50000])
	x, y := newWalker(a), newWalker(b)
	compared := 0
	for !x.done || !y.done {
		if x.skipShared(y) {
			continue
		}
		x.toLeaf()
		y.toLeaf()
		compared += x.at.lf.n
		mergeLeaves(x, y, func(Key, bool) bool { return true })
	}
	if compared == 0 || compared > 2*leafCap {
		t.Errorf("%d keys compared for one difference", compared)
	}
}
