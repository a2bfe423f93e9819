package control

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/sparql"
	"nettwin/sparql/syntax"
)

// ActionFolder is where a knowledge folder holds actions.
const ActionFolder = "actions"

// Limits of action files.
const (
	MaxActionBytes = 64 << 10
	MaxActions     = 500
	// MaxFreshness bounds how old the data may be that an action rests on.
	MaxFreshness = 24 * time.Hour
)

// Action is a parsed action file: what a change is, in facts.
type Action struct {
	Name      string // the file's name without ".action"
	File      string // path below the knowledge folder
	IRI       string // by which needs ask for it
	Comment   string
	Citation  string
	Freshness time.Duration // data that it rests on may not be older
	// Parameters are variables of the update, bound to what the need says.
	Parameters []Parameter

	base   string
	update *syntax.Update
}

// Parameter is a variable of an action, bound to the value of a property of
// the need.
type Parameter struct {
	Name     string
	Property rdf.Term
}

// ActionError is an action file that cannot be used. Line and Column are in
// the file, 0 if the whole file is meant.
type ActionError struct {
	File         string
	Line, Column int
	Msg          string
}

func (e *ActionError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("action %s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("action %s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

var (
	actionName    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,79}$`)
	parameterName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,39}$`)
)

// LoadActions reads the action files of a knowledge folder, by name. Files that
// cannot be used are left out and named by the error, which joins
// *ActionErrors; a missing folder holds no actions.
func LoadActions(fsys fs.FS, base string) ([]*Action, error) {
	files, err := fs.Glob(fsys, ActionFolder+"/*.action")
	if err != nil {
		return nil, fmt.Errorf("control: actions: %w", err)
	}
	if len(files) > MaxActions {
		return nil, fmt.Errorf("control: more than %d actions", MaxActions)
	}
	slices.Sort(files)
	var list []*Action
	var failures []error
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			failures = append(failures, fmt.Errorf("control: actions: %w", err))
			continue
		}
		a, err := ParseAction(file, string(text), base)
		if err == nil {
			err = distinct(list, a)
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		list = append(list, a)
	}
	return list, errors.Join(failures...)
}

func distinct(list []*Action, a *Action) error {
	for _, other := range list {
		if other.IRI == a.IRI {
			return &ActionError{File: a.File, Msg: "action " + a.IRI + " is that of " + other.File + " already"}
		}
	}
	return nil
}

// ParseAction reads an action file. Relative IRIs in it resolve against base,
// the store's base IRI. Errors: *ActionError.
func ParseAction(file, text, base string) (*Action, error) {
	a := &Action{Name: strings.TrimSuffix(path.Base(file), ".action"), File: file, base: base}
	if !actionName.MatchString(a.Name) {
		return nil, &ActionError{File: file, Msg: "the file's name must be lower-case letters, digits and dashes, ending in .action"}
	}
	if len(text) > MaxActionBytes {
		return nil, &ActionError{File: file, Msg: fmt.Sprintf("longer than %d bytes", MaxActionBytes)}
	}
	if err := a.header(text); err != nil {
		return nil, err
	}
	return a, a.parse(text)
}

var actionHeaders = []string{"name", "action", "comment", "citation", "freshness", "parameters"}

// header reads the leading "# key: value" lines; a "#" line without a key
// continues the value above it.
func (a *Action) header(text string) error {
	values, last := map[string]string{}, ""
	for i, line := range strings.Split(text, "\n") {
		body, isComment := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !isComment {
			break
		}
		key, value, found := strings.Cut(strings.TrimSpace(body), ":")
		key = strings.TrimSpace(key)
		switch {
		case found && slices.Contains(actionHeaders, key):
			if _, twice := values[key]; twice {
				return &ActionError{File: a.File, Line: i + 1, Column: 1, Msg: "header " + key + " given twice"}
			}
			values[key], last = strings.TrimSpace(value), key
		case last != "":
			values[last] = strings.TrimSpace(values[last] + " " + strings.TrimSpace(body))
		default:
			return &ActionError{File: a.File, Line: i + 1, Column: 1, Msg: "expected one of the headers " + strings.Join(actionHeaders, ", ")}
		}
	}
	for _, key := range actionHeaders {
		if values[key] == "" {
			return a.wrong(`header "# ` + key + `: …" is missing`)
		}
	}
	return a.setHeader(values)
}

func (a *Action) wrong(msg string) error {
	return &ActionError{File: a.File, Line: 1, Column: 1, Msg: msg}
}

func (a *Action) setHeader(values map[string]string) (err error) {
	if values["name"] != a.Name {
		return a.wrong(fmt.Sprintf("header name %q is not the file's name %q", values["name"], a.Name))
	}
	a.Comment, a.Citation = values["comment"], values["citation"]
	if a.IRI, err = headerIRI(values["action"]); err != nil {
		return a.wrong("header action: " + err.Error())
	}
	a.Freshness, err = time.ParseDuration(values["freshness"])
	if err != nil || a.Freshness <= 0 || a.Freshness > MaxFreshness {
		return a.wrong(fmt.Sprintf("header freshness %q is no duration such as 60s, above 0 and up to %v", values["freshness"], MaxFreshness))
	}
	for _, one := range strings.Split(values["parameters"], ",") {
		name, property, _ := strings.Cut(one, "=")
		name = strings.TrimSpace(name)
		iri, err := headerIRI(strings.TrimSpace(property))
		if err != nil || !parameterName.MatchString(name) {
			return a.wrong(fmt.Sprintf("header parameters: %q is not of the form name=twin:property", strings.TrimSpace(one)))
		}
		a.Parameters = append(a.Parameters, Parameter{Name: name, Property: rdf.IRI(iri)})
	}
	return nil
}

// headerIRI reads an IRI in brackets or a name of the twin's vocabulary.
func headerIRI(s string) (string, error) {
	if local, ok := strings.CutPrefix(s, "twin:"); ok && local != "" {
		s = naming.Twin + local
	} else if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		s = s[1 : len(s)-1]
	} else {
		return "", fmt.Errorf("%q is neither twin:Name nor an IRI in brackets", s)
	}
	return s, rdf.CheckIRI(s)
}

// parse reads the update and tries a binding, so that a file which cannot be
// bound is found when it is loaded and not when it is needed.
func (a *Action) parse(text string) (err error) {
	if a.update, err = syntax.ParseUpdate(text, syntax.Options{Base: a.base}); err != nil {
		return a.syntaxError(err)
	}
	if len(a.update.Operations) == 0 {
		return &ActionError{File: a.File, Msg: "it holds no update"}
	}
	for _, op := range a.update.Operations {
		if modify, ok := op.(*syntax.Modify); !ok || modify.Where == nil {
			return &ActionError{File: a.File, Msg: "only DELETE and INSERT with WHERE can be bound to a need"}
		}
	}
	trial := map[string]rdf.Term{}
	for _, p := range a.Parameters {
		trial[p.Name] = rdf.IRI(a.base)
	}
	if _, err := a.Bind(trial); err != nil {
		return a.syntaxError(err)
	}
	return nil
}

func (a *Action) syntaxError(err error) error {
	var bad *syntax.SyntaxError
	if errors.As(err, &bad) {
		return &ActionError{File: a.File, Line: bad.Line, Column: bad.Column, Msg: bad.Msg}
	}
	return &ActionError{File: a.File, Msg: err.Error()}
}

// Bind returns the action's update for given values of its parameters. They
// enter the syntax tree as terms of a VALUES before each WHERE, so that no
// value can be read as anything else. A subquery sees them by the names that
// it selects, as SPARQL has it.
func (a *Action) Bind(values map[string]rdf.Term) (*sparql.Update, error) {
	data := &syntax.Values{Rows: make([][]rdf.Term, 1)}
	for _, p := range a.Parameters {
		v, ok := values[p.Name]
		if !ok || v.IsZero() {
			return nil, fmt.Errorf("control: action %s: the need has no %s for parameter %s", a.Name, p.Property.Value(), p.Name)
		}
		if v.Kind() == rdf.KindBNode {
			return nil, fmt.Errorf("control: action %s: parameter %s is a blank node", a.Name, p.Name)
		}
		data.Vars = append(data.Vars, p.Name)
		data.Rows[0] = append(data.Rows[0], v)
	}
	bound := &syntax.Update{}
	for _, op := range a.update.Operations {
		modify := *op.(*syntax.Modify)
		modify.Where = prefixed(data, modify.Where)
		bound.Operations = append(bound.Operations, &modify)
	}
	update, err := sparql.ParseUpdate(syntax.PrintUpdate(bound), a.base)
	if err != nil {
		return nil, fmt.Errorf("control: action %s: %w", a.Name, err)
	}
	return update, nil
}

// prefixed puts inline data before a group's own elements, within the same
// group, so that an OPTIONAL there extends it. A subquery stays alone in its
// group, as the grammar wants it.
func prefixed(data *syntax.Values, g *syntax.Group) *syntax.Group {
	elements := []syntax.Pattern{data}
	if len(g.Elements) == 1 {
		if _, sub := g.Elements[0].(*syntax.SubSelect); sub {
			return &syntax.Group{Elements: append(elements, g)}
		}
	}
	return &syntax.Group{Elements: append(elements, g.Elements...)}
}
