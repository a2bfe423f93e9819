package expr

import (
	"strconv"

	"nettwin/graph/rdf"
)

// leastInSet is the length from which on a list of constants is worth a set.
const leastInSet = 8

// inSet is a list of constants, by what finds them.
type inSet struct {
	exact    map[rdf.Term]struct{}
	others   map[valueClass][]rdf.Term // that other terms of their class may equal
	integers bool                      // all numbers are integers as XSD writes them canonically
	open     bool                      // some literal or triple term may be equal to what looks different
}

// setOf returns the set of a list, nil if it is short or has other expressions
// than constants.
func (c *Context) setOf(e *In) *inSet {
	if len(e.List) < leastInSet {
		return nil
	}
	set, known := c.sets[e]
	if known {
		return set
	}
	if c.sets == nil {
		c.sets = map[*In]*inSet{}
	}
	set = newInSet(e.List)
	c.sets[e] = set
	return set
}

func newInSet(list []Expr) *inSet {
	s := &inSet{exact: make(map[rdf.Term]struct{}, len(list)), others: map[valueClass][]rdf.Term{}, integers: true}
	for _, item := range list {
		item, ok := item.(*Const)
		if !ok {
			return nil
		}
		t := item.Term
		s.exact[t] = struct{}{}
		switch class := valueOf(t).class; {
		case t.IsTriple() || t.IsLiteral() && class == classUnknown:
			s.open = true
		case !t.IsLiteral() || class == classString:
		default:
			s.integers = s.integers && (class != classNumber || isCanonicalInteger(t))
			s.others[class] = append(s.others[class], t)
		}
	}
	return s
}

func isCanonicalInteger(t rdf.Term) bool {
	if t.Datatype() != rdf.XSDInteger {
		return false
	}
	n, err := strconv.ParseInt(t.Value(), 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == t.Value()
}

// test tells whether any constant equals x; decided is false if they have to be
// asked one by one.
func (s *inSet) test(c *Context, x rdf.Term) (found, decided bool) {
	if _, ok := s.exact[x]; ok {
		if equal, ok := Equal(x, x); ok && equal {
			return true, true
		}
	}
	class := valueOf(x).class
	switch {
	case x.IsIRI() || x.IsBNode():
		return false, true
	case s.open || class == classUnknown || class == classTemporal: // whose order may be open
		return false, false
	case class == classString, class == classNumber && s.integers && isCanonicalInteger(x):
		return false, true
	}
	for i, t := range s.others[class] {
		if i%itemsPerLook == 0 && c.stopped() {
			return false, true
		}
		if equal, ok := Equal(x, t); ok && equal {
			return true, true
		}
	}
	return false, true
}

// itemsPerLook is how many items of a list are compared between looks whether
// anybody waits for the value.
const itemsPerLook = 1 << 10
