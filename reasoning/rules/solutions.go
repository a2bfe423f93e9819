package rules

import (
	"crypto/sha256"
	"slices"

	"nettwin/graph/rdf"
	"nettwin/reasoning/model"
)

// MaxIndexedSolutions bounds the solutions that an engine remembers, over all
// rules: about 350 bytes each (BenchmarkSolutions). Rules beyond it run in full.
const MaxIndexedSolutions = 500_000

// digest stands for a row, a key or a derivation: the first half of SHA-256.
type digest [16]byte

func digestOf(terms []rdf.Term) digest {
	sum := sha256.Sum256(appendTerms(nil, terms))
	return digest(sum[:16])
}

// solution is one row of a rule's WHERE that makes facts.
type solution struct {
	row, derivation digest
	keys            []digest // of its terms, by Rule.keys
}

// solutions are those that the recorded derivations of a rule come from,
// found by the terms of the rule's keys. Not safe for concurrent use.
type solutions struct {
	slots map[digest]int32 // of rows
	list  []solution       // by slot; free ones are zero
	free  []int32
	byKey []map[digest][]int32
	count map[digest]int // solutions of each derivation
}

func newSolutions(r *Rule) *solutions {
	s := &solutions{slots: map[digest]int32{}, byKey: make([]map[digest][]int32, len(r.keys)), count: map[digest]int{}}
	for i := range s.byKey {
		s.byKey[i] = map[digest][]int32{}
	}
	return s
}

// solutionOf names a row and its keys.
func (r *Rule) solutionOf(row model.Row) solution {
	s := solution{row: digestOf(values(row, r.rowVars))}
	for _, vars := range r.keys {
		s.keys = append(s.keys, digestOf(values(row, vars)))
	}
	return s
}

func values(row model.Row, vars []string) []rdf.Term {
	list := make([]rdf.Term, 0, 8)
	for _, name := range vars {
		list = append(list, row[name])
	}
	return list
}

// add notes a solution that is not there.
func (s *solutions) add(one solution) {
	var slot int32
	if last := len(s.free) - 1; last >= 0 {
		slot, s.free = s.free[last], s.free[:last]
		s.list[slot] = one
	} else {
		slot = int32(len(s.list))
		s.list = append(s.list, one)
	}
	s.slots[one.row] = slot
	for i, key := range one.keys {
		s.byKey[i][key] = append(s.byKey[i][key], slot)
	}
	s.count[one.derivation]++
}

// agreeing returns the slots of solutions with one of the keys at place key.
func (s *solutions) agreeing(key int, keys map[digest]bool) []int32 {
	var slots []int32
	for k := range keys {
		slots = append(slots, s.byKey[key][k]...)
	}
	return slots
}

// remove forgets solutions.
func (s *solutions) remove(slots map[int32]bool) {
	for i := range s.byKey {
		emptied := map[digest]bool{}
		for slot := range slots {
			emptied[s.list[slot].keys[i]] = true
		}
		for key := range emptied {
			rest := slices.DeleteFunc(s.byKey[i][key], func(slot int32) bool { return slots[slot] })
			if s.byKey[i][key] = rest; len(rest) == 0 {
				delete(s.byKey[i], key)
			}
		}
	}
	for slot := range slots {
		one := s.list[slot]
		delete(s.slots, one.row)
		if s.count[one.derivation]--; s.count[one.derivation] == 0 {
			delete(s.count, one.derivation)
		}
		s.list[slot] = solution{}
		s.free = append(s.free, slot)
	}
}
