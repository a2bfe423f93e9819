package expr

import (
	"math"

	"nettwin/graph/rdf"
)

// add, subtract, multiply and divide are the numeric operators of §17.3. The
// quotient of two integers is a decimal; division by zero is an error for
// exact numbers and INF or NaN for the others.
func add(a, b number) (number, bool) {
	return arith(a, b, decimal.add, func(x, y float64) float64 { return x + y })
}

func subtract(a, b number) (number, bool) {
	return arith(a, b, decimal.sub, func(x, y float64) float64 { return x - y })
}

func multiply(a, b number) (number, bool) {
	return arith(a, b, decimal.mul, func(x, y float64) float64 { return x * y })
}

func divide(a, b number) (number, bool) {
	if max(a.kind, b.kind) < numFloat && b.isZero() {
		return number{}, false
	}
	if a.kind == numInteger && b.kind == numInteger {
		a.kind, a.marked = numDecimal, true
	}
	return arith(a, b, decimal.quo, func(x, y float64) float64 { return x / y })
}

func arith(a, b number, exact func(x, y decimal) decimal, binary func(x, y float64) float64) (number, bool) {
	kind := max(a.kind, b.kind)
	a, b = a.promote(kind), b.promote(kind)
	out := number{kind: kind, marked: a.marked || b.marked}
	switch kind {
	case numInteger, numDecimal:
		out.dec = exact(a.dec, b.dec)
		return out, !out.dec.tooLarge()
	case numFloat:
		out.f = float64(float32(binary(a.f, b.f)))
	default:
		out.f = binary(a.f, b.f)
	}
	return out, true
}

func negate(n number) number {
	if n.kind < numFloat {
		n.dec = n.dec.neg()
	} else {
		n.f = -n.f
	}
	return n
}

func absolute(n number) number {
	if n.kind >= numFloat {
		n.f = math.Abs(n.f)
	} else if n.dec.sign() < 0 {
		n.dec = n.dec.neg()
	}
	return n
}

// roundNumber is CEIL, FLOOR and ROUND (§17.4.4): the type stays, and an
// integral decimal is written without a point.
func roundNumber(n number, r rounding) number {
	if n.kind < numFloat {
		n.dec, n.marked = n.dec.integral(r), false
		return n
	}
	switch r {
	case up:
		n.f = math.Ceil(n.f)
	case down:
		n.f = math.Floor(n.f)
	case halfUp:
		floor := math.Floor(n.f)
		if n.f-floor >= 0.5 {
			floor++
		}
		n.f = math.Copysign(floor, n.f) // keeps the sign of zero
	case towardZero:
		n.f = math.Trunc(n.f)
	}
	return n
}

// numericFn makes a function of one number.
func numericFn(f func(number) number) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		n, ok := parseNumber(args[0])
		if !ok {
			return rdf.Term{}, false
		}
		return f(n).term()
	}
}

func rounder(r rounding) evalFn {
	return numericFn(func(n number) number { return roundNumber(n, r) })
}

// arithFn makes a binary operator on numbers.
func arithFn(op func(a, b number) (number, bool)) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		a, ok := parseNumber(args[0])
		if !ok {
			return rdf.Term{}, false
		}
		b, ok := parseNumber(args[1])
		if !ok {
			return rdf.Term{}, false
		}
		out, ok := op(a, b)
		if !ok {
			return rdf.Term{}, false
		}
		return out.term()
	}
}

// unaryPlus gives a numeric operand back as it was written.
func unaryPlus(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	_, ok := parseNumber(args[0])
	return args[0], ok
}

func randFn(c *Context, _ []rdf.Term) (rdf.Term, bool) {
	if c.Rand == nil {
		return rdf.Term{}, false
	}
	return rdf.Literal(formatBinary(c.Rand.Float64(), 64, true), rdf.XSDDouble), true
}
