package intent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

// The kinds of expressions (TMF921 v5, IntentExpression).
const (
	TurtleExpression = "TurtleExpression"
	JSONLDExpression = "JsonLdExpression"
)

// Limits of expressions.
const (
	MaxExpressionBytes   = 256 << 10
	MaxExpressionTriples = 2_000
)

// Expression is the formal part of an intent.
type Expression struct {
	Type string `json:"@type"`
	IRI  string `json:"iri,omitempty"`
	// Value is a string of Turtle, or a JSON-LD document, inline or in a string.
	Value json.RawMessage `json:"expressionValue"`
	// What else a client says, such as @schemaLocation, is kept.
	Base     string `json:"@baseType,omitempty"`
	Schema   string `json:"@schemaLocation,omitempty"`
	Language string `json:"expressionLanguage,omitempty"`
}

// ExpressionError says what is wrong with an expression before any rule has
// seen it. Line and Column are 0 where they are not known.
type ExpressionError struct {
	Line, Column int
	Msg          string
}

func (e *ExpressionError) Error() string {
	if e.Line == 0 {
		return "expression: " + e.Msg
	}
	return fmt.Sprintf("expression:%d:%d: %s", e.Line, e.Column, e.Msg)
}

func wrong(format string, args ...any) error {
	return &ExpressionError{Msg: fmt.Sprintf(format, args...)}
}

// intentClass matches the class of intents in the public versions of TIO's
// Intent Common Model, which ends in a hash or a slash.
var intentClass = regexp.MustCompile(`^https?://[a-z.]*tmforum\.org/.*/IntentCommonModel[/#]Intent$`)

// triples parses the expression; relative IRIs resolve against base. Errors:
// *ExpressionError.
func (e *Expression) triples(base string) ([]rdf.Triple, error) {
	if len(e.Value) > MaxExpressionBytes {
		return nil, wrong("%d bytes, at most %d are allowed", len(e.Value), MaxExpressionBytes)
	}
	var list []rdf.Triple
	var err error
	switch e.Type {
	case TurtleExpression:
		list, err = parseTurtle(e.Value, base)
	case JSONLDExpression:
		list, err = parseJSONLD(e.Value, base)
	case "":
		return nil, wrong(`"@type" is missing: it is %s or %s`, TurtleExpression, JSONLDExpression)
	default:
		return nil, wrong(`"@type" %q is neither %s nor %s`, e.Type, TurtleExpression, JSONLDExpression)
	}
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, wrong("it says nothing")
	case len(list) > MaxExpressionTriples:
		return nil, wrong("more than %d triples", MaxExpressionTriples)
	}
	return list, nil
}

// text returns a value that is a JSON string, and whether it is one.
func text(value json.RawMessage) (string, bool) {
	var s string
	err := json.Unmarshal(value, &s)
	return s, err == nil
}

func parseTurtle(value json.RawMessage, base string) ([]rdf.Triple, error) {
	s, ok := text(value)
	if !ok {
		return nil, wrong("expressionValue of a %s is a string of Turtle", TurtleExpression)
	}
	reader := rdf.NewReader(strings.NewReader(s), rdf.Turtle, rdf.ReaderOptions{Base: base})
	var list []rdf.Triple
	for len(list) <= MaxExpressionTriples {
		q, err := reader.Read()
		if isEOF(err) {
			break
		}
		if err != nil {
			return nil, positioned(err)
		}
		list = append(list, q.Triple())
	}
	return list, nil
}

// name finds the intent of an expression and gives its subjects IRIs of the
// twin's: the intent <base>id/intent/<id>, other subjects and blank nodes IRIs
// below it, in the order of the text. Errors: *ExpressionError.
func name(list []rdf.Triple, base, id string) ([]rdf.Triple, error) {
	var intents []rdf.Term
	for _, t := range list {
		if t.P.Value() == rdf.RDFType && intentClass.MatchString(t.O.Value()) && !slices.Contains(intents, t.S) {
			intents = append(intents, t.S)
		}
	}
	if len(intents) != 1 {
		return nil, wrong("it holds %d intents, expected one: a subject whose class is Intent of TIO's IntentCommonModel", len(intents))
	}
	names := map[rdf.Term]rdf.Term{intents[0]: naming.ThingIRI(base, "intent", id)}
	things := base + "id/"
	for _, t := range list {
		if t.P == termItem || t.P.Value() == rdf.RDFType && t.O == classIntent {
			return nil, wrong("%s is for the twin to say", t)
		}
		if t.O.IsTriple() {
			return nil, wrong("it holds the triple term %s: an intent is told in plain triples", t.O)
		}
		if t.S.IsIRI() && strings.HasPrefix(t.S.Value(), things) {
			return nil, wrong("it states a fact about %s, a thing of the twin: an intent may only name things", t.S)
		}
		for _, term := range [...]rdf.Term{t.S, t.O} {
			if _, known := names[term]; !known && (term == t.S || term.IsBNode()) {
				names[term] = naming.ThingIRI(base, "intent", id, strconv.Itoa(len(names)))
			}
		}
	}
	var named []rdf.Triple
	for _, t := range list {
		for _, term := range [...]*rdf.Term{&t.S, &t.O} {
			if to, ok := names[*term]; ok {
				*term = to
			}
		}
		named = append(named, t)
	}
	for was, is := range names {
		if was.IsIRI() && was != is {
			named = append(named, rdf.Triple{S: is, P: termAlternate, O: was})
		}
	}
	slices.SortFunc(named, compareTriples)
	return slices.Compact(named), nil
}

func compareTriples(a, b rdf.Triple) int {
	for _, pair := range [...][2]rdf.Term{{a.S, b.S}, {a.P, b.P}, {a.O, b.O}} {
		if c := rdf.Compare(pair[0], pair[1]); c != 0 {
			return c
		}
	}
	return 0
}

// compact writes JSON without white space, for digests and records.
func compact(value json.RawMessage) (json.RawMessage, error) {
	var b bytes.Buffer
	err := json.Compact(&b, value)
	return b.Bytes(), err
}
