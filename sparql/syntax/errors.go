package syntax

import "fmt"

// Pos is a place in the text. Lines and columns count from 1; columns count
// Unicode characters. The zero Pos is unknown.
type Pos struct{ Line, Column int }

// Code classifies a SyntaxError. Codes are stable: clients may test them.
type Code string

// The codes of errors that a query or update can have before it runs.
const (
	CodeUnexpected         Code = "unexpected"          // a token that the grammar does not allow here
	CodeBadCharacter       Code = "bad-character"       // a character that begins no token
	CodeBadEncoding        Code = "bad-encoding"        // the text is not UTF-8
	CodeBadEscape          Code = "bad-escape"          // an escape sequence that does not exist, or names a surrogate
	CodeBadIRI             Code = "bad-iri"             // an IRI that is malformed or cannot be resolved
	CodeRelativeIRI        Code = "relative-iri"        // a relative IRI, and no base
	CodeUnterminatedString Code = "unterminated-string" // a string without its end
	CodeUndeclaredPrefix   Code = "undeclared-prefix"   // a prefixed name without a PREFIX
	CodeTextTooLong        Code = "text-too-long"       // over Options.MaxText
	CodeTooDeep            Code = "too-deep"            // over Options.MaxDepth
	CodeTooLarge           Code = "too-large"           // over Options.MaxElements
	CodeBNodeScope         Code = "bnode-scope"         // a blank node label in two graph patterns or INSERT DATA (§19.6)
	CodeBNodeInDelete      Code = "bnode-in-delete"     // a blank node where a deletion cannot have one (§19.8 notes)
	CodeVariableInData     Code = "variable-in-data"    // a variable in INSERT DATA or DELETE DATA
	CodeValuesArity        Code = "values-arity"        // a VALUES row of another length than its variables
	CodeValuesDuplicate    Code = "values-duplicate"    // a variable twice in one VALUES
	CodeBindInScope        Code = "bind-in-scope"       // BIND to a variable that the group already uses
	CodeSelectInScope      Code = "select-in-scope"     // SELECT (… AS ?v) with v already in scope
	CodeSelectDuplicate    Code = "select-duplicate"    // SELECT (… AS ?v) with v already selected
	CodeGroupInScope       Code = "group-in-scope"      // GROUP BY (… AS ?v) with v already in scope
	CodeSelectStarGroup    Code = "select-star-group"   // SELECT * with grouping
	CodeNotGrouped         Code = "not-grouped"         // a variable outside an aggregate that is no group key
	CodeNestedAggregate    Code = "nested-aggregate"    // an aggregate within an aggregate
	CodeAggregatePlace     Code = "aggregate-place"     // an aggregate outside SELECT, HAVING and ORDER BY
	CodeUnknownFunction    Code = "unknown-function"    // a keyword call that names no function
	CodeFunctionArity      Code = "function-arity"      // a call with too few or too many arguments
	CodeDistinctCall       Code = "distinct-call"       // DISTINCT in a call that is no aggregate
)

// SyntaxError is a static error of a query or update: in its text, or (from
// sparql/algebra) in a call that cannot be resolved.
type SyntaxError struct {
	Pos
	Code   Code
	Update bool   // the text is an update request
	Msg    string // what was found, what was expected
}

// Error gives what, where and why: "query: 3:17: expected …, found …".
func (e *SyntaxError) Error() string {
	what := "query"
	if e.Update {
		what = "update"
	}
	return fmt.Sprintf("%s: %d:%d: %s", what, e.Line, e.Column, e.Msg)
}
