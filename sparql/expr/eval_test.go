package expr

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

// mapEnv is an Env over a map; every pattern named "yes" exists.
type mapEnv map[string]rdf.Term

func (m mapEnv) Lookup(name string) (rdf.Term, bool) {
	t, ok := m[name]
	return t, ok
}

func (m mapEnv) Exists(pattern any) (found, ok bool) { return pattern == "yes", pattern != "broken" }

// Goal: the logical connectives follow the truth table of §17.2.
// Method: all nine pairs of true, false and error, as the table prints them.
func TestLogic(t *testing.T) {
	exprs := map[string]Expr{"T": &Const{trueTerm}, "F": &Const{falseTerm}, "E": &Var{Name: "unbound"}}
	for _, line := range strings.Fields("TT:TT TF:TF FT:TF FF:FF TE:TE ET:TE FE:EF EF:EF EE:EE") {
		l, r := exprs[line[0:1]], exprs[line[1:2]]
		or, and := truthOf(&Or{l, r}), truthOf(&And{l, r})
		if or+and != line[3:5] {
			t.Errorf("%s: or %s, and %s, want %s", line[:2], or, and, line[3:5])
		}
	}
	for x, want := range map[string]string{"T": "F", "F": "T", "E": "E"} {
		if got := truthOf(&Not{exprs[x]}); got != want {
			t.Errorf("not %s: %s, want %s", x, got, want)
		}
	}
}

func truthOf(e Expr) string {
	v, ok := Eval(&Context{}, e, mapEnv{})
	switch {
	case !ok:
		return "E"
	case v == trueTerm:
		return "T"
	}
	return "F"
}

// Goal: the functional forms evaluate only what they need and handle errors
// as §17.4.1 says. Method: expressions with an unbound variable where it must
// or must not matter.
func TestForms(t *testing.T) {
	one, two := &Const{integerTerm(1)}, &Const{integerTerm(2)}
	unbound, x := &Var{Name: "nope"}, &Var{Name: "x"}
	divZero := &Call{Fn: Lookup("/"), Name: "/", Args: []Expr{one, &Const{integerTerm(0)}}}
	env := mapEnv{"x": integerTerm(2)}
	for name, c := range map[string]struct {
		e    Expr
		want string
	}{
		"if then":             {&If{&Const{trueTerm}, one, divZero}, "1"},
		"if else":             {&If{&Const{falseTerm}, divZero, two}, "2"},
		"if error":            {&If{divZero, one, two}, "error"},
		"if ebv":              {&If{&Const{rdf.String("")}, one, two}, "2"},
		"coalesce":            {&Coalesce{[]Expr{unbound, divZero, x, one}}, "2"},
		"coalesce all errors": {&Coalesce{[]Expr{unbound, divZero}}, "error"},
		"coalesce empty":      {&Coalesce{}, "error"},
		"in":                  {&In{X: x, List: []Expr{one, two}}, "true"},
		"in after error":      {&In{X: x, List: []Expr{divZero, two}}, "true"},
		"in only error":       {&In{X: x, List: []Expr{one, divZero}}, "error"},
		"in empty":            {&In{X: x}, "false"},
		"not in":              {&In{X: x, List: []Expr{one}, Negated: true}, "true"},
		"not in empty":        {&In{X: x, Negated: true}, "true"},
		"not in error":        {&In{X: x, List: []Expr{divZero}, Negated: true}, "error"},
		"not in error found":  {&In{X: x, List: []Expr{divZero, two}, Negated: true}, "false"},
		"bound":               {&Bound{"x"}, "true"},
		"not bound":           {&Bound{"nope"}, "false"},
		"exists":              {&Exists{Pattern: "yes"}, "true"},
		"not exists":          {&Exists{Pattern: "no", Negated: true}, "true"},
		"exists broken":       {&Exists{Pattern: "broken", Negated: true}, "error"},
		"extension function":  {&Call{Name: "http://example/f", Args: []Expr{one}}, "error"},
		"too few arguments":   {&Call{Fn: Lookup("STRLEN"), Name: "STRLEN"}, "error"},
		"unbound argument":    {&Call{Fn: Lookup("STR"), Name: "STR", Args: []Expr{unbound}}, "error"},
	} {
		got := "error"
		if v, ok := Eval(&Context{}, c.e, env); ok {
			got = v.Value()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// Goal: effective boolean values are those of §17.2.2.
// Method: its rules one by one; E is an error.
func TestEBV(t *testing.T) {
	for text, want := range map[string]string{
		"true": "T", `"0"^^xsd:boolean`: "F", `"maybe"^^xsd:boolean`: "E",
		`""`: "F", `"a"`: "T", `"false"`: "T",
		"0": "F", "0.0": "F", "0.0e0": "F", "-1": "T", "0.5": "T", `"NaN"^^xsd:double`: "F",
		`"x"^^xsd:integer`: "E", `"1"^^xsd:byte`: "T",
		`"a"@en`: "E", "<http://a>": "E", "_:a": "E", `"2026-01-01"^^xsd:date`: "E", `"x"^^<http://t>`: "E",
	} {
		term, err := parseTestTerm(text)
		if err != nil {
			t.Fatal(err)
		}
		got := "E"
		if b, ok := EBV(term); ok {
			got = map[bool]string{true: "T", false: "F"}[b]
		}
		if got != want {
			t.Errorf("EBV %s: %s, want %s", text, got, want)
		}
	}
}

// Goal: aggregates are those of §18.5.1. Method: values by hand for each, with
// and without DISTINCT, with an error (E) among them, and of nothing.
func TestAggregates(t *testing.T) {
	for _, line := range []string{
		`COUNT => 0`, `COUNT 1 1 2 => 3`, `COUNT DISTINCT 1 1 2 => 2`, `COUNT 1 E 2 => 2`, `COUNT DISTINCT E E => 0`,
		`SUM => 0`, `SUM 1 2 3 => 6`, `SUM 1 2.5 => 3.5`, `SUM 1.0e0 2 => 3.0E0`, `SUM DISTINCT 2 2 3 => 5`, `SUM 1 E => error`, `SUM 1 "a" => error`,
		`AVG => 0`, `AVG 1 2 => 1.5`, `AVG 2 2 => 2.0`, `AVG DISTINCT 1 1 2 => 1.5`, `AVG E => error`, `AVG 1.0e0 2 => 1.5E0`,
		`MIN => error`, `MIN 2 1.0 3 => 1.0`, `MIN "b" 1 <http://a> => <http://a>`, `MIN 1 E => error`, `MIN 01 1 => 01`,
		`MAX 2 10 9 => 10`, `MAX "b" "a" => "b"`, `MAX => error`, `MAX 1 "a" => "a"`,
		`SAMPLE => error`, `SAMPLE E 7 => 7`, `SAMPLE E => error`,
		`GROUP_CONCAT => ""`, `GROUP_CONCAT "a" 1 <http://b> => "a|1|http://b"`, `GROUP_CONCAT DISTINCT "a" "a" => "a"`,
		`GROUP_CONCAT "a" _:b => error`, `GROUP_CONCAT "a" E => error`,
	} {
		left, want, _ := strings.Cut(line, "=>")
		words := strings.Fields(left)
		name, words := words[0], words[1:]
		distinct := len(words) > 0 && words[0] == "DISTINCT"
		if distinct {
			words = words[1:]
		}
		a := NewAggregator(name, distinct, "|")
		for _, w := range words {
			if w == "E" {
				a.Add(rdf.Term{}, false)
				continue
			}
			term, err := parseTestTerm(w)
			if err != nil {
				t.Fatal(err)
			}
			a.Add(term, true)
		}
		got := "error"
		if v, ok := a.Result(); ok {
			got = showTerm(v)
		}
		want = strings.TrimSpace(want)
		if want != "error" {
			term, err := parseTestTerm(want)
			if err != nil {
				t.Fatal(err)
			}
			want = showTerm(term)
		}
		if got != want {
			t.Errorf("%s: got %s", line, got)
		}
	}
	if NewAggregator("MEDIAN", false, "") != nil {
		t.Error("an aggregate that does not exist")
	}
}

// orderedTerms are in ascending order; those on one line tie.
var orderedTerms = [][]string{
	{},
	{"_:a", "_:b"},
	{"<http://a>"},
	{"<http://b>"},
	{`"NaN"^^xsd:double`},
	{`"-INF"^^xsd:double`},
	{"-2"},
	{"1", "1.0", "1.0e0", "01", `"1"^^xsd:byte`},
	{"1.5"},
	{`"9007199254740992"^^xsd:integer`, `"9007199254740992"^^xsd:double`},
	{`"9007199254740993"^^xsd:integer`},
	{`"INF"^^xsd:float`, `"INF"^^xsd:double`},
	{`""`},
	{`"Z"`},
	{`"a"`},
	{`"a"@de`},
	{`"a"@en`, `"a"@EN`},
	{"false", `"0"^^xsd:boolean`},
	{"true"},
	{`"2026-01-01T00:00:00Z"^^xsd:dateTime`, `"2026-01-01T00:00:00"^^xsd:dateTime`, `"2026-01-01T01:00:00+01:00"^^xsd:dateTime`},
	{`"2026-01-02T00:00:00"^^xsd:dateTime`},
	{`"2020-01-01"^^xsd:date`},
	{`"PT1S"^^xsd:dayTimeDuration`},
	{`"P1Y"^^xsd:duration`},
	{`"x"^^<http://a/t>`},
	{`"a"^^<http://b/t>`},
}

// Goal: ORDER BY is a total order over all terms (§15.1), so that sorting is
// defined. Method: a list in the wanted order, each pair compared both ways,
// then shuffled and sorted.
func TestOrder(t *testing.T) {
	type ranked struct {
		term rdf.Term
		rank int
	}
	all := []ranked{{rdf.Term{}, 0}}
	for rank, line := range orderedTerms {
		for _, text := range line {
			term, err := parseTestTerm(text)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, ranked{term, rank})
		}
	}
	for _, a := range all {
		for _, b := range all {
			got := OrderCompare(a.term, b.term)
			if sign(got) != sign(a.rank-b.rank) || OrderLess(a.term, b.term) != (a.rank < b.rank) {
				t.Errorf("compare %s with %s: %d", a.term, b.term, got)
			}
		}
	}
	rng := rand.New(rand.NewPCG(7, 7))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	slices.SortFunc(all, func(a, b ranked) int { return OrderCompare(a.term, b.term) })
	if !slices.IsSortedFunc(all, func(a, b ranked) int { return a.rank - b.rank }) {
		t.Errorf("sorted: %v", all)
	}
}

func sign(i int) int {
	switch {
	case i < 0:
		return -1
	case i > 0:
		return 1
	}
	return 0
}

// Goal: exact arithmetic has its limit and says so. Method: square a number
// until the result is an error, well before memory suffers.
func TestDigitsLimit(t *testing.T) {
	v := rdf.Literal("99999999999", rdf.XSDInteger)
	for range 30 {
		next, ok := Lookup("*").Eval(&Context{}, []rdf.Term{v, v})
		if !ok {
			return
		}
		v = next
	}
	t.Errorf("a number of %d digits", len(v.Value()))
}
