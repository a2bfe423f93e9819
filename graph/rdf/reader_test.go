package rdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	. "nettwin/graph/rdf"
)

// TestBNodeScope: a scope goes before every label; anonymous blank nodes never
// share a label with written ones, whatever these look like.
func TestBNodeScope(t *testing.T) {
	const doc = `[] <p> _:a , _:anon-1 , _:anon-1_ , _:anon-x , [ <p> () ] , ( _:a ) .`
	for _, scope := range []string{"", "d1-"} {
		quads, err := ReadAll(strings.NewReader(doc), Turtle, ReaderOptions{Base: "http://e/", BNodeScope: scope})
		if err != nil {
			t.Fatal(err)
		}
		labels := map[string]bool{}
		for _, q := range quads {
			for _, x := range []Term{q.S, q.O} {
				if x.IsBNode() {
					labels[x.Value()] = true
				}
			}
		}
		want := map[string]bool{}
		for _, l := range []string{"a", "anon-1", "anon-1_", "anon-1__", "anon-x", "anon-2", "anon-3"} {
			want[scope+l] = true
		}
		if !reflect.DeepEqual(labels, want) {
			t.Errorf("scope %q: labels %v, want %v", scope, labels, want)
		}
	}
	_, err := NewReader(strings.NewReader(""), Turtle, ReaderOptions{BNodeScope: "a b"}).Read()
	if err == nil || !strings.Contains(err.Error(), `blank node scope "a b"`) {
		t.Errorf("bad scope: %v", err)
	}
}

// TestPrefixes: prefixes are there once read, redeclared ones keep their
// place, and terms use the declaration in force.
func TestPrefixes(t *testing.T) {
	rd := NewReader(strings.NewReader(`@prefix a: <http://a/> . a:s a:p a:o .
PREFIX b: <b#> @base <http://c/> . prefix a: <> a:s a:p b:o .`), Turtle, ReaderOptions{Base: "http://e/"})
	if rd.Prefixes() != nil {
		t.Error("prefixes before the first Read")
	}
	q, err := rd.Read()
	if err != nil || q.String() != "<http://a/s> <http://a/p> <http://a/o> ." {
		t.Errorf("%v, %v", q, err)
	}
	q, err = rd.Read()
	if err != nil || q.String() != "<http://c/s> <http://c/p> <http://e/b#o> ." {
		t.Errorf("%v, %v", q, err)
	}
	want := []PrefixDecl{{"a", "http://c/"}, {"b", "http://e/b#"}}
	if got := rd.Prefixes(); !reflect.DeepEqual(got, want) {
		t.Errorf("prefixes %v, want %v", got, want)
	}
	if _, err := rd.Read(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// TestMaxPrefixes: a document cannot declare prefixes without end.
func TestMaxPrefixes(t *testing.T) {
	var b strings.Builder
	for i := range MaxPrefixes + 1 {
		fmt.Fprintf(&b, "PREFIX p%d: <http://e/>\n", i)
	}
	_, err := ReadAll(strings.NewReader(b.String()), TriG, ReaderOptions{})
	if err == nil || !strings.HasPrefix(err.Error(), "trig: 65537:") || !strings.Contains(err.Error(), "more prefixes than the limit of 65536") {
		t.Error(err)
	}
}

// TestReadErrors: what the underlying reader returns comes out wrapped, at
// every place where a document may be cut, and never as a syntax error or a
// good end. A reader that returns nothing for ever ends.
func TestReadErrors(t *testing.T) {
	broken := errors.New("broken pipe")
	for f, doc := range map[Format]string{
		NQuads: "<http://e/s> <http://e/p> \"x\\n\"@en-GB <http://e/g> . # c\n_:a <http://e/p> \"1\"^^<http://e/d> .\n",
		TriG:   "@prefix e: <http://e/> . <http://e/g> { e:s a [ e:p -1.5e3, '''x''' ; e:q ( true e:a\\.b ) ] } # c\n",
	} {
		for n := range len(doc) + 1 {
			r := io.MultiReader(strings.NewReader(doc[:n]), iotest.ErrReader(broken))
			if _, err := ReadAll(r, f, ReaderOptions{}); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "rdf: read "+f.String()) {
				t.Errorf("%s cut at %d: %v", f, n, err)
			}
		}
	}
	if _, err := ReadAll(stuck{}, Turtle, ReaderOptions{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("stuck reader: %v", err)
	}
	if _, err := ReadAll(strings.NewReader(""), 0, ReaderOptions{}); err == nil {
		t.Error("no format: no error")
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestStreams: quads come out before the document is complete, and a document
// far larger than the memory allowed reads, also as one statement.
func TestStreams(t *testing.T) {
	pr, pw := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := io.WriteString(pw, "<http://e/s> <http://e/p> 1 , ")
		done <- err
	}()
	rd := NewReader(pr, Turtle, ReaderOptions{})
	if q, err := rd.Read(); err != nil || q.O != Literal("1", XSDInteger) {
		t.Errorf("%v, %v", q, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	pr.Close()

	const objects, limitBytes = 1_000_000, 8 << 20
	rd = NewReader(&repeated{head: "<http://e/s> <http://e/p> ", body: "\"object of a long statement\"@en ,\n", n: objects, tail: "1 ."},
		Turtle, ReaderOptions{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for {
		if _, err := rd.Read(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		n++
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n != objects+1 {
		t.Errorf("%d quads, want %d", n, objects+1)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > limitBytes {
		t.Errorf("heap grew by %d bytes", grown)
	}
	runtime.KeepAlive(rd)
}

// repeated is head, n times body, tail.
type repeated struct {
	head, body, tail string
	n                int
	rest             string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		switch {
		case r.head != "":
			r.rest, r.head = r.head, ""
		case r.n > 0:
			r.n--
			r.rest = r.body
		case r.tail != "":
			r.rest, r.tail = r.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// TestWindow: terms that lie across every border of the read buffer read as
// they are, and lines are counted through it.
func TestWindow(t *testing.T) {
	// The window is 4 KiB, then 64 KiB: see lexer.go.
	for _, buffer := range []int{4 << 10, 68 << 10} {
		testWindow(t, buffer)
	}
}

func testWindow(t *testing.T, buffer int) {
	doc := `<http://e/é> <http://e/p> "aé\n\"b\""@en-GB , """x"y""\u00e9""" , -1.5e3 , _:b.c , true .`
	want := parse(t, doc)
	for shift := range len(doc) {
		pad := strings.Repeat("#\n", (buffer-shift)/2) + strings.Repeat(" ", (buffer-shift)%2)
		got, err := ReadAll(strings.NewReader(pad+doc), Turtle, ReaderOptions{})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("shift %d: %v, %v", shift, got, err)
		}
		_, err = ReadAll(strings.NewReader(pad+doc+" é ?"), Turtle, ReaderOptions{})
		var se *SyntaxError
		if !errors.As(err, &se) || se.Line != (buffer-shift)/2+1 {
			t.Fatalf("shift %d: error %v", shift, err)
		}
	}
}

// TestLongTerms: a term of any length up to the limit reads, one byte more is
// an error.
func TestLongTerms(t *testing.T) {
	const limit = 300_000
	for _, f := range []Format{NTriples, Turtle} {
		for _, extra := range []int{0, 1} {
			doc := `<http://e/s> <http://e/p> "` + strings.Repeat("x", limit-2+extra) + `" .`
			_, err := ReadAll(strings.NewReader(doc), f, ReaderOptions{MaxTermBytes: limit})
			if (err != nil) != (extra > 0) {
				t.Errorf("%s: %d bytes more than the limit: %v", f, extra, err)
			}
		}
	}
}

// TestWriterErrors: quads that no document can hold are refused by name and
// leave the document whole; errors of the underlying writer come out and stay.
func TestWriterErrors(t *testing.T) {
	s, p, o := IRI("http://e/s"), IRI("http://e/p"), String("o")
	for _, c := range []struct {
		q    Quad
		want string
	}{
		{Quad{S: o, P: p, O: o}, `subject "o": expected IRI or blank node`},
		{Quad{P: p, O: o}, "subject no term: expected IRI or blank node"},
		{Quad{S: s, P: BNode("p"), O: o}, "predicate _:p: expected IRI"},
		{Quad{S: s, P: p}, "object no term: expected IRI, blank node, literal or triple term"},
		{Quad{S: s, P: p, O: o, G: o}, `graph "o": expected IRI or blank node`},
		{Quad{S: IRI("s"), P: p, O: o}, `IRI "s": expected an absolute IRI, found no scheme`},
		{Quad{S: s, P: p, O: BNode("a b")}, `blank node "a b": malformed label`},
		{Quad{S: s, P: p, O: LangString("x", "e n")}, `literal "x"@e n: malformed language tag "e n"`},
		{Quad{S: s, P: p, O: String("\xFF")}, `literal "\xff": invalid UTF-8`},
		{Quad{S: s, P: p, O: Literal("x", "d t:")}, `IRI "d t:": invalid character " "`},
	} {
		for _, f := range []Format{NQuads, TriG} {
			var b bytes.Buffer
			w := NewWriter(&b, f, WriterOptions{})
			good := Quad{S: s, P: p, O: o}
			if err := w.Write(good); err != nil {
				t.Fatal(err)
			}
			if err := w.Write(c.q); err == nil || err.Error() != f.String()+": write: "+c.want {
				t.Errorf("%s: error %v, want %s", f, err, c.want)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if back, err := ReadAll(&b, f, ReaderOptions{}); err != nil || len(back) != 1 || back[0] != good {
				t.Errorf("%s: read back %v, %v", f, back, err)
			}
			if err := w.Write(good); !errors.Is(err, ErrWriterClosed) {
				t.Errorf("write after close: %v", err)
			}
			if err := w.Close(); err != nil {
				t.Errorf("second close: %v", err)
			}
		}
	}
	for _, f := range Formats() {
		w := NewWriter(failing{}, f, WriterOptions{})
		if err := w.Write(Quad{S: s, P: p, O: o}); err != nil {
			t.Error(err)
		}
		if err := w.Close(); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: close: %v", f, err)
		}
	}
	if err := NewWriter(io.Discard, 0, WriterOptions{}).Close(); err == nil {
		t.Error("no format: no error")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
