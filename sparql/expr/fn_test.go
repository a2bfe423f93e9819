package expr

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nettwin/graph/rdf"
)

// Goal: every function and operator of the table gives the values that the
// standards' own tables and definitions say, to the lexical form.
// Method: testdata/fn holds one call a line, NAME(terms) => term or error,
// written by hand; every row of the table must be called at least once.
func TestFunctions(t *testing.T) {
	files, err := filepath.Glob("testdata/fn/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata/fn: %d files, %v", len(files), err)
	}
	called := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(text), "\n") {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			name, err := checkCall(line)
			called[name] = true
			if err != nil {
				t.Errorf("%s:%d: %s: %v", file, n+1, line, err)
			}
		}
	}
	random := map[string]bool{"RAND": true, "UUID": true, "STRUUID": true, "BNODE": true}
	for _, f := range Functions() {
		if !called[f.Name] && !random[f.Name] {
			t.Errorf("no case calls %s (§%s)", f.Name, f.Section)
		}
	}
}

func testContext() *Context {
	n := 0
	return &Context{
		Now:  time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC),
		Base: "http://example.org/base/",
		Rand: rand.New(rand.NewPCG(1, 2)),
		BNodes: func() rdf.Term {
			n++
			return rdf.BNode(fmt.Sprint("fresh", n))
		},
	}
}

func checkCall(line string) (name string, err error) {
	i := strings.LastIndex(line, " => ")
	open := strings.Index(line, "(")
	if i < 0 || open < 0 || !strings.HasSuffix(strings.TrimSpace(line[:i]), ")") {
		return "", fmt.Errorf("expected NAME(terms) => term")
	}
	name = line[:open]
	if local, ok := strings.CutPrefix(name, "xsd:"); ok {
		name = rdf.XSD + local
	}
	fn := Lookup(name)
	if fn == nil {
		return name, fmt.Errorf("no such function")
	}
	call := &Call{Fn: fn, Name: name}
	inside := strings.TrimSpace(line[:i])
	for _, arg := range splitArgs(inside[open+1 : len(inside)-1]) {
		term, err := parseTestTerm(arg)
		if err != nil {
			return name, err
		}
		call.Args = append(call.Args, &Const{term})
	}
	want, got := strings.TrimSpace(line[i+4:]), "error"
	if v, ok := Eval(testContext(), call, nil); ok {
		got = showTerm(v)
	}
	if want != "error" {
		term, err := parseTestTerm(want)
		if err != nil {
			return name, err
		}
		want = showTerm(term)
	}
	if got != want {
		return name, fmt.Errorf("got %s", got)
	}
	return name, nil
}

func showTerm(t rdf.Term) string { return string(rdf.AppendTerm(nil, t)) }

// splitArgs splits at commas outside strings and IRIs.
func splitArgs(s string) (out []string) {
	start, quoted, inIRI := 0, false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"' && !inIRI:
			quoted = !quoted
		case c == '<' && !quoted:
			inIRI = true
		case c == '>' && !quoted:
			inIRI = false
		case c == ',' && !quoted && !inIRI:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return append(out, s[start:])
}

// parseTestTerm reads an N-Triples term, with xsd: allowed after ^^, a triple
// term as in Turtle, or a bare integer, decimal, double or boolean.
func parseTestTerm(s string) (rdf.Term, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "true" || s == "false":
		return rdf.Literal(s, rdf.XSDBoolean), nil
	case strings.Trim(s, "+-0123456789") == "":
		return rdf.Literal(s, rdf.XSDInteger), nil
	case strings.Trim(s, "+-0123456789.") == "":
		return rdf.Literal(s, rdf.XSDDecimal), nil
	case strings.Trim(s, "+-0123456789.eE") == "":
		return rdf.Literal(s, rdf.XSDDouble), nil
	}
	if i := strings.LastIndex(s, `"^^xsd:`); i >= 0 {
		s = s[:i] + `"^^<` + rdf.XSD + s[i+len(`"^^xsd:`):] + ">"
	}
	if strings.HasPrefix(s, "<<(") { // numbers inside are bare too
		quads, err := rdf.ReadAll(strings.NewReader("<s:s> <p:p> "+s+" ."), rdf.Turtle, rdf.ReaderOptions{})
		if err != nil {
			return rdf.Term{}, err
		}
		return quads[0].O, nil
	}
	return rdf.ParseTerm(s)
}

// Goal: functions of chance keep their types and promises.
// Method: draw many values; check range, form, and that BNODE("x") is one
// node within a solution and another in the next.
func TestRandomFunctions(t *testing.T) {
	c := testContext()
	call := func(name string, args ...rdf.Term) rdf.Term {
		v, ok := Lookup(name).Eval(c, args)
		if !ok {
			t.Fatalf("%s: error", name)
		}
		return v
	}
	seen := map[rdf.Term]bool{}
	for range 200 {
		n, ok := parseNumber(call("RAND"))
		if !ok || n.kind != numDouble || n.f < 0 || n.f >= 1 {
			t.Fatalf("RAND: %v", n)
		}
		uuid, text := call("UUID"), call("STRUUID")
		if !uuid.IsIRI() || len(uuid.Value()) != len("urn:uuid:")+36 || len(text.Value()) != 36 || text.Value()[14] != '4' {
			t.Fatalf("UUID %s, STRUUID %s", uuid, text)
		}
		if seen[uuid] || seen[text] {
			t.Fatalf("repeated %s or %s", uuid, text)
		}
		seen[uuid], seen[text] = true, true
	}
	a, b := call("BNODE", rdf.String("x")), call("BNODE", rdf.String("x"))
	other := call("BNODE", rdf.String("y"))
	c.NewSolution()
	if next := call("BNODE", rdf.String("x")); a != b || a == other || a == next || !a.IsBNode() {
		t.Errorf("BNODE: %s %s in one solution, %s for another label, %s in the next solution", a, b, other, next)
	}
	if first, second := call("BNODE"), call("BNODE"); first == second {
		t.Errorf("BNODE() twice is %s", first)
	}
}
