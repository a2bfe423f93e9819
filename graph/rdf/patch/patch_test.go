package patch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/graph/rdf/patch"
)

// rowsOf reads all rows as they print.
func rowsOf(text string) (out []string, err error) {
	r := patch.NewReader(strings.NewReader(text))
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		text := fmt.Sprint(row.Line, " ", row.Op)
		if row.Name != "" {
			text += " " + row.Name
		}
		if !row.Term.IsZero() {
			text += " " + row.Term.String()
		}
		if !row.Quad.P.IsZero() {
			text += " " + row.Quad.String()
		}
		out = append(out, text)
	}
}

// Goal: every row that the format has is read, however it is spaced. Method:
// the rows that the documentation of RDF Patch shows, and variants.
func TestRows(t *testing.T) {
	long := strings.Repeat("x", 65530)
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"# nothing\n\n   \n", nil},
		{"H id <uuid:0686c69d-8f89-4496-acb5-744f0157a8db> .\nH prev <uuid:3ee0eca0-6d5f-4b4d-85db-f69ab1167eb1> .\nTX .\n" +
			"PA \"rdf\" \"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" .\nA <http://example/SubClass> <http://www.w3.org/2000/01/rdf-schema#label> \"SubClass\" .\nTC .\n",
			[]string{"1 H id <uuid:0686c69d-8f89-4496-acb5-744f0157a8db>", "2 H prev <uuid:3ee0eca0-6d5f-4b4d-85db-f69ab1167eb1>", "3 TX",
				`4 PA rdf "http://www.w3.org/1999/02/22-rdf-syntax-ns#"`, `5 A <http://example/SubClass> <http://www.w3.org/2000/01/rdf-schema#label> "SubClass" .`, "6 TC"}},
		{"TX.\r\n\tA   <a:s> <a:p> \"A . D\" <a:g>.\r\n D _:b <a:p> <_:c> <_:g> . # why\r\nTA .", []string{"1 TX", `2 A <a:s> <a:p> "A . D" <a:g> .`, "3 D _:b <a:p> _:c _:g .", "4 TA"}},
		{"TB .\nPA ex <http://e/> .\nPA ex: <http://e/> <a:g> .\nPD \"ex\" .\nPD ex .\nTC .", []string{"1 TX", "2 PA ex <http://e/>", "3 PA ex <http://e/>", "4 PD ex", "5 PD ex", "6 TC"}},
		{`H "a b" "v \" . x"@en .`, []string{`1 H a b "v \" . x"@en`}},
		{`A <a:s> <a:p> "a <_:x> \" <_:y> \\" .` + "\n" + `A <a:s> <a:p> _:anon-1 .` + "\n" + `D <_:anon-1_> <a:p> <a:o> .`,
			[]string{`1 A <a:s> <a:p> "a <_:x> \" <_:y> \\" .`, "2 A <a:s> <a:p> _:anon-1 .", "3 D _:anon-1_ <a:p> <a:o> ."}},
		{"A <a:s> <a:p> <<( _:anon-2 <a:p> _:b )>> .", []string{"1 A <a:s> <a:p> <<( _:anon-2 <a:p> _:b )>> ."}},
	} {
		if got, err := rowsOf(c.in); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s\ngot  %q, %v\nwant %q", c.in, got, err, c.want)
		}
	}
	for cut := range 24 { // <_: at the end of the buffer
		row := `A <a:s> <a:p> "` + long[cut:] + `" <_:g> .` + "\nTX .\n"
		got, err := rowsOf(row)
		if err != nil || len(got) != 2 || !strings.HasSuffix(got[0], `xxx" _:g .`) {
			t.Fatalf("long row less %d: %d rows, %v", cut, len(got), err)
		}
	}
}

// Goal: what is no row is refused where it is, and no quad is taken for that of
// another row. Method: each fault with its place.
func TestFaults(t *testing.T) {
	for in, want := range map[string]string{
		"B <a:s> <a:p> <a:o> .":                             `1:1: "B <a:s> <a:p> <a:o> …" begins no row`,
		"TX .\nTXX .":                                       `2:1: "TXX ." begins no row`,
		"A .\nD <a:s> <a:p> <a:o> .":                        "1:2: expected a subject",
		"A\nD <a:s> <a:p> <a:o> .":                          "1:2: expected a subject",
		"A # no\nD <a:s> <a:p> <a:o> .":                     "1:2: expected a subject",
		"A VERSION \"1.2\"\nD <a:s> <a:p> <a:o> .":          "1:2: expected a subject",
		"A <a:s> <a:p> <a:o> .\r<a:x> <a:p> <a:o> .":        "1:22: a carriage return inside a row",
		"# c\r<a:x> <a:p> <a:o> .\nTX .\nA <a:s> <a:p> x .": `3:15: expected object`,
		"A <a:s> <a:p> .":                                   "1:15: expected object",
		"\nA <a:s> \"p\" <a:o> .":                           "2:9: expected predicate",
		"A <a:s> <a:p> <a:o>\n.":                            `1:20: expected graph`,
		"H id <uuid:1>":                                     `1:14: expected "."`,
		"H id .":                                            `1:6: "." is no term`,
		"H .":                                               "1:3: expected a name",
		"TX . x":                                            `1:6: "x" follows`,
		"PA \"x\" \"y\" . PD \"x\" .":                       "follows the end of the row",
		"H note \"" + strings.Repeat("x", 70_000) + "\" .":  "row of more than",
		strings.Repeat("TX .\nTC .\n", 40_000):              "rows without a quad",
	} {
		_, err := rowsOf(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", in, err, want)
		}
	}
}

// Goal: a transaction is what was said last of each quad; aborted ones leave
// nothing; what stands outside, is nested, or has no end is refused. Method:
// each.
func TestTransactions(t *testing.T) {
	const q, r = "<a:s> <a:p> <a:o> .\n", "<a:s> <a:p> <a:r> <a:g> .\n"
	for in, want := range map[string]string{
		"":                                 "",
		"TX .\nTC .\n":                     "[] []",
		"TX .\nA " + q + "TA .\n":          "",
		"H id <u:1> .\nTX .\nTC .\n":       "u:1 [] []",
		"TX .\nA " + q + "D " + q + "TC .": "[<a:s> <a:p> <a:o> .] []",
		"TX .\nD " + q + "A " + q + "TC .": "[] [<a:s> <a:p> <a:o> .]",
		"H id <u:1> .\nTX .\nA " + q + "TA .\nTX .\nA " + r + "TC .\nPA \"a\" \"b\" .\n": "[] [<a:s> <a:p> <a:r> <a:g> .]",
		"A " + q:                           "1:1: A outside of a transaction",
		"TC .":                             "1:1: TC outside",
		"TX .\nTX .":                       "2:1: TX inside the transaction that begins on line 1",
		"TX .\nH id <u:1> .":               "2:1: H inside",
		"TX .\nA " + q:                     "on line 1 has no TC",
		"TX .\nA " + q + "A " + r + "TC .": "[] [<a:s> <a:p> <a:o> . <a:s> <a:p> <a:r> <a:g> .]",
		"TX .\nA " + q + "A " + r + "D <a:s> <a:p> <a:x> .\nTC .": "more than 2 changes",
	} {
		in2 := patch.NewTransactionReader(strings.NewReader(in), 2)
		var out []string
		var err error
		for err == nil {
			var tx *patch.Transaction
			if tx, err = in2.Next(); err == nil {
				slices.SortFunc(tx.Adds, func(a, b rdf.Quad) int { return strings.Compare(a.String(), b.String()) })
				out = append(out, strings.TrimSpace(fmt.Sprint(tx.ID(), " ", tx.Deletes, " ", tx.Adds)))
			}
		}
		got := strings.Join(out, "; ")
		if !errors.Is(err, io.EOF) {
			got = err.Error()
		}
		if got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// clock ticks a second a call.
func clock() func() time.Time {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return func() time.Time { now = now.Add(time.Second); return now }
}

func newStore(t *testing.T) graph.Store {
	t.Helper()
	s := mem.New(mem.Options{Base: "https://a.example/", Clock: clock()})
	t.Cleanup(func() { s.Close() })
	return s
}

// terms are of each kind, with what is hard to write.
var terms = func() []rdf.Term {
	triple, err := rdf.ParseTerm(`<<( _:anon-1 <a:p> _:b )>>`)
	if err != nil {
		panic(err)
	}
	return []rdf.Term{rdf.IRI("a:1"), rdf.IRI("http://é.example/ü"), rdf.BNode("b"), rdf.BNode("anon-1"), rdf.BNode("anon-1_"), rdf.BNode("0.x"),
		rdf.String("a \"b\" <_:c> \\ . \n\r\t é"), rdf.LangString("x", "de-CH"), rdf.Literal("01", rdf.XSDInteger), rdf.String(""), triple}
}()

// lived is a store with many commits, which come and go.
func lived(t *testing.T, random *rand.Rand) graph.Store {
	t.Helper()
	s := newStore(t)
	for range 60 {
		b := &graph.Batch{Note: "note \"x\"\n\xff"}
		for range random.IntN(12) {
			q := rdf.Quad{S: terms[random.IntN(6)], P: terms[random.IntN(2)], O: terms[random.IntN(len(terms))]}
			if random.IntN(2) == 0 {
				q.G = terms[random.IntN(6)]
			}
			if random.IntN(3) == 0 {
				b.Deletes = append(b.Deletes, q)
			} else {
				b.Adds = append(b.Adds, q)
			}
		}
		if random.IntN(20) == 0 {
			b.ClearAll = true
		}
		if _, err := s.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func contents(t *testing.T, s graph.Store) string {
	t.Helper()
	snapshot, err := s.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	var out []string
	for q, err := range graph.ExportQuads(t.Context(), snapshot, graph.Pattern{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, q.String())
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// Goal: the log of a store makes the same dataset of an empty one, in one piece
// or resumed after any commit, and applied twice too. Method: random commits
// with terms of all kinds; parts of each size.
func TestLog(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	s := lived(t, rand.New(rand.NewPCG(seed, 1)))
	var whole bytes.Buffer
	last, more, err := patch.Export(t.Context(), s, &whole, patch.ExportOptions{})
	if err != nil || more || last != s.Info().Head {
		t.Fatalf("seed %d: up to %d, more %v, %v", seed, last, more, err)
	}
	for size := 1; size < 20; size += 6 {
		var parts bytes.Buffer
		after, more := graph.CommitSeq(0), true
		for more {
			if after, more, err = patch.Export(t.Context(), s, &parts, patch.ExportOptions{Since: after, Limit: size}); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		if parts.String() != whole.String() {
			t.Fatalf("seed %d: parts of %d differ from the whole", seed, size)
		}
	}
	copied := newStore(t)
	for round := range 2 {
		done, err := patch.Apply(t.Context(), copied, bytes.NewReader(whole.Bytes()), patch.ApplyOptions{Note: "from a"})
		if err != nil || done.Transactions != int(last) || round == 0 && done.Commits != int(last) || done.Last != patch.ID(s.Info(), last) {
			t.Fatalf("seed %d, round %d: %+v, %v", seed, round, done, err)
		}
		if got, want := contents(t, copied), contents(t, s); got != want {
			t.Fatalf("seed %d, round %d: the copy holds\n%s\nwant\n%s", seed, round, got, want)
		}
	}
}

// Goal: a gap in a log is found, a torn end is not applied, what was applied
// before stays. Method: leave out a patch; cut the log.
func TestLogFaults(t *testing.T) {
	s := newStore(t)
	for i := range 3 {
		q := rdf.Quad{S: rdf.IRI("a:s"), P: rdf.IRI("a:p"), O: rdf.String(fmt.Sprint(i))}
		if _, err := s.Commit(t.Context(), &graph.Batch{Adds: []rdf.Quad{q}}); err != nil {
			t.Fatal(err)
		}
	}
	part := func(since graph.CommitSeq) string {
		var b bytes.Buffer
		if _, _, err := patch.Export(t.Context(), s, &b, patch.ExportOptions{Since: since, Limit: 1}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	copied := newStore(t)
	done, err := patch.Apply(t.Context(), copied, strings.NewReader(part(0)+part(2)), patch.ApplyOptions{})
	if !errors.Is(err, patch.ErrBroken) || done.Commits != 1 || copied.Info().Quads != 1 {
		t.Errorf("with a gap: %+v, %v, %d quads", done, err, copied.Info().Quads)
	}
	text := part(0) + part(1)
	done, err = patch.Apply(t.Context(), copied, strings.NewReader(text[:len(text)-len("TC .\n")]), patch.ApplyOptions{})
	if !errors.Is(err, io.ErrUnexpectedEOF) || done.Transactions != 1 || copied.Info().Quads != 1 {
		t.Errorf("torn: %+v, %v, %d quads", done, err, copied.Info().Quads)
	}
	if _, _, err := patch.Export(t.Context(), s, io.Discard, patch.ExportOptions{Since: 99}); !errors.Is(err, graph.ErrNoVersion) {
		t.Errorf("since a commit that is none: %v", err)
	}
}

// Goal: an export waits for the next commit if it is asked to, and no longer.
// Method: wait in vain; wait while one comes.
func TestWait(t *testing.T) {
	s := newStore(t)
	var b bytes.Buffer
	if last, _, err := patch.Export(t.Context(), s, &b, patch.ExportOptions{Wait: time.Millisecond}); last != 0 || err != nil || b.Len() > 0 {
		t.Errorf("in vain: %d, %v", last, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan graph.CommitSeq)
	go func() {
		last, _, err := patch.Export(ctx, s, &b, patch.ExportOptions{Wait: time.Minute})
		if err != nil {
			t.Error(err)
		}
		done <- last
	}()
	if _, err := s.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{{S: rdf.IRI("a:s"), P: rdf.IRI("a:p"), O: rdf.IRI("a:o")}}}); err != nil {
		t.Fatal(err)
	}
	if last := <-done; last != 1 || !strings.Contains(b.String(), "A <a:s> <a:p> <a:o> .\nTC .\n") {
		t.Errorf("up to %d:\n%s", last, b.String())
	}
}

// FuzzReader: no input makes the reader panic, and what it reads is read again
// as the same after it was written.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"H id <uuid:1> .\nTX .\nPA \"a\" \"b:c\" .\nA <a:s> <a:p> \"x\"@en <a:g> .\nD <_:b> <a:p> _:anon-1 .\nPD a .\nTC .\n",
		"TX.\r\nA _:a <a:p> <<( <a:s> <a:p> \"\\\" <_:x>\" )>> . # c\nTA .", "# c\nTB .\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		var rows []patch.Row
		var out bytes.Buffer
		w := patch.NewWriter(&out)
		r := patch.NewReader(strings.NewReader(in))
		for {
			row, err := r.Read()
			if err != nil {
				break
			}
			row.Line = 0
			if w.Write(row) == nil {
				rows = append(rows, row)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		again := patch.NewReader(&out)
		for i, want := range rows {
			got, err := again.Read()
			got.Line = 0
			if want.Op == patch.AddPrefix {
				want.Term = rdf.String(want.Term.Value()) // written in quotes
			}
			if err != nil || got != want {
				t.Fatalf("row %d: %+v, %v\nwant %+v\nin\n%s", i, got, err, want, text)
			}
		}
		if _, err := again.Read(); !errors.Is(err, io.EOF) {
			t.Fatalf("after the last row: %v\n%s", err, text)
		}
	})
}

// parted delivers each commit two changes at a time.
type parted struct{ graph.Store }

func (s parted) Feed(branch string, after graph.CommitSeq) (graph.Feed, error) {
	f, err := s.Store.Feed(branch, after)
	return &partedFeed{Feed: f}, err
}

type partedFeed struct {
	graph.Feed
	rest *graph.CommitChanges
}

func (f *partedFeed) Next(ctx context.Context) (graph.CommitChanges, error) {
	if f.rest == nil {
		c, err := f.Feed.Next(ctx)
		if err != nil {
			return c, err
		}
		f.rest = &c
	}
	c := *f.rest
	if f.rest = nil; len(c.Changes) > 2 {
		rest := c
		rest.Changes = c.Changes[2:]
		c.Changes, c.More, f.rest = c.Changes[:2], true, &rest
	}
	return c, nil
}

// Goal: a commit that comes in parts is one transaction. Method: the log of the
// same store, with a feed that delivers parts, and with one that does not.
func TestParts(t *testing.T) {
	s := lived(t, rand.New(rand.NewPCG(1, 2)))
	var whole, parts bytes.Buffer
	for out, store := range map[*bytes.Buffer]graph.Store{&whole: s, &parts: parted{s}} {
		if _, more, err := patch.Export(t.Context(), store, out, patch.ExportOptions{Limit: 50}); err != nil || !more {
			t.Fatalf("more %v, %v", more, err)
		}
	}
	if whole.String() != parts.String() {
		t.Errorf("whole\n%s\nin parts\n%s", whole.String(), parts.String())
	}
}
