package rdf

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// parsePieces parses a document line by line, cut into pieces of so many lines.
func parsePieces(doc string, f Format, o ReaderOptions, lines int) (quads []Quad, err error) {
	p := NewLineParser(f, o)
	for first := 1; doc != "" && err == nil; first += lines {
		end := 0
		for range lines {
			n := strings.IndexByte(doc[end:], '\n')
			if n < 0 {
				end = len(doc)
				break
			}
			end += n + 1
		}
		text := []byte(doc[:end])
		var piece []Quad
		piece, err = p.Parse(nil, text, first)
		for _, q := range piece {
			quads = append(quads, Quad{q.S.Clone(), q.P.Clone(), q.O.Clone(), q.G.Clone()})
		}
		clear(text) // whoever kept a view is found out
		doc = doc[end:]
	}
	return quads, err
}

// Goal: pieces of lines give the quads and the first error, with its line and
// column, that a reader of the whole gives. Method: documents good and bad, in
// pieces of 1, 2 and 100 lines.
func TestLineParser(t *testing.T) {
	good := "<a:s> <a:p> \"caf\\u00E9 \\t x\"@en .\n# comment\n\n_:b <a:p> <a:\\u00E9> <a:g> . # end\n<a:s> <a:p> \"1\"^^<a:t> _:g .\n"
	for _, doc := range []string{
		"", "\n", good, good + "<a:s> <a:p> <a:o>", good + "<a:s> <a:p> <a:o> .", good + "<a:s> <rel> <a:o> .\n" + good,
		good + "<a:s> <a:p> \"open\n", "<a:s> <a:p> \"\xff\" .\n", good + "<a:s> <a:p> \"x\"^", "<a:s> <a:p> \"x\"@en", "<a:s> <a:p> \"é\xc3",
		good + "\"no subject\" <a:p> <a:o> .\n", "VERSION \"1.2\"\n" + good, "<a:s> <a:p> <<( <a:s> <a:p> \"t\" )>> .\n",
	} {
		for _, o := range []ReaderOptions{{}, {BNodeScope: "b1"}} {
			want, wantErr := ReadAll(strings.NewReader(doc), NQuads, o)
			for _, lines := range []int{1, 2, 100} {
				got, err := parsePieces(doc, NQuads, o, lines)
				if !slices.Equal(got, want) || !sameFault(err, wantErr) {
					t.Errorf("%q in pieces of %d: %v, %v; expected %v, %v", doc, lines, got, err, want, wantErr)
				}
			}
		}
	}
	if _, err := NewLineParser(Turtle, ReaderOptions{}).Parse(nil, []byte("<a:s> <a:p> <a:o> ."), 1); err == nil {
		t.Error("Turtle is taken for lines")
	}
}

// sameFault tells whether two errors are at one place.
func sameFault(a, b error) bool {
	var x, y *SyntaxError
	if errors.As(a, &x) && errors.As(b, &y) {
		return x.Line == y.Line && x.Column == y.Column
	}
	return (a == nil) == (b == nil)
}

// FuzzLineParser holds pieces of lines against a reader of the whole.
func FuzzLineParser(f *testing.F) {
	f.Add("<a:s> <a:p> \"x\\n\"@en .\n_:a <a:p> <a:o> <a:g> .\n", 1)
	f.Add("<a:s> <a:p> \"\"\"x\n\"\"\" .\n", 2)
	f.Add("<a:s> <a:p> <<( <a:s> <a:p> \"t\"@en--ltr )>> .\r\n#", 1)
	f.Fuzz(func(t *testing.T, doc string, lines int) {
		want, wantErr := ReadAll(strings.NewReader(doc), NQuads, ReaderOptions{BNodeScope: "b1"})
		got, err := parsePieces(doc, NQuads, ReaderOptions{BNodeScope: "b1"}, 1+lines&7)
		if (err == nil) != (wantErr == nil) || err == nil && !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; expected %v, %v", doc, got, err, want, wantErr)
		}
	})
}
