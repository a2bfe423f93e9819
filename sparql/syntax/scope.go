package syntax

// varSet is a set of variables in order of first use.
type varSet struct {
	names []string
	has   map[string]bool
}

func newVarSet() *varSet { return &varSet{has: map[string]bool{}} }

func (s *varSet) add(name string) {
	if name != "" && !s.has[name] {
		s.has[name] = true
		s.names = append(s.names, name)
	}
}

func (s *varSet) addAll(names []string) {
	for _, n := range names {
		s.add(n)
	}
}

func (s *varSet) addTriples(triples []TriplePattern) {
	for _, t := range triples {
		s.addNodes(t.S, t.P, t.O)
	}
}

func (s *varSet) addNodes(nodes ...Node) {
	for _, n := range nodes {
		s.add(n.Var)
		if n.Triple != nil {
			s.addNodes(n.Triple.S, n.Triple.P, n.Triple.O)
		}
	}
}

// InScope returns the variables in scope at the end of the group (§18.2.1),
// in order of first use.
func (g *Group) InScope() []string {
	s := newVarSet()
	s.addGroup(g)
	return s.names
}

// InScope returns the variables that SELECT * selects: those of the pattern
// and of the trailing VALUES.
func (b *Body) InScope() []string {
	s := newVarSet()
	s.addBody(b)
	return s.names
}

func (s *varSet) addBody(b *Body) {
	if b.Where != nil {
		s.addGroup(b.Where)
	}
	if b.Values != nil {
		s.addAll(b.Values.Vars)
	}
}

func (s *varSet) addGroup(g *Group) {
	for _, el := range g.Elements {
		s.addPattern(el)
	}
}

// addPattern adds what the table of §18.2.1 says for one element.
func (s *varSet) addPattern(el Pattern) {
	switch el := el.(type) {
	case *Triples:
		s.addTriples(el.Patterns)
	case *Group:
		s.addGroup(el)
	case *Union:
		for _, b := range el.Branches {
			s.addGroup(b)
		}
	case *Optional:
		s.addGroup(el.P)
	case *GraphPattern:
		s.add(el.Name.Var)
		s.addGroup(el.P)
	case *Service:
		s.add(el.Endpoint.Var)
		s.addGroup(el.P)
	case *Bind:
		s.add(el.Var)
	case *Values:
		s.addAll(el.Vars)
	case *SubSelect:
		if el.Projection.Star {
			s.addBody(&el.Body)
		}
		for _, item := range el.Projection.Items {
			s.add(item.Var)
		}
	}
}
