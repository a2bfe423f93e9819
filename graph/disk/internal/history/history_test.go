package history

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/vfs"
)

var (
	salt  = []byte("salt")
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// grow appends commits that follow mostly the newest of a few branches.
func grow(t *testing.T, h *History, r *rand.Rand, n int) {
	t.Helper()
	for range n {
		seq := h.Len() + 1
		parent := seq - 1
		if r.IntN(5) == 0 {
			parent = graph.CommitSeq(r.Uint64N(uint64(seq)))
		}
		got, err := h.Append(Node{Parent: parent, Time: start.Add(time.Duration(seq) * time.Second), Adds: uint64(r.IntN(9)), Dels: 1, Pos: uint64(seq) * 100})
		if err != nil || got.Seq != seq {
			t.Fatalf("commit %d: %+v, %v", seq, got, err)
		}
	}
}

// line lists a commit and its ancestors, oldest first, by their parents alone.
func line(t *testing.T, h *History, from graph.CommitSeq) (out []graph.CommitSeq) {
	t.Helper()
	for seq := from; seq != 0; {
		out = append([]graph.CommitSeq{seq}, out...)
		n, err := h.Node(seq)
		if err != nil {
			t.Fatal(err)
		}
		seq = n.Parent
	}
	return out
}

// checkSearches compares searches with walks over lists.
func checkSearches(t *testing.T, h *History, r *rand.Rand) {
	t.Helper()
	for range 300 {
		from, seq := graph.CommitSeq(r.Uint64N(uint64(h.Len()+1))), graph.CommitSeq(r.Uint64N(uint64(h.Len()+1)))
		var before, after, meet graph.CommitSeq
		list := line(t, h, from)
		for _, s := range list {
			if s <= seq {
				before = s
			} else if after == 0 {
				after = s
			}
		}
		for i, s := range line(t, h, seq) {
			if i < len(list) && list[i] == s {
				meet = s
			}
		}
		for name, f := range map[string]func() (Node, error){
			"ancestor": func() (Node, error) { return h.Ancestor(from, seq) },
			"as of":    func() (Node, error) { return h.AsOf(from, start.Add(time.Duration(seq)*time.Second)) },
		} {
			if n, err := f(); n.Seq != before || err != nil {
				t.Fatalf("%s of %d from %d: %d, %v; want %d", name, seq, from, n.Seq, err, before)
			}
		}
		if n, err := h.After(from, seq); n.Seq != after || err != nil {
			t.Fatalf("after %d towards %d: %d, %v; want %d", seq, from, n.Seq, err, after)
		}
		if n, err := h.Meet(from, seq); n.Seq != meet || err != nil {
			t.Fatalf("%d meets %d in %d, %v; want %d", from, seq, n.Seq, err, meet)
		}
	}
}

// Goal: searches along branches find what walks from parent to parent find,
// whether commits are in memory or in the file, also after opening again.
// Method: random trees of commits, saved in parts.
func TestSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	fs := vfs.NewMem()
	h, err := Open(fs, "history", salt, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		grow(t, h, r, 150)
		if err := h.Save(h.Len() - 70); err != nil {
			t.Fatal(err)
		}
		checkSearches(t, h, r)
	}
	saved := h.Len() - 70
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h, err = Open(fs, "history", salt, saved)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	grow(t, h, r, 100)
	checkSearches(t, h, r)
	if err := h.Verify(context.Background()); err != nil {
		t.Error(err)
	}
}

// Goal: a search along a long branch reads few nodes. Method: count the steps
// from the newest of 100,000 commits to any other.
func TestSearchIsShort(t *testing.T) {
	h, err := Open(vfs.NewMem(), "history", salt, 0)
	if err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	for seq := range graph.CommitSeq(n) {
		if _, err := h.Append(Node{Parent: seq, Time: start.Add(time.Duration(seq)), Adds: 1}); err != nil {
			t.Fatal(err)
		}
	}
	for seq := graph.CommitSeq(1); seq < n; seq += 997 {
		steps := 0
		if _, err := h.climb(n, func(n *Node) bool { steps++; return n.Seq <= seq }); err != nil || steps > 200 {
			t.Fatalf("commit %d after %d steps, %v", seq, steps, err)
		}
	}
}

// Goal: debris behind the length is cut off, and any changed or missing byte
// before it is found and named. Method: a file with more commits than the
// length says; flip each bit of it, cut it anywhere.
func TestDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	fs := vfs.NewMem()
	h, err := Open(fs, "history", salt, 0)
	if err != nil {
		t.Fatal(err)
	}
	grow(t, h, r, 8)
	if err := h.Save(8); err != nil {
		t.Fatal(err)
	}
	f, err := fs.OpenFile("history", false)
	if err != nil {
		t.Fatal(err)
	}
	whole := make([]byte, offset(9))
	if _, err := f.ReadAt(whole, 0); err != nil {
		t.Fatal(err)
	}
	verify := func(b []byte) error {
		fs := vfs.NewMem()
		f, err := fs.Create("history")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(b); err != nil {
			t.Fatal(err)
		}
		h, err := Open(fs, "history", salt, 5)
		if err != nil {
			return err
		}
		if h.SizeBytes() != offset(6) {
			t.Fatalf("%d bytes after opening", h.SizeBytes())
		}
		return errors.Join(h.Verify(context.Background()), h.Close())
	}
	if err := verify(whole); err != nil {
		t.Fatal(err)
	}
	var corrupt *graph.CorruptionError
	for at := range int(offset(6)) {
		b := append([]byte(nil), whole...)
		b[at] ^= 1 << (at % 8)
		if err := verify(b); !errors.As(err, &corrupt) || corrupt.Offset > int64(at) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
		if err := verify(whole[:at]); !errors.As(err, &corrupt) {
			t.Fatalf("cut at byte %d: %v", at, err)
		}
	}
}

// FuzzNode holds the decoder against panics, and what it accepts against its
// own encoding.
func FuzzNode(f *testing.F) {
	n := Node{Seq: 3, Parent: 2, Jump: 1, Depth: 2, Time: start, Adds: 1}
	f.Add(n.append(nil, salt), uint64(3))
	f.Fuzz(func(t *testing.T, b []byte, seq uint64) {
		if len(b) != nodeLen {
			return
		}
		if n, err := decodeNode(b, salt, graph.CommitSeq(seq)); err == nil && string(n.append(nil, salt)) != string(b) {
			t.Errorf("%+v is not what was read", n)
		}
	})
}
