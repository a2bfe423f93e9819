package expr

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

// Goal: IN over a long list of constants says what comparing one by one says.
// Method: lists of terms of every class, with and without those that make an
// error, against Equal itself.
func TestInSet(t *testing.T) {
	pool := []rdf.Term{
		rdf.IRI("http://x/a"), rdf.IRI("http://x/b"), rdf.BNode("b"), rdf.String("a"), rdf.String("1"), rdf.String("http://x/a"),
		rdf.LangString("a", "en"), rdf.LangString("a", "EN"), rdf.DirLangString("a", "en", rdf.LeftToRight),
		rdf.Literal("1", rdf.XSDInteger), rdf.Literal("01", rdf.XSDInteger), rdf.Literal("1.0", rdf.XSDDecimal), rdf.Literal("1e0", rdf.XSDDouble),
		rdf.Literal("2", rdf.XSDInteger), rdf.Literal("-0", rdf.XSDInteger), rdf.Literal("0", rdf.XSDInteger), rdf.Literal("NaN", rdf.XSDDouble),
		rdf.Literal("true", rdf.XSDBoolean), rdf.Literal("1", rdf.XSDBoolean), rdf.Literal("x", rdf.XSDInteger), rdf.Literal("x", "http://x/type"),
		rdf.Literal("2024-01-01T00:00:00Z", rdf.XSDDateTime), rdf.Literal("2024-01-01T01:00:00+01:00", rdf.XSDDateTime), rdf.Literal("2024-01-01T00:00:00", rdf.XSDDateTime),
		rdf.Literal("PT60S", rdf.XSD+"dayTimeDuration"), rdf.Literal("PT1M", rdf.XSD+"dayTimeDuration"),
		rdf.TripleTerm(rdf.Triple{S: rdf.IRI("http://x/a"), P: rdf.IRI("http://x/p"), O: rdf.Literal("1", rdf.XSDInteger)}),
		rdf.TripleTerm(rdf.Triple{S: rdf.IRI("http://x/a"), P: rdf.IRI("http://x/p"), O: rdf.Literal("01", rdf.XSDInteger)}),
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		kinds := 1 + random.IntN(len(pool))
		from := random.IntN(len(pool) - kinds + 1)
		in := &In{Negated: random.IntN(2) == 0}
		found, failed := false, false
		x := pool[random.IntN(len(pool))]
		in.X = &Const{x}
		for range leastInSet + random.IntN(4) {
			item := pool[from+random.IntN(kinds)]
			in.List = append(in.List, &Const{item})
			equal, ok := Equal(x, item)
			found, failed = found || ok && equal, failed || !ok
		}
		got, ok := Eval(&Context{}, in, nil)
		if wantOK := found || !failed; ok != wantOK || ok && got != Bool(found != in.Negated) {
			t.Fatalf("%v in %v, negated %t: %v %t, want %t %t", x, in.List, in.Negated, got, ok, found, wantOK)
		}
	}
}

// Goal: the matches of a long text, found one by one, are those that are found
// together. Method: expressions and random texts in both ways, the watched
// reader included.
func TestRegexEach(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, pattern := range []string{"a", "(a|b)+c", "[a-c]{2}", "a(b*)c?", "é|b.", "(a)(b)?", "^a", "a$", "(^|b)a", "c+$"} {
		re := compileRegex(pattern, "")
		for i := range 200 {
			var b strings.Builder
			for range random.IntN(40) {
				b.WriteString([]string{"a", "b", "c", "é", "\xff"}[random.IntN(5)])
			}
			text := b.String()
			want := re.FindAllStringSubmatchIndex(text, -1)
			long := *re
			if i%2 == 0 {
				long.steps = longMatch + 1 // any text is long
			}
			var got [][]int
			long.each(&Context{}, text, func(match []int) bool {
				got = append(got, slices.Clone(match))
				return true
			})
			if fmt.Sprint(got) != fmt.Sprint(want) || long.matches(&Context{}, text) != (want != nil) {
				t.Errorf("%s in %q: %v, want %v", pattern, text, got, want)
			}
		}
	}
}

// Goal: what grows beyond a limit names it, and what nobody waits for ends.
// Method: texts and patterns that are too large, and a match that would take
// hours with a closed channel.
func TestLimits(t *testing.T) {
	half := rdf.String(strings.Repeat("a", MaxStringBytes/2+1))
	for _, x := range []struct {
		limit, fn string
		args      []rdf.Term
	}{
		{"string", "CONCAT", []rdf.Term{half, half}},
		{"string", "REPLACE", []rdf.Term{half, rdf.String("a"), rdf.String("bbb")}},
		{"regular expression", "REGEX", []rdf.Term{half, rdf.String("((a?){400}){2}(b?){900}" + strings.Repeat("(c?d?){900}", 20))}},
	} {
		c := &Context{}
		_, ok := Lookup(x.fn).Eval(c, x.args)
		if limit := c.Limit(); ok || limit == nil || limit.Limit != x.limit || !strings.Contains(limit.Error(), x.limit+" limit of ") {
			t.Errorf("%s: %t, %v", x.fn, ok, limit)
		}
	}
	done := make(chan struct{})
	close(done)
	c := &Context{Done: done}
	slow := []rdf.Term{half, rdf.String("(a?){900}(a|b|c)*d"), rdf.String("x")}
	Lookup("REGEX").Eval(c, slow)
	Lookup("REPLACE").Eval(c, slow)
	if c.Limit() != nil {
		t.Error(c.Limit())
	}
}
