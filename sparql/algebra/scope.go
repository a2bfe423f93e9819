package algebra

import "nettwin/sparql/expr"

// InScope returns the variables that solutions of op may bind, in order of
// first use (§18.2.1), with those that stand for blank nodes or were made by
// translation; their names begin with BNodePrefix.
func InScope(op Op) []string {
	s := scope{seen: map[string]bool{}}
	s.op(op)
	return s.names
}

type scope struct {
	names []string
	seen  map[string]bool
}

func (s *scope) add(names ...string) {
	for _, n := range names {
		if n != "" && !s.seen[n] {
			s.seen[n] = true
			s.names = append(s.names, n)
		}
	}
}

func (s *scope) op(op Op) {
	switch op := op.(type) {
	case *BGP:
		for _, t := range op.Patterns {
			s.add(t.S.Var, t.P.Var, t.O.Var)
		}
	case *PathPattern:
		s.add(op.S.Var, op.O.Var)
	case *Table:
		s.add(op.Vars...)
	case *Minus:
		s.op(op.L)
	case *Project:
		s.add(op.Vars...)
	case *Group:
		for _, k := range op.Keys {
			s.add(k.Var)
		}
		for _, a := range op.Aggregates {
			s.add(a.Var)
		}
	case *Graph:
		s.add(op.Name.Var)
		s.op(op.P)
	case *Service:
		s.add(op.Endpoint.Var)
		s.op(op.P)
	case *Extend:
		s.op(op.P)
		s.add(op.Var)
	default:
		for _, in := range Inputs(op) {
			s.op(in)
		}
	}
}

// Names returns all variables that op or its expressions mention, whatever
// their scope, in order of first use.
func Names(op Op) []string {
	s := scope{seen: map[string]bool{}}
	Walk(op, func(op Op) bool {
		switch op := op.(type) {
		case *BGP, *PathPattern, *Table, *Project, *Group, *Extend:
			s.op(op)
		case *Graph:
			s.add(op.Name.Var)
		case *Service:
			s.add(op.Endpoint.Var)
		}
		for _, e := range Exprs(op) {
			WalkExpr(e, func(e expr.Expr) bool {
				switch e := e.(type) {
				case *expr.Var:
					s.add(e.Name)
				case *expr.Bound:
					s.add(e.Name)
				}
				return true
			})
		}
		return true
	})
	return s.names
}
