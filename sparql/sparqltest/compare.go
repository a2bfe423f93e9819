package sparqltest

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// CompareAnswers returns "" if two answers are the same: equal booleans,
// isomorphic graphs, or the same bag of solutions up to the names of blank
// nodes (the same sequence, if want is ordered), whatever the order of the
// columns. Otherwise it tells the difference. With lax, solutions of got may
// be repeated less often than in want (REDUCED). Language tags compare without
// case, for their value space is lower case (RDF 1.1 Concepts §3.3) and the
// suites write one tag in both ways.
func CompareAnswers(want, got Answer, lax bool) string {
	if want.Kind != got.Kind {
		return fmt.Sprintf("want %s, got %s", want.Kind, got.Kind)
	}
	switch want.Kind {
	case results.Boolean:
		if want.Boolean != got.Boolean {
			return fmt.Sprintf("want %t, got %t", want.Boolean, got.Boolean)
		}
		return ""
	case results.Graph:
		if !rdf.Isomorphic(want.Graph, got.Graph) {
			return "graphs are not isomorphic\nwant:\n" + quadText(want.Graph) + "got:\n" + quadText(got.Graph)
		}
		return ""
	}
	if difference := compareRows(want, got, lax); difference != "" {
		return difference + "\nwant:\n" + rowText(want) + "got:\n" + rowText(got)
	}
	return ""
}

func compareRows(want, got Answer, lax bool) string {
	if !slices.Equal(sortedVars(want.Vars), sortedVars(got.Vars)) {
		return fmt.Sprintf("want columns %v, got %v", want.Vars, got.Vars)
	}
	got.Rows = lowerTags(reorder(got, want.Vars))
	want.Rows = lowerTags(reorder(want, want.Vars))
	if lax {
		return compareLax(want.Rows, got.Rows)
	}
	if len(want.Rows) != len(got.Rows) {
		return fmt.Sprintf("want %d solutions, got %d", len(want.Rows), len(got.Rows))
	}
	if !rdf.Isomorphic(rowQuads(want, want.Ordered), rowQuads(Answer{Vars: want.Vars, Rows: got.Rows}, want.Ordered)) {
		if want.Ordered {
			return "solutions or their order differ"
		}
		return "solutions differ"
	}
	return ""
}

func sortedVars(vars []string) []string {
	out := slices.Clone(vars)
	sort.Strings(out)
	return out
}

// reorder returns the rows of a with its columns in the order of vars.
func reorder(a Answer, vars []string) [][]rdf.Term {
	out := make([][]rdf.Term, len(a.Rows))
	for i, row := range a.Rows {
		out[i] = make([]rdf.Term, len(vars))
		for j, v := range vars {
			out[i][j] = row[slices.Index(a.Vars, v)]
		}
	}
	return out
}

// lowerTags writes language tags in lower case, in place.
func lowerTags(rows [][]rdf.Term) [][]rdf.Term {
	for _, row := range rows {
		for i, t := range row {
			if t.Lang() != "" {
				row[i] = rdf.DirLangString(t.Value(), strings.ToLower(t.Lang()), t.Direction())
			}
		}
	}
	return rows
}

// compareLax compares bags of rows without blank nodes: each row of got
// stands in want at least as often, and each row of want in got.
func compareLax(want, got [][]rdf.Term) string {
	counts := map[string]int{}
	for _, r := range want {
		counts[rowKey(r)]++
	}
	seen := map[string]int{}
	for _, r := range got {
		seen[rowKey(r)]++
	}
	for key, n := range counts {
		if seen[key] < 1 || seen[key] > n {
			return fmt.Sprintf("want 1 to %d times, got %d: %s", n, seen[key], key)
		}
	}
	if len(seen) != len(counts) {
		return "there are solutions beyond the expected ones"
	}
	return ""
}

// rowQuads turns rows into a graph, so that bags of rows are the same when
// the graphs are isomorphic. A row without blank nodes is a named node with
// its count, so that only rows with blank nodes need to be matched; in an
// ordered sequence each row is named by its number.
func rowQuads(a Answer, ordered bool) []rdf.Quad {
	const ns = "urn:row:"
	var out []rdf.Quad
	counts := map[string]int{}
	for i, row := range a.Rows {
		var subject rdf.Term
		switch {
		case ordered:
			subject = rdf.IRI(ns + strconv.Itoa(i))
		case hasBNode(row):
			subject = rdf.BNode("row" + strconv.Itoa(i))
		default:
			key := rowKey(row)
			counts[key]++
			subject = rdf.IRI(ns + key + "#" + strconv.Itoa(counts[key]))
		}
		out = append(out, rdf.Quad{S: subject, P: rdf.IRI(ns + "is"), O: rdf.IRI(ns + "row")})
		for j, t := range row {
			t = t.MapBNodes(func(label string) rdf.Term { return rdf.BNode("value-" + label) })
			if !t.IsZero() {
				out = append(out, rdf.Quad{S: subject, P: rdf.IRI(ns + "column:" + a.Vars[j]), O: t})
			}
		}
	}
	return out
}

func hasBNode(row []rdf.Term) bool { return slices.ContainsFunc(row, rdf.Term.HasBNode) }

func rowKey(row []rdf.Term) string {
	var b []byte
	for _, t := range row {
		if !t.IsZero() {
			b = rdf.AppendTerm(b, t)
		}
		b = append(b, '\t')
	}
	return string(b)
}

// maxShown bounds the lines of a difference.
const maxShown = 40

func rowText(a Answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %v\n", a.Vars)
	for i, row := range a.Rows {
		if i == maxShown {
			fmt.Fprintf(&b, "  … %d rows in all\n", len(a.Rows))
			break
		}
		fmt.Fprintf(&b, "  %s\n", rowKey(row))
	}
	return b.String()
}

func quadText(quads []rdf.Quad) string {
	var b strings.Builder
	for i, q := range quads {
		if i == maxShown {
			fmt.Fprintf(&b, "  … %d quads in all\n", len(quads))
			break
		}
		fmt.Fprintf(&b, "  %s\n", rdf.AppendQuad(nil, q))
	}
	return b.String()
}
