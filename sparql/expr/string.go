package expr

import (
	"math"
	"strings"
	"unicode/utf8"

	"nettwin/graph/rdf"
)

// String functions (SPARQL 1.1 §17.4.3). A string literal is an xsd:string or
// a language-tagged string (§17.4.3.1).

// MaxStringBytes bounds the strings that functions build.
const MaxStringBytes = 16 << 20

func isStringLiteral(t rdf.Term) bool {
	return t.Datatype() == rdf.XSDString || t.Lang() != ""
}

// like returns a string with the type and language of t.
func like(t rdf.Term, lexical string) (rdf.Term, bool) {
	if len(lexical) > MaxStringBytes {
		return rdf.Term{}, false
	}
	if t.Lang() != "" {
		return rdf.DirLangString(lexical, t.Lang(), t.Direction()), true
	}
	return rdf.String(lexical), true
}

// compatible is argument compatibility (§17.4.3.1.2): the second has no
// language, or that and the base direction of the first.
func compatible(a, b rdf.Term) bool {
	return isStringLiteral(a) && isStringLiteral(b) && (b.Lang() == "" || sameLang(a, b))
}

// sameLang tells whether two strings have the same language and direction.
func sameLang(a, b rdf.Term) bool {
	return strings.EqualFold(a.Lang(), b.Lang()) && a.Direction() == b.Direction()
}

// stringFn makes a function from string to string that keeps the type.
func stringFn(f func(string) string) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		if !isStringLiteral(args[0]) {
			return rdf.Term{}, false
		}
		return like(args[0], f(args[0].Value()))
	}
}

// stringTest makes a predicate on two compatible strings.
func stringTest(f func(s, part string) bool) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		return Bool(f(args[0].Value(), args[1].Value())), compatible(args[0], args[1])
	}
}

func strlenFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	return integerTerm(int64(utf8.RuneCountInString(args[0].Value()))), isStringLiteral(args[0])
}

// substrFn is fn:substring: characters are code points counted from 1, and
// the arguments are rounded.
func substrFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	start, ok := parseNumber(args[1])
	if !ok || !isStringLiteral(args[0]) {
		return rdf.Term{}, false
	}
	from := roundNumber(start, halfUp).float()
	end := math.Inf(1)
	if len(args) == 3 {
		length, ok := parseNumber(args[2])
		if !ok {
			return rdf.Term{}, false
		}
		end = from + roundNumber(length, halfUp).float()
	}
	var b strings.Builder
	position := 1.0
	for _, r := range args[0].Value() {
		if position >= from && position < end {
			b.WriteRune(r)
		}
		position++
	}
	return like(args[0], b.String())
}

func strBeforeFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	if !compatible(args[0], args[1]) {
		return rdf.Term{}, false
	}
	before, _, found := strings.Cut(args[0].Value(), args[1].Value())
	if !found {
		return rdf.String(""), true
	}
	return like(args[0], before)
}

func strAfterFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	if !compatible(args[0], args[1]) {
		return rdf.Term{}, false
	}
	_, after, found := strings.Cut(args[0].Value(), args[1].Value())
	if !found {
		return rdf.String(""), true
	}
	return like(args[0], after)
}

// concatFn keeps language and direction if all arguments have the same one.
func concatFn(c *Context, args []rdf.Term) (rdf.Term, bool) {
	var b strings.Builder
	same := len(args) > 0
	for _, arg := range args {
		if !isStringLiteral(arg) {
			return rdf.Term{}, false
		}
		if b.Len()+len(arg.Value()) > MaxStringBytes {
			c.exceedString()
			return rdf.Term{}, false
		}
		same = same && sameLang(arg, args[0])
		b.WriteString(arg.Value())
	}
	if same && args[0].Lang() != "" {
		return rdf.DirLangString(b.String(), args[0].Lang(), args[0].Direction()), true
	}
	return rdf.String(b.String()), true
}

// encodeForURIFn is fn:encode-for-uri: all but unreserved characters of RFC
// 3986 §2.3 are escaped. The result has no language.
func encodeForURIFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	const hex = "0123456789ABCDEF"
	if !isStringLiteral(args[0]) {
		return rdf.Term{}, false
	}
	var b strings.Builder
	for _, c := range []byte(args[0].Value()) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return rdf.String(b.String()), true
}

// langMatchesFn is basic filtering of RFC 4647 §3.3.1.
func langMatchesFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	if args[0].Datatype() != rdf.XSDString || args[1].Datatype() != rdf.XSDString {
		return rdf.Term{}, false
	}
	tag, wanted := strings.ToLower(args[0].Value()), strings.ToLower(args[1].Value())
	switch {
	case tag == "":
		return falseTerm, true
	case wanted == "*":
		return trueTerm, true
	}
	return Bool(tag == wanted || strings.HasPrefix(tag, wanted+"-")), true
}
