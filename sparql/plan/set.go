package plan

import "math/bits"

// Set is a set of slots. Its methods do not change it; nil is empty.
type Set []uint64

const wordBits = 64

// setOf returns the set of the given slots; negative ones are left out.
func setOf(slots ...int) Set {
	var s Set
	for _, slot := range slots {
		if slot >= 0 {
			s.add(slot)
		}
	}
	return s
}

// add changes s, which must not be shared yet.
func (s *Set) add(slot int) {
	for len(*s) <= slot/wordBits {
		*s = append(*s, 0)
	}
	(*s)[slot/wordBits] |= 1 << (slot % wordBits)
}

// Has tells whether slot is in s.
func (s Set) Has(slot int) bool {
	return slot >= 0 && slot/wordBits < len(s) && s[slot/wordBits]>>(slot%wordBits)&1 == 1
}

// Union returns the slots of both.
func (s Set) Union(t Set) Set {
	if len(s) < len(t) {
		s, t = t, s
	}
	out := append(Set(nil), s...)
	for i, w := range t {
		out[i] |= w
	}
	return out
}

// Intersect returns the slots that both have.
func (s Set) Intersect(t Set) Set {
	out := append(Set(nil), s[:min(len(s), len(t))]...)
	for i := range out {
		out[i] &= t[i]
	}
	return out
}

// Minus returns the slots of s that t has not.
func (s Set) Minus(t Set) Set {
	out := append(Set(nil), s...)
	for i := range min(len(s), len(t)) {
		out[i] &^= t[i]
	}
	return out
}

// Empty tells whether s has no slot.
func (s Set) Empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// Within tells whether t has all slots of s.
func (s Set) Within(t Set) bool { return s.Minus(t).Empty() }

// Meets tells whether s and t have a slot in common.
func (s Set) Meets(t Set) bool { return !s.Intersect(t).Empty() }

// Len returns the number of slots.
func (s Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Slots lists the slots in ascending order.
func (s Set) Slots() []int {
	out := make([]int, 0, s.Len())
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			out = append(out, i*wordBits+bits.TrailingZeros64(w))
		}
	}
	return out
}

// With returns s with some slots more.
func (s Set) With(slots ...int) Set { return s.Union(setOf(slots...)) }
