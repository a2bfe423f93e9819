package cayley

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cayleygraph/quad"

	"nettwin/graph/rdf"
)

// tripleType is the datatype of the values that stand for triple terms, which
// Cayley does not know: their text is the term in N-Triples.
const tripleType = surrogateNS + "triple"

// TermOf returns the RDF term of a value. Native values get the canonical
// lexical form of XSD 1.1 Part 2, which ValueOfTerm turns into the same value.
func TermOf(v quad.Value) (rdf.Term, error) {
	if !quad.IsValidValue(v) {
		return rdf.Term{}, fmt.Errorf("cayley: value %s is empty", quad.StringOf(v))
	}
	switch v := v.(type) {
	case quad.IRI:
		return rdf.IRI(string(v)), nil
	case quad.BNode:
		return rdf.BNode(string(v)), nil
	case quad.String:
		return rdf.String(string(v)), nil
	case quad.LangString:
		if v.Lang == "" {
			return rdf.Term{}, fmt.Errorf("cayley: value %s: a language-tagged string without a language", v)
		}
		return rdf.TaggedString(string(v.Value), v.Lang), nil
	case quad.TypedString:
		if v.Type == tripleType {
			t, err := rdf.ParseTerm(string(v.Value))
			if err == nil && !t.IsTriple() {
				err = fmt.Errorf("%s is none", t)
			}
			if err != nil {
				return rdf.Term{}, fmt.Errorf("cayley: value %s: text of a triple term: %w", v, err)
			}
			return t, nil
		}
		if v.Type == rdf.RDFLangString {
			return rdf.Term{}, fmt.Errorf("cayley: value %s: a language-tagged string without a language", v)
		}
		return rdf.Literal(string(v.Value), string(v.Type)), nil
	case quad.Int:
		return rdf.Literal(strconv.FormatInt(int64(v), 10), rdf.XSDInteger), nil
	case quad.Float:
		return rdf.Literal(formatDouble(float64(v)), rdf.XSDDouble), nil
	case quad.Bool:
		return rdf.Literal(strconv.FormatBool(bool(v)), rdf.XSDBoolean), nil
	case quad.Time:
		return rdf.Literal(formatTime(time.Time(v)), rdf.XSDDateTime), nil
	}
	return rdf.Term{}, fmt.Errorf("cayley: value %s of type %T is no RDF term", v, v)
}

// ValueOfTerm returns the value of a term, nil for the zero Term. Literals become
// native values only where these give the very same term back: "01" stays a
// TypedString.
func ValueOfTerm(t rdf.Term) quad.Value {
	switch t.Kind() {
	case rdf.KindIRI:
		return quad.IRI(t.Value())
	case rdf.KindBNode:
		return quad.BNode(t.Value())
	case rdf.KindLiteral:
		return literalValue(t)
	case rdf.KindTriple:
		return quad.TypedString{Value: quad.String(t.Value()), Type: tripleType}
	}
	return nil
}

func literalValue(t rdf.Term) quad.Value {
	lexical := t.Value()
	switch t.Datatype() {
	case rdf.XSDString:
		return quad.String(lexical)
	case rdf.RDFLangString, rdf.RDFDirLangString:
		return quad.LangString{Value: quad.String(lexical), Lang: t.Tag()}
	case rdf.XSDInteger:
		if n, err := strconv.ParseInt(lexical, 10, 64); err == nil && strconv.FormatInt(n, 10) == lexical {
			return quad.Int(n)
		}
	case rdf.XSDDouble:
		if f, err := strconv.ParseFloat(lexical, 64); err == nil && formatDouble(f) == lexical {
			return quad.Float(f)
		}
	case rdf.XSDBoolean:
		if lexical == "true" || lexical == "false" {
			return quad.Bool(lexical == "true")
		}
	case rdf.XSDDateTime:
		if at, err := time.Parse(time.RFC3339Nano, lexical); err == nil && formatTime(at) == lexical {
			return quad.Time(at)
		}
	}
	return quad.TypedString{Value: quad.String(lexical), Type: quad.IRI(t.Datatype())}
}

// formatDouble is the canonical form of xsd:double (XSD 1.1 Part 2 §3.3.5.2):
// 1.0E0, -1.2345E-2, INF.
func formatDouble(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	case math.IsNaN(f):
		return "NaN"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	digits := strings.TrimLeft(exponent[1:], "0")
	if digits == "" {
		sign, digits = "", "0"
	}
	return mantissa + "E" + sign + digits
}

// formatTime is an instant in UTC, with as many digits of a second as it has.
func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
