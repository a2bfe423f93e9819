package dict

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

var (
	ctx  = context.Background()
	salt = []byte("a store's salt")
)

func options(fs vfs.FS, files []uint64, last uint64) Options {
	return Options{FS: fs, Salt: salt, Cache: cache.New(200 << 10), Name: func(n uint64) string { return fmt.Sprintf("dict-%06d", n) }, Files: files, LastNum: last}
}

func open(t testing.TB, fs vfs.FS, files []uint64, last uint64) *Dict {
	t.Helper()
	d, err := Open(options(fs, files, last))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// term is one of any number of different terms of all kinds, some empty, some
// long.
func term(i int) rdf.Term {
	text := fmt.Sprintf("https://example.org/thing/%d", i/6)
	switch i % 6 {
	case 0:
		return rdf.IRI(text)
	case 1:
		return rdf.BNode(text)
	case 2:
		return rdf.String(text)
	case 3:
		return rdf.LangString(text, fmt.Sprintf("x-%d", i%7))
	case 4:
		return rdf.Literal(text, fmt.Sprintf("https://example.org/type%d", i%11))
	}
	switch i {
	case 5:
		return rdf.Literal("", "https://example.org/empty")
	case 11:
		return rdf.String(strings.Repeat("long ", 20000))
	}
	return rdf.String(text + strings.Repeat("-", i%50))
}

func add(t testing.TB, d *Dict, i int) graph.TermID {
	t.Helper()
	id, err := d.Add(term(i))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func check(t testing.TB, d *Dict, ids []graph.TermID) {
	t.Helper()
	terms, found, back := make([]graph.Term, len(ids)), make([]graph.TermID, len(ids)), make([]graph.Term, len(ids))
	for i := range ids {
		terms[i] = term(i)
	}
	if err := d.Find(terms, found); err != nil {
		t.Fatal(err)
	}
	if err := d.Terms(ids, back); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if found[i] != id || back[i] != terms[i] {
			t.Fatalf("term %d: found as %#x, want %#x; read as %v", i, uint64(found[i]), uint64(id), back[i])
		}
	}
	if err := d.Find([]graph.Term{rdf.IRI("absent"), {}, rdf.LangString("x", "absent")}, found[:3]); err != nil || found[0]|found[1]|found[2] != graph.None {
		t.Fatalf("absent terms are %v, %v", found[:3], err)
	}
}

// Goal: terms keep their ids and are found, in memory, in files and after
// opening again; files stay few and replaced ones go. Method: add, seal parts
// at odd places, reopen, compare; the model is the list of ids given.
func TestDict(t *testing.T) {
	fs := vfs.NewMem()
	d := open(t, fs, nil, 0)
	var ids []graph.TermID
	var files []uint64
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 12 {
		for range 200 + r.IntN(800) {
			ids = append(ids, add(t, d, len(ids)))
		}
		if again := add(t, d, r.IntN(len(ids))); int(again.Payload()) >= int(d.Len()) {
			t.Fatal("a term has two ids")
		}
		sealed, _ := d.Sealed()
		upTo := sealed + r.Uint64N(d.Len()-sealed+1)
		if err := d.Seal(ctx, upTo, func(list []uint64) error { files = list; return nil }); err != nil {
			t.Fatal(err)
		}
		check(t, d, ids)
		if round%4 == 3 {
			var young []Raw
			for n, _ := d.Sealed(); n < d.Len(); n++ {
				e, err := d.Raw(n)
				if err != nil {
					t.Fatal(err)
				}
				young = append(young, e)
			}
			d = open(t, fs, files, 100+uint64(round))
			for _, e := range young { // as the log would
				if err := d.AddRaw(e); err != nil {
					t.Fatal(err)
				}
			}
			check(t, d, ids)
		}
	}
	if err := d.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	names, err := fs.ReadDir(".")
	if err != nil || len(names) != len(files) || len(files) > 5 {
		t.Errorf("files %v, want %v, %v", names, files, err)
	}
}

// Goal: readers find and read terms while the writer adds and seals. Method:
// readers check ids that were announced to them.
func TestConcurrentReaders(t *testing.T) {
	d := open(t, vfs.NewMem(), nil, 0)
	const n = 4000
	given := make([]graph.TermID, n)
	ready := make(chan int, 64)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			var id [1]graph.TermID
			var back [1]graph.Term
			for i := range ready {
				err := errors.Join(d.Find([]graph.Term{term(i)}, id[:]), d.Terms([]graph.TermID{given[i]}, back[:]))
				if err != nil || id[0] != given[i] || back[0] != term(i) {
					t.Errorf("term %d: %#x, want %#x; %v, %v", i, uint64(id[0]), uint64(given[i]), back[0], err)
				}
			}
		})
	}
	seal := make(chan uint64, 1)
	wg.Go(func() {
		for upTo := range seal {
			if err := d.Seal(ctx, upTo, func([]uint64) error { return nil }); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range n {
		given[i] = add(t, d, i)
		ready <- i
		ready <- i / 2
		if i%500 == 499 {
			seal <- d.Len()
		}
	}
	close(ready)
	close(seal)
	wg.Wait()
}

// Goal: entries that no dictionary can have written are refused. Method: one
// of each.
func TestAddRawRefuses(t *testing.T) {
	d := open(t, vfs.NewMem(), nil, 0)
	if err := d.AddRaw(Raw{Kind: uint8(rdf.KindIRI), Text: "a"}); err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]Raw{
		"repeated":       {Kind: uint8(rdf.KindIRI), Text: "a"},
		"unknown kind":   {Kind: 9, Text: "b"},
		"IRI with type":  {Kind: uint8(rdf.KindIRI), Extra: 1, Text: "b"},
		"later entry":    {Kind: uint8(rdf.KindLiteral), Extra: 2, Text: "b"},
		"tag is no tag":  {Kind: uint8(rdf.KindLiteral), Lang: true, Extra: 1, Text: "b"},
		"tag is missing": {Kind: uint8(rdf.KindLiteral), Lang: true, Text: "b"},
	} {
		if err := d.AddRaw(e); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if d.Len() != 1 {
		t.Errorf("%d entries", d.Len())
	}
}

// Goal: when a file cannot be written, or the manifest not, the dictionary is
// as before and can be sealed again. Method: fail each changing operation.
func TestFailedSeal(t *testing.T) {
	broken := errors.New("broken")
	for n := 1; ; n++ {
		armed := false
		fail := vfs.FailNth(n, vfs.Fault{Err: broken}, func(op vfs.Op) bool { return armed && op.Kind.Changes() && op.Kind != vfs.OpRemove })
		d := open(t, vfs.Inject(vfs.NewMem(), fail), nil, 0)
		var ids []graph.TermID
		for i := range 900 {
			ids = append(ids, add(t, d, i))
		}
		armed = true
		err := d.Seal(ctx, d.Len(), func([]uint64) error { return nil })
		check(t, d, ids)
		if err == nil {
			if n < 3 {
				t.Fatalf("only %d operations", n-1)
			}
			break
		}
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		armed = false
		if err := d.Seal(ctx, d.Len(), func([]uint64) error { return broken }); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if err := d.Seal(ctx, d.Len(), func([]uint64) error { return nil }); err != nil {
			t.Fatal(err)
		}
		check(t, d, ids)
	}
}

// Goal: a flipped bit or a cut anywhere is found and named. Method: flip
// bytes of a file in turn, open and verify.
func TestEveryFlipIsFound(t *testing.T) {
	m := vfs.NewMem()
	d := open(t, m, nil, 0)
	for i := range 60 {
		if i != 11 { // the long one
			add(t, d, i)
		}
	}
	if err := d.Seal(ctx, d.Len(), func([]uint64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	info, err := m.Stat("dict-000001")
	if err != nil {
		t.Fatal(err)
	}
	verify := func() error {
		d, err := Open(options(m, []uint64{1}, 1))
		if err != nil {
			return err
		}
		return errors.Join(d.Verify(ctx), d.Close())
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	for at := range info.SizeBytes {
		m.Corrupt("dict-000001", at, 1<<(at%8))
		err := verify()
		m.Corrupt("dict-000001", at, 1<<(at%8))
		var corrupt *graph.CorruptionError
		if !errors.As(err, &corrupt) || corrupt.File != "dict-000001" {
			t.Fatalf("flip at %d of %d: %v", at, info.SizeBytes, err)
		}
	}
}

// FuzzPage decodes arbitrary bytes as a page: refused, or every entry reads
// and the page comes back when built again.
func FuzzPage(f *testing.F) {
	var b pageBuilder
	b.add(&Raw{Kind: uint8(rdf.KindIRI), Text: "https://example.org/"})
	b.add(&Raw{Kind: uint8(rdf.KindLiteral), Extra: 1, Text: ""})
	f.Add(b.take(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parsePage(raw)
		if err != nil {
			return
		}
		var b pageBuilder
		for i := range p.n {
			e := p.entry(i)
			b.add(&e)
		}
		if got := b.take(nil); string(got) != string(raw) {
			t.Fatalf("%d bytes come back as %d", len(raw), len(got))
		}
	})
}
