package main

import (
	"bufio"
	"errors"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Sizes of a sample.
const (
	maxSubjects = 20_000
	maxIntegers = 200_000
)

// sample is what a run asks for and replaces, the same for all engines.
type sample struct {
	quads      uint64 // lines of the file
	subjects   []rdf.Term
	predicates []rdf.Term
	integers   []rdf.Quad // whose objects are replaced
	fresh      int64      // the next integer, which no quad has

	seen, stride int // integers of the file so far, and every which block of them is kept
	r            *rand.Rand
}

// readSample reads the file once.
func readSample(file string, seed uint64) (*sample, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &sample{fresh: 1 << 40, stride: 1, r: rand.New(rand.NewPCG(seed, 1))}
	predicates := map[rdf.Term]bool{}
	r := rdf.NewReader(bufio.NewReaderSize(f, 1<<20), rdf.NQuads, rdf.ReaderOptions{})
	var last rdf.Term
	for seen := 0; ; {
		q, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		s.quads++
		predicates[q.P] = true
		if q.S != last { // every subject is as likely as another, by and large
			last = q.S
			if seen++; len(s.subjects) < maxSubjects {
				s.subjects = append(s.subjects, q.S)
			} else if at := s.r.IntN(seen); at < maxSubjects {
				s.subjects[at] = q.S
			}
		}
		if q.O.Datatype() == rdf.XSDInteger {
			s.addInteger(q)
		}
	}
	for p := range predicates {
		s.predicates = append(s.predicates, p)
	}
	slices.SortFunc(s.predicates, func(a, b rdf.Term) int { return strings.Compare(a.Value(), b.Value()) })
	slices.SortFunc(s.subjects, func(a, b rdf.Term) int { return strings.Compare(a.Value(), b.Value()) })
	s.subjects = slices.Compact(s.subjects)
	s.distinct()
	s.r.Shuffle(len(s.subjects), func(i, j int) { s.subjects[i], s.subjects[j] = s.subjects[j], s.subjects[i] })
	if len(s.integers) < 1000 {
		return nil, errors.New("the data has fewer than 1000 integers to replace")
	}
	return s, nil
}

// addInteger keeps blocks of integers that follow each other in the file, every
// stride-th, so that neighbours stay neighbours whatever the file's size.
func (s *sample) addInteger(q rdf.Quad) {
	block := s.seen / replaced
	s.seen++
	if block%s.stride != 0 {
		return
	}
	if s.integers = append(s.integers, q); len(s.integers) < maxIntegers {
		return
	}
	kept := s.integers[:0]
	for at := 0; at < len(s.integers); at += 2 * replaced {
		kept = append(kept, s.integers[at:min(at+replaced, len(s.integers))]...)
	}
	s.integers, s.stride = kept, 2*s.stride
}

// distinct drops repeated integers and keeps the sequence.
func (s *sample) distinct() {
	seen := map[rdf.Quad]bool{}
	s.integers = slices.DeleteFunc(s.integers, func(q rdf.Quad) bool {
		gone := seen[q]
		seen[q] = true
		return gone
	})
}

// replace makes a batch that replaces n integers: neighbours, or any.
func (s *sample) replace(n int, neighbours bool) *graph.Batch {
	n = min(n, len(s.integers))
	b := &graph.Batch{Deletes: make([]rdf.Quad, 0, n), Adds: make([]rdf.Quad, 0, n)}
	at, step := s.r.IntN(len(s.integers)), 1
	if !neighbours {
		step = max(1, len(s.integers)/n)
	}
	for i := range n {
		q := &s.integers[(at+i*step)%len(s.integers)]
		b.Deletes = append(b.Deletes, *q)
		q.O = rdf.Literal(strconv.FormatInt(s.fresh, 10), rdf.XSDInteger)
		s.fresh++
		b.Adds = append(b.Adds, *q)
	}
	return b
}

// hashQuad is a number for a quad in any engine.
func hashQuad(q rdf.Quad) uint64 {
	h := fnv.New64a()
	for _, t := range []rdf.Term{q.S, q.P, q.O, q.G} {
		h.Write(termText(nil, t))
		h.Write([]byte{1})
	}
	return h.Sum64()
}
