package canon

import (
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// ndegree is the result of Hash N-Degree Quads.
type ndegree struct {
	hash   string
	issuer *issuer
}

// hashNDegree is Hash N-Degree Quads (RDFC-1.0 §4.8): it hashes the paths to
// the blank nodes around node, in the order that gives the least path. The
// depth of recursion is bounded by the number of steps.
func (s *state) hashNDegree(node string, is *issuer) (ndegree, error) {
	if err := s.spend(); err != nil {
		return ndegree{}, err
	}
	related := s.relatedTo(node, is)
	var data strings.Builder
	for _, h := range sortedKeys(related) {
		data.WriteString(h)
		path, chosen, err := s.leastPath(related[h], is)
		if err != nil {
			return ndegree{}, err
		}
		data.WriteString(path)
		is = chosen
	}
	return ndegree{hash: s.hash(data.String()), issuer: is}, nil
}

// relatedTo groups the blank nodes beside node by their related hash (§4.8.3,
// steps 1 to 3). One node may stand in a group more than once.
func (s *state) relatedTo(node string, is *issuer) map[string][]string {
	related := map[string][]string{}
	for _, q := range s.quadsOf[node] {
		for i, t := range [...]rdf.Term{q.S, q.O, q.G} {
			if t.IsBNode() && t.Value() != node {
				h := s.hashRelated(t.Value(), q, is, "sog"[i:i+1])
				related[h] = append(related[h], t.Value())
			}
		}
	}
	return related
}

// leastPath tries every order of the nodes (§4.8.3, step 5.4).
func (s *state) leastPath(nodes []string, is *issuer) (string, *issuer, error) {
	least, chosen := "", is
	order := slices.Clone(nodes)
	slices.Sort(order)
	for {
		path, tried, err := s.path(order, is, least)
		if err != nil {
			return "", nil, err
		}
		if tried != nil && (least == "" || path < least) {
			least, chosen = path, tried
		}
		if !nextPermutation(order) {
			return least, chosen, nil
		}
	}
}

// path returns the path along nodes in the given order and the issuer after
// it; a nil issuer if the path cannot become less than least.
func (s *state) path(nodes []string, is *issuer, least string) (string, *issuer, error) {
	if err := s.spend(); err != nil {
		return "", nil, err
	}
	is = is.clone()
	var b strings.Builder
	var recurse []string
	beyond := func() bool { return least != "" && b.Len() >= len(least) && b.String() > least }
	for _, node := range nodes {
		label, done := s.canonical.issued[node]
		if !done {
			if _, known := is.issued[node]; !known {
				recurse = append(recurse, node)
			}
			label = is.issue(node)
		}
		b.WriteString("_:" + label)
		if beyond() {
			return "", nil, nil
		}
	}
	for _, node := range recurse {
		result, err := s.hashNDegree(node, is)
		if err != nil {
			return "", nil, err
		}
		b.WriteString("_:" + is.issue(node) + "<" + result.hash + ">")
		is = result.issuer
		if beyond() {
			return "", nil, nil
		}
	}
	return b.String(), is, nil
}

// nextPermutation makes order the next greater one; false after the last.
func nextPermutation(order []string) bool {
	i := len(order) - 2
	for i >= 0 && order[i] >= order[i+1] {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(order) - 1
	for order[j] <= order[i] {
		j--
	}
	order[i], order[j] = order[j], order[i]
	slices.Reverse(order[i+1:])
	return true
}
