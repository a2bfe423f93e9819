package expr

import (
	"math/rand/v2"
	"time"

	"nettwin/graph/rdf"
)

// Context is what one query execution gives to all its expressions. It is
// used by one goroutine at a time.
type Context struct {
	Now    time.Time           // NOW(), the same during one execution (§17.4.5.1)
	Base   string              // base IRI that IRI() resolves against
	Rand   *rand.Rand          // RAND(), UUID(), STRUUID()
	BNodes func() rdf.Term     // a fresh blank node for BNODE()
	Done   <-chan struct{}     // closed when nobody waits for values any more; nil: never
	labels map[string]rdf.Term // BNODE("label") within one solution, see NewSolution
	limit  *LimitError         // the first limit exceeded
	sets   map[*In]*inSet      // of long lists of constants; nil values are other lists

	regexes    map[regexKey]*regex // compiled patterns; nil values are malformed ones
	regexSteps int                 // of all those
}

// Env is one solution that an expression is evaluated under.
type Env interface {
	// Lookup returns the value of a variable, and whether it is bound.
	Lookup(name string) (rdf.Term, bool)

	// Exists tells whether the pattern of an Exists node has a solution that
	// is compatible with this one. A failure of the query itself (cancelled,
	// storage) is kept by the environment, which returns ok == false.
	Exists(pattern any) (found, ok bool)
}

// NewSolution tells that the following evaluations belong to another
// solution, so that BNODE("x") makes a new node (§17.4.2.9).
func (c *Context) NewSolution() { clear(c.labels) }

// Eval evaluates e under env. ok is false for an expression error (§17.2).
func Eval(c *Context, e Expr, env Env) (value rdf.Term, ok bool) {
	switch e := e.(type) {
	case *Var:
		return env.Lookup(e.Name)
	case *Const:
		return e.Term, true
	case *Call:
		return evalCall(c, e, env)
	case *And, *Or, *Not:
		truth, ok := evalTruth(c, e, env)
		return Bool(truth), ok
	case *If:
		return evalIf(c, e, env)
	case *Coalesce:
		for _, arg := range e.Args {
			if v, ok := Eval(c, arg, env); ok {
				return v, true
			}
		}
	case *In:
		return evalIn(c, e, env)
	case *Bound:
		_, bound := env.Lookup(e.Name)
		return Bool(bound), true
	case *Exists:
		found, ok := env.Exists(e.Pattern)
		return Bool(found != e.Negated), ok
	}
	return rdf.Term{}, false
}

// EvalEBV evaluates e to its effective boolean value.
func EvalEBV(c *Context, e Expr, env Env) (truth, ok bool) {
	v, ok := Eval(c, e, env)
	if !ok {
		return false, false
	}
	return EBV(v)
}

// maxInlineArgs is how many arguments of a call need no allocation.
const maxInlineArgs = 4

func evalCall(c *Context, e *Call, env Env) (rdf.Term, bool) {
	if e.Fn == nil || len(e.Args) < e.Fn.MinArgs || e.Fn.MaxArgs >= 0 && len(e.Args) > e.Fn.MaxArgs {
		return rdf.Term{}, false
	}
	var buf [maxInlineArgs]rdf.Term
	args := buf[:0]
	for _, arg := range e.Args {
		v, ok := Eval(c, arg, env)
		if !ok {
			return rdf.Term{}, false
		}
		args = append(args, v)
	}
	return e.Fn.Eval(c, args)
}

// evalTruth follows the truth table of §17.2: an error on one side does not
// matter where the other side decides.
func evalTruth(c *Context, e Expr, env Env) (truth, ok bool) {
	switch e := e.(type) {
	case *And:
		l, lok := EvalEBV(c, e.L, env)
		if lok && !l {
			return false, true
		}
		r, rok := EvalEBV(c, e.R, env)
		if rok && !r {
			return false, true
		}
		return true, lok && rok
	case *Or:
		l, lok := EvalEBV(c, e.L, env)
		if lok && l {
			return true, true
		}
		r, rok := EvalEBV(c, e.R, env)
		if rok && r {
			return true, true
		}
		return false, lok && rok
	case *Not:
		x, ok := EvalEBV(c, e.X, env)
		return !x, ok
	}
	return false, false
}

func evalIf(c *Context, e *If, env Env) (rdf.Term, bool) {
	cond, ok := EvalEBV(c, e.Cond, env)
	switch {
	case !ok:
		return rdf.Term{}, false
	case cond:
		return Eval(c, e.Then, env)
	}
	return Eval(c, e.Else, env)
}

// evalIn is a chain of "=" joined by "||" (§17.4.1.9): an error counts only
// if nothing matches.
func evalIn(c *Context, e *In, env Env) (rdf.Term, bool) {
	x, ok := Eval(c, e.X, env)
	if !ok {
		return rdf.Term{}, false
	}
	if set := c.setOf(e); set != nil {
		if found, decided := set.test(c, x); decided {
			return Bool(found != e.Negated), true
		}
	}
	failed := false
	for i, item := range e.List {
		if i%itemsPerLook == itemsPerLook-1 && c.stopped() {
			return rdf.Term{}, false
		}
		v, ok := Eval(c, item, env)
		if !ok {
			failed = true
			continue
		}
		equal, ok := Equal(x, v)
		if ok && equal {
			return Bool(!e.Negated), true
		}
		failed = failed || !ok
	}
	return Bool(e.Negated), !failed
}
