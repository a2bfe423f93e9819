package batch

import (
	"fmt"
	"slices"
	"strings"

	"nettwin/graph"
	"nettwin/graph/internal/dict"
	"nettwin/graph/rdf"
)

// Limits of a batch, so that a commit's record stays below 2 GiB.
const (
	MaxQuads = 16 << 20
	MaxBytes = 512 << 20
)

// MaxBranchName bounds the bytes of a branch's name.
const MaxBranchName = 100

// Check refuses what no store takes, before anything is changed.
func Check(b *graph.Batch) error {
	size, n := 0, len(b.Adds)+len(b.Deletes)
	if n > MaxQuads {
		return fmt.Errorf("batch of %d quads is beyond the limit of %d: %w", n, MaxQuads, graph.ErrTooLarge)
	}
	for _, g := range b.ClearGraphs {
		if g.IsLiteral() || g.IsTriple() {
			return fmt.Errorf("clear of a graph named by %s: %w", g, graph.ErrBadQuad)
		}
	}
	for _, half := range [][]rdf.Quad{b.Deletes, b.Adds} {
		for i := range half {
			if err := checkQuad(&half[i]); err != nil {
				return fmt.Errorf("quad %d: %w", i, err)
			}
			size += textSize(&half[i])
		}
	}
	if size > MaxBytes {
		return fmt.Errorf("batch of %d bytes is beyond the limit of %d: %w", size, MaxBytes, graph.ErrTooLarge)
	}
	if len(b.Note) > dict.MaxTermBytes {
		return fmt.Errorf("note of %d bytes is beyond the limit of %d: %w", len(b.Note), dict.MaxTermBytes, graph.ErrTooLarge)
	}
	return nil
}

// checkQuad holds RDF 1.2 Concepts §3.1 and §4: subjects are IRIs or blank
// nodes, predicates IRIs, graph names IRIs or blank nodes, in triple terms too.
func checkQuad(q *rdf.Quad) error {
	switch {
	case !q.S.IsIRI() && !q.S.IsBNode():
		return fmt.Errorf("subject %q is neither IRI nor blank node: %w", q.S.Value(), graph.ErrBadQuad)
	case !q.P.IsIRI():
		return fmt.Errorf("predicate %q is no IRI: %w", q.P.Value(), graph.ErrBadQuad)
	case q.O.IsZero():
		return fmt.Errorf("object is missing: %w", graph.ErrBadQuad)
	case q.G.IsLiteral() || q.G.IsTriple():
		return fmt.Errorf("graph name %s is neither IRI nor blank node: %w", q.G, graph.ErrBadQuad)
	case q.O.IsTriple():
		if err := rdf.CheckTripleTerm(q.O); err != nil {
			return fmt.Errorf("object: %w: %w", err, graph.ErrBadQuad)
		}
	}
	for _, t := range []*graph.Term{&q.S, &q.P, &q.O, &q.G} {
		if n := max(len(t.Value()), len(t.Datatype()), len(t.Lang())); n > dict.MaxTermBytes {
			return fmt.Errorf("term of %d bytes is beyond the limit of %d: %w", n, dict.MaxTermBytes, graph.ErrTooLarge)
		}
	}
	return nil
}

func textSize(q *rdf.Quad) int {
	return len(q.S.Value()) + len(q.P.Value()) + len(q.G.Value()) +
		len(q.O.Value()) + len(q.O.Datatype()) + len(q.O.Lang())
}

// CheckBranchName refuses what is no name of a branch.
func CheckBranchName(name string) error {
	ok := len(name) >= 1 && len(name) <= MaxBranchName && name[0] != '.' && name[0] != '-'
	for i := 0; ok && i < len(name); i++ {
		c := name[i]
		ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
	}
	if !ok {
		return fmt.Errorf("%q: %w", name, graph.ErrBadBranchName)
	}
	return nil
}

// SortBranches puts Main first and the others by name.
func SortBranches(list []graph.Branch) {
	slices.SortFunc(list, func(a, b graph.Branch) int {
		switch {
		case a.Name == b.Name:
			return 0
		case a.Name == graph.Main:
			return -1
		case b.Name == graph.Main:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
}
