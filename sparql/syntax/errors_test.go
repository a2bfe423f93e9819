package syntax_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nettwin/sparql/syntax"
	"nettwin/sparql/syntax/syntaxtest"
)

// Goal: each error has its place, code and words, and every code of this
// package an example. Method: testdata/errors, written by hand; the codes
// seen are compared with the list below.
func TestErrors(t *testing.T) {
	seen := map[syntax.Code]bool{}
	syntaxtest.RunFile(t, "testdata/errors", func(t *testing.T, c syntaxtest.Case) string {
		var opts syntax.Options
		if _, err := fmt.Sscanf(c.Args, "max-depth=%d", &opts.MaxDepth); err != nil {
			if _, err := fmt.Sscanf(c.Args, "max-elements=%d", &opts.MaxElements); err != nil {
				_, _ = fmt.Sscanf(c.Args, "max-text=%d", &opts.MaxText)
			}
		}
		input := c.Input
		if c.Args == "raw" {
			input = strings.ReplaceAll(input, "«ff»", "\xff")
		}
		err := parseAs(c.Command, input, opts)
		if err == nil {
			return "accepted"
		}
		var se *syntax.SyntaxError
		if !errors.As(err, &se) {
			t.Fatalf("line %d: error is a %T: %v", c.Line, err, err)
		}
		seen[se.Code] = true
		return fmt.Sprintf("%v [%s]", se, se.Code)
	})
	for _, code := range []syntax.Code{
		syntax.CodeUnexpected, syntax.CodeBadCharacter, syntax.CodeBadEncoding, syntax.CodeBadEscape,
		syntax.CodeBadIRI, syntax.CodeRelativeIRI, syntax.CodeUnterminatedString, syntax.CodeUndeclaredPrefix,
		syntax.CodeTextTooLong, syntax.CodeTooDeep, syntax.CodeTooLarge, syntax.CodeBNodeScope,
		syntax.CodeBNodeInDelete, syntax.CodeVariableInData, syntax.CodeValuesArity, syntax.CodeValuesDuplicate,
		syntax.CodeBindInScope, syntax.CodeSelectInScope, syntax.CodeSelectDuplicate, syntax.CodeGroupInScope,
		syntax.CodeSelectStarGroup, syntax.CodeNotGrouped, syntax.CodeNestedAggregate, syntax.CodeAggregatePlace,
	} {
		if !seen[code] {
			t.Errorf("testdata/errors has no example of %s", code)
		}
	}
}

func parseAs(command, input string, opts syntax.Options) error {
	var err error
	switch command {
	case "query":
		_, err = syntax.ParseQuery(input, opts)
	case "update":
		_, err = syntax.ParseUpdate(input, opts)
	default:
		err = fmt.Errorf("unknown command %q", command)
	}
	return err
}
