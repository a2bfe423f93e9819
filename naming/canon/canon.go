package canon

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"

	"nettwin/graph/rdf"
)

// DefaultMaxWork bounds the orders of blank nodes and the nested hashes that
// a canonicalisation tries. Real datasets need a few for each blank node that
// others resemble.
const DefaultMaxWork = 50_000

// ErrWorkLimit: the dataset's blank nodes resemble each other so much that
// the limit was reached before an answer.
var ErrWorkLimit = errors.New("canon: work limit reached: the dataset's blank nodes are too alike")

// Options are the choices of a canonicalisation; the zero value is RDFC-1.0
// with SHA-256.
type Options struct {
	Hash    func() hash.Hash // nil means SHA-256
	MaxWork int              // 0 means DefaultMaxWork
}

// Result is a canonical dataset.
type Result struct {
	NQuads []byte            // lines in code point order, each with its newline
	Issued map[string]string // the canonical label of each blank node label, without "_:"
}

// NQuads returns the canonical N-Quads of the dataset of the given quads,
// which may hold duplicates. Errors: ErrWorkLimit, a quad that is no RDF.
func NQuads(quads []rdf.Quad) ([]byte, error) {
	r, err := Canonicalize(quads, Options{})
	return r.NQuads, err
}

// Canonicalize is RDFC-1.0 §4.4.
func Canonicalize(quads []rdf.Quad, opts Options) (Result, error) {
	if err := check(quads); err != nil {
		return Result{}, err
	}
	if !hasBNodes(quads) {
		return Result{NQuads: document(quads, nil), Issued: map[string]string{}}, nil
	}
	if opts.Hash == nil {
		opts.Hash = sha256.New
	}
	if opts.MaxWork == 0 {
		opts.MaxWork = DefaultMaxWork
	}
	s := newState(dedupe(quads), opts)
	if err := s.run(); err != nil {
		return Result{}, err
	}
	return Result{NQuads: document(quads, s.canonical.issued), Issued: s.canonical.issued}, nil
}

func check(quads []rdf.Quad) error {
	for _, q := range quads {
		if !q.S.IsIRI() && !q.S.IsBNode() || !q.P.IsIRI() || q.O.IsZero() || q.G.IsLiteral() || q.G.IsTriple() {
			return fmt.Errorf("canon: %s %s %s %s: not an RDF quad", q.S, q.P, q.O, q.G)
		}
		if q.O.IsTriple() && q.O.HasBNode() {
			return fmt.Errorf("canon: object %s: RDFC-1.0 has no labels for blank nodes inside triple terms; name them by IRIs", q.O)
		}
	}
	return nil
}

func hasBNodes(quads []rdf.Quad) bool {
	for _, q := range quads {
		if q.S.IsBNode() || q.O.IsBNode() || q.G.IsBNode() {
			return true
		}
	}
	return false
}

func dedupe(quads []rdf.Quad) []rdf.Quad { return rdf.NewDataset(quads...).Quads() }

// document writes the quads with the given labels, sorted, each once.
func document(quads []rdf.Quad, labels map[string]string) []byte {
	lines := make([][]byte, len(quads))
	total := 0
	for i, q := range quads {
		if labels != nil {
			q = relabel(q, func(label string) string { return labels[label] })
		}
		lines[i] = append(rdf.AppendQuad(nil, q), '\n')
		total += len(lines[i])
	}
	slices.SortFunc(lines, bytes.Compare)
	lines = slices.CompactFunc(lines, bytes.Equal)
	out := make([]byte, 0, total)
	for _, line := range lines {
		out = append(out, line...)
	}
	return out
}

func relabel(q rdf.Quad, label func(string) string) rdf.Quad {
	for _, t := range [...]*rdf.Term{&q.S, &q.O, &q.G} {
		if t.IsBNode() {
			*t = rdf.BNode(label(t.Value()))
		}
	}
	return q
}
