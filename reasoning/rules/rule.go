package rules

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/sparql/algebra"
	"nettwin/sparql/syntax"
)

// Target is the graph that a rule writes to.
type Target string

// The targets of rules.
const (
	TargetDefault Target = "default" // alignment rules that do not say otherwise
	TargetDerived Target = "derived" // all others
	// TargetIntended is the intended graph: alignment of sources of truth.
	TargetIntended Target = "intended"
)

// MaxRuleBytes bounds a rule file.
const MaxRuleBytes = 256 << 10

// Rule is one parsed rule file.
type Rule struct {
	Name     string // the file's name without ".rule"; part of the rule's IRI
	File     string // path below the knowledge folder
	Comment  string
	Citation string
	Target   Target
	Query    *algebra.Query // a CONSTRUCT
	Text     string         // the whole file
	Model    string         // the functional model between WHERE and template; "": none

	// By the graph that a pattern is matched in: the default graph, any named
	// graph, and one that the rule names.
	readsDefault, readsNamed predicates
	readsGraph               map[rdf.Term]*predicates
	graph                    rdf.Term // that it writes to; zero: the default graph
	// gives are classes that it gives to things that it did not make: of
	// these, what their other rules write cannot be told by class.
	gives         map[rdf.Term]bool
	writes        predicates
	timeDependent bool
	premises      []premise
	solutionVars  []string // variables of premises and template, sorted

	// For evaluation restricted to what a change can touch (findTouches).
	touched []touch
	keys    [][]string // the variables of touched, each list once
	rowVars []string   // solutionVars and keys, sorted
	full    bool       // it is always evaluated as a whole
	fuzzy   bool       // patterns do not tell what touches it: predicates do
}

// FileError is a rule file that cannot be used. Line and Column are in the
// file, 0 if the whole file is meant.
type FileError struct {
	File         string
	Line, Column int
	Msg          string
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("rule %s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("rule %s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

var ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,79}$`)

// ParseRule reads a rule file. Relative IRIs in it resolve against base, the
// store's base IRI. Errors: *FileError.
func ParseRule(file, text, base string) (*Rule, error) {
	r := &Rule{Name: strings.TrimSuffix(path.Base(file), ".rule"), File: file, Target: defaultTarget(file), Text: text}
	if !ruleName.MatchString(r.Name) {
		return nil, &FileError{File: file, Msg: "the file's name must be lower-case letters, digits and dashes, ending in .rule"}
	}
	if len(text) > MaxRuleBytes {
		return nil, &FileError{File: file, Msg: fmt.Sprintf("longer than %d bytes", MaxRuleBytes)}
	}
	if err := r.parseHeader(); err != nil {
		return nil, err
	}
	if err := r.parseQuery(base); err != nil {
		return nil, err
	}
	r.graph = terms{base: base, derived: naming.DerivedGraph(base)}.target(r)
	if err := r.analyse(); err != nil {
		return r, err
	}
	r.findTouches()
	return r, nil
}

func defaultTarget(file string) Target {
	if strings.HasPrefix(file, "align/") {
		return TargetDefault
	}
	return TargetDerived
}

// parseHeader reads the leading "# key: value" lines; a "#" line without a
// key continues the value above it.
func (r *Rule) parseHeader() error {
	values, last := map[string]string{}, ""
	for i, line := range strings.Split(r.Text, "\n") {
		body, isComment := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !isComment {
			break
		}
		key, value, found := strings.Cut(strings.TrimSpace(body), ":")
		switch key = strings.TrimSpace(key); {
		case found && headerKeys[key]:
			if _, twice := values[key]; twice {
				return &FileError{File: r.File, Line: i + 1, Column: 1, Msg: "header " + key + " given twice"}
			}
			values[key], last = strings.TrimSpace(value), key
		case last != "":
			values[last] = strings.TrimSpace(values[last] + " " + strings.TrimSpace(body))
		default:
			return &FileError{File: r.File, Line: i + 1, Column: 1, Msg: `expected "# name: …", "# comment: …" or "# citation: …"`}
		}
	}
	for _, key := range []string{"name", "comment", "citation"} {
		if values[key] == "" {
			return &FileError{File: r.File, Line: 1, Column: 1, Msg: `header "# ` + key + `: …" is missing`}
		}
	}
	if values["name"] != r.Name {
		return &FileError{File: r.File, Line: 1, Column: 1, Msg: fmt.Sprintf("header name %q is not the file's name %q", values["name"], r.Name)}
	}
	r.Comment, r.Citation, r.Model = values["comment"], values["citation"], values["model"]
	return r.setTarget(values["target"])
}

var headerKeys = map[string]bool{"name": true, "comment": true, "citation": true, "target": true, "model": true}

func (r *Rule) setTarget(target string) error {
	switch Target(target) {
	case "":
	case TargetDefault, TargetDerived, TargetIntended:
		r.Target = Target(target)
	default:
		return &FileError{File: r.File, Line: 1, Column: 1, Msg: fmt.Sprintf("target %q is none of default, derived and intended", target)}
	}
	return nil
}

func (r *Rule) parseQuery(base string) error {
	parsed, err := syntax.ParseQuery(r.Text, syntax.Options{Base: base})
	if err != nil {
		var bad *syntax.SyntaxError
		if errors.As(err, &bad) {
			return &FileError{File: r.File, Line: bad.Line, Column: bad.Column, Msg: bad.Msg}
		}
		return &FileError{File: r.File, Msg: err.Error()}
	}
	if r.Query, err = algebra.Translate(parsed); err != nil {
		var bad *syntax.SyntaxError
		if errors.As(err, &bad) {
			return &FileError{File: r.File, Line: bad.Line, Column: bad.Column, Msg: bad.Msg}
		}
		return &FileError{File: r.File, Msg: err.Error()}
	}
	if r.Query.Form != algebra.Construct {
		return &FileError{File: r.File, Msg: "a rule is a CONSTRUCT query"}
	}
	if !r.Query.Dataset.IsZero() {
		return &FileError{File: r.File, Msg: "a rule reads the twin's own dataset: FROM is not allowed"}
	}
	return nil
}
