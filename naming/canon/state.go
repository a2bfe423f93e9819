package canon

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// state is the canonicalisation state of RDFC-1.0 §4.3.
type state struct {
	opts      Options
	quadsOf   map[string][]rdf.Quad // the quads that mention a blank node
	firstHash map[string]string     // first degree hash of each blank node
	canonical *issuer
	work      int
}

func newState(quads []rdf.Quad, opts Options) *state {
	s := &state{opts: opts, quadsOf: map[string][]rdf.Quad{}, firstHash: map[string]string{}, canonical: newIssuer("c14n")}
	for _, q := range quads {
		for i, t := range [...]rdf.Term{q.S, q.O, q.G} {
			if t.IsBNode() && !(i > 0 && t == q.S) && !(i > 1 && t == q.O) {
				s.quadsOf[t.Value()] = append(s.quadsOf[t.Value()], q)
			}
		}
	}
	return s
}

// run issues the canonical labels (RDFC-1.0 §4.4.3, steps 3 to 5).
func (s *state) run() error {
	byHash := map[string][]string{}
	for _, node := range sortedKeys(s.quadsOf) {
		h := s.hashFirstDegree(node)
		s.firstHash[node] = h
		byHash[h] = append(byHash[h], node)
	}
	hashes := sortedKeys(byHash)
	for _, h := range hashes {
		if nodes := byHash[h]; len(nodes) == 1 {
			s.canonical.issue(nodes[0])
		}
	}
	for _, h := range hashes {
		if nodes := byHash[h]; len(nodes) > 1 {
			if err := s.issueAlike(nodes); err != nil {
				return err
			}
		}
	}
	return nil
}

// issueAlike labels nodes whose first degree hashes are equal.
func (s *state) issueAlike(nodes []string) error {
	var paths []ndegree
	for _, node := range nodes {
		if _, done := s.canonical.issued[node]; done {
			continue
		}
		temporary := newIssuer("b")
		temporary.issue(node)
		result, err := s.hashNDegree(node, temporary)
		if err != nil {
			return err
		}
		paths = append(paths, result)
	}
	slices.SortStableFunc(paths, func(a, b ndegree) int { return strings.Compare(a.hash, b.hash) })
	for _, result := range paths {
		for _, node := range result.issuer.order {
			s.canonical.issue(node)
		}
	}
	return nil
}

// hashFirstDegree is Hash First Degree Quads (RDFC-1.0 §4.6).
func (s *state) hashFirstDegree(node string) string {
	lines := make([]string, 0, len(s.quadsOf[node]))
	for _, q := range s.quadsOf[node] {
		q = relabel(q, func(label string) string {
			if label == node {
				return "a"
			}
			return "z"
		})
		lines = append(lines, string(append(rdf.AppendQuad(nil, q), '\n')))
	}
	slices.Sort(lines)
	return s.hash(strings.Join(lines, ""))
}

// hashRelated is Hash Related Blank Node (RDFC-1.0 §4.7).
func (s *state) hashRelated(related string, q rdf.Quad, is *issuer, position string) string {
	input := position
	if position != "g" {
		input += "<" + q.P.Value() + ">"
	}
	if label, ok := s.canonical.issued[related]; ok {
		return s.hash(input + "_:" + label)
	}
	if label, ok := is.issued[related]; ok {
		return s.hash(input + "_:" + label)
	}
	return s.hash(input + s.firstHash[related])
}

func (s *state) hash(input string) string {
	h := s.opts.Hash()
	h.Write([]byte(input)) // a hash never fails to write
	return hex.EncodeToString(h.Sum(nil))
}

// spend counts one step of work.
func (s *state) spend() error {
	s.work++
	if s.work > s.opts.MaxWork {
		return ErrWorkLimit
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
