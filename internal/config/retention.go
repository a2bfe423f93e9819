package config

import (
	"fmt"
	"strings"
	"time"
)

// The bounds of retention.
const (
	maxCommits = 1 << 40
	minAge     = time.Minute
	maxAge     = 100 * 366 * 24 * time.Hour
)

// defaultGraph is what the file calls the default graph.
const defaultGraph = "default"

func readRetention(v value) (r Retention) {
	lines := map[string]int{}
	v.mapping(
		optional("commits", numberTo(&r.Commits, maxCommits, false)),
		optional("age", durationTo(&r.Age, minAge, maxAge)),
		optional("graphs", func(v value) {
			v.list(func(v value) { r.Graphs = append(r.Graphs, readGraphRetention(v, lines)) })
		}),
	)
	return r
}

func readGraphRetention(v value, lines map[string]int) (g GraphRetention) {
	found := v.mapping(
		required("graph", func(v value) {
			textTo(&g.Graph, checkGraph)(v)
			if line, twice := lines[g.Graph]; twice && g.Graph != "" {
				v.fail("%q is already used on line %d", g.Graph, line)
			}
			lines[g.Graph] = v.node.Line
		}),
		optional("commits", numberTo(&g.Commits, maxCommits, false)),
		optional("age", durationTo(&g.Age, minAge, maxAge)),
	)
	_, byNumber := found["commits"]
	_, byAge := found["age"]
	if !byNumber && !byAge {
		v.fail("no limit is given: say commits, age or both")
	}
	if g.Graph == defaultGraph {
		g.Graph = ""
	}
	return g
}

func checkGraph(s string) error {
	if s == defaultGraph || strings.Contains(s, ":") && !strings.ContainsAny(s, "<> \t\r\n\"") {
		return nil
	}
	return fmt.Errorf("%s is no IRI, such as https://noc.example/graph/source/ for all graphs below it, nor default", quote(s))
}
