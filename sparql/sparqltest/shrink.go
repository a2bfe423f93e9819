package sparqltest

import (
	"slices"

	"nettwin/graph/rdf"
)

// maxShrinkTries bounds how often Shrink asks whether a smaller case fails.
const maxShrinkTries = 3000

// Shrink makes a failing case smaller while it fails: it leaves out quads of
// the data and parts of the query. fails must return false for a query that
// does not parse. The case itself is changed and returned.
func Shrink(g *Generated, fails func(query string, data []rdf.Quad) bool) *Generated {
	s := &shrinker{g: g, fails: fails}
	for s.tries < maxShrinkTries {
		if !s.shrinkQuery(g.root) && !s.shrinkData() {
			break
		}
	}
	return g
}

type shrinker struct {
	g     *Generated
	fails func(query string, data []rdf.Quad) bool
	tries int
}

func (s *shrinker) stillFails() bool {
	s.tries++
	return s.tries < maxShrinkTries && s.fails(s.g.Query(), s.g.Data)
}

// shrinkQuery leaves out optional parts, outer ones first.
func (s *shrinker) shrinkQuery(p *part) (smaller bool) {
	for i := len(p.parts) - 1; i >= 0; i-- {
		before := p.parts
		if before[i].optional {
			p.parts = slices.Delete(slices.Clone(before), i, i+1)
			if s.stillFails() {
				smaller = true
				continue
			}
			p.parts = before
		}
		smaller = s.shrinkQuery(before[i]) || smaller
	}
	return smaller
}

// shrinkData leaves out runs of quads, long ones first.
func (s *shrinker) shrinkData() (smaller bool) {
	for n := (len(s.g.Data) + 1) / 2; n > 0; n /= 2 {
		for i := 0; i+n <= len(s.g.Data); {
			before := s.g.Data
			s.g.Data = slices.Delete(slices.Clone(before), i, i+n)
			if s.stillFails() {
				smaller = true
				continue
			}
			s.g.Data = before
			i += n
		}
	}
	return smaller
}
