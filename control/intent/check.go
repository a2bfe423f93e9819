package intent

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/reasoning/rules"
	"nettwin/sparql"
)

// ShapeFolder is where a knowledge folder holds shapes: rule files whose facts
// are what they object to.
const ShapeFolder = "shapes"

// shapePrefix begins the names of the shapes of intents.
const shapePrefix = "intent-"

// Limits of shapes.
const (
	MaxViolations = 200
	shapeTimeout  = 20 * time.Second
)

// Violation is what a shape objects to in an intent.
type Violation struct {
	Shape   string `json:"shape"` // the rule's name
	Focus   string `json:"focusNode"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	// Conflict is another intent against which this one stands.
	Conflict string `json:"conflictsWith,omitempty"`
}

func (v Violation) String() string {
	s := v.Focus
	if v.Path != "" {
		s += " " + v.Path
	}
	return s + ": " + v.Message
}

// ViolationError is an intent to which shapes object.
type ViolationError struct{ Violations []Violation }

func (e *ViolationError) Error() string {
	var list []string
	for _, v := range e.Violations {
		list = append(list, v.String())
	}
	return "intent: " + strings.Join(list, "; ")
}

// ConflictError is an intent that stands against others.
type ConflictError struct{ Violations []Violation }

func (e *ConflictError) Error() string {
	var list []string
	for _, v := range e.Violations {
		list = append(list, v.Message+" (intent "+v.Conflict+")")
	}
	return "intent: conflict: " + strings.Join(list, "; ")
}

// check tries a change of graph/intended on a branch, runs the rules that it
// touches, and asks the shapes what they object to in the intent. A shape
// that cannot be used is an error: no intent passes because a file is broken.
// Errors: *ViolationError, *ConflictError, those of store, rules and files.
func (k *Keeper) check(ctx context.Context, id string, batch *graph.Batch) error {
	shapes, err := rules.LoadFolder(k.opt.Knowledge, ShapeFolder, shapePrefix, k.opt.Base)
	if err != nil {
		return fmt.Errorf("intent %s: shapes: %w", id, err)
	}
	branch := branchPrefix + id
	if err := k.drop(ctx, branch); err != nil {
		return fmt.Errorf("intent %s: %w", id, err)
	}
	if _, err := k.opt.Store.Fork(ctx, branch, graph.At{}); err != nil {
		return fmt.Errorf("intent %s: %w", id, err)
	}
	defer func() {
		if err := k.drop(context.WithoutCancel(ctx), branch); err != nil {
			k.opt.Log.Warn("intent", "intent", id, "branch", branch, "err", err)
		}
	}()
	var delta rules.Delta
	for _, q := range slices.Concat(batch.Deletes, batch.Adds) {
		delta.Add(q)
	}
	_, err = k.opt.Store.Commit(ctx, &graph.Batch{Branch: branch, Deletes: batch.Deletes, Adds: batch.Adds, Note: "intent: try " + id})
	if err != nil {
		return fmt.Errorf("intent %s: %w", id, err)
	}
	if err := k.opt.Rules.OnBranch(branch).Apply(ctx, &delta); err != nil {
		return fmt.Errorf("intent %s: rules: %w", id, err)
	}
	return k.object(ctx, id, branch, shapes)
}

// object collects what shapes object to on a branch.
func (k *Keeper) object(ctx context.Context, id, branch string, shapes []*rules.Rule) error {
	snapshot, err := k.opt.Store.Snapshot(graph.At{Branch: branch})
	if err != nil {
		return fmt.Errorf("intent %s: %w", id, err)
	}
	defer snapshot.Close()
	var violations, conflicts []Violation
	for _, shape := range shapes {
		list, err := k.ask(ctx, shape, snapshot, k.iri(id))
		if err != nil {
			return fmt.Errorf("intent %s: shapes: %w", id, err)
		}
		for _, v := range list {
			if v.Conflict != "" {
				conflicts = append(conflicts, v)
			} else {
				violations = append(violations, v)
			}
		}
	}
	switch {
	case len(violations) > 0:
		return &ViolationError{violations[:min(len(violations), MaxViolations)]}
	case len(conflicts) > 0:
		return &ConflictError{conflicts[:min(len(conflicts), MaxViolations)]}
	}
	return nil
}

// ask returns what one shape says of an intent and its parts.
func (k *Keeper) ask(ctx context.Context, shape *rules.Rule, src graph.Source, intent rdf.Term) ([]Violation, error) {
	triples, err := shape.Ask(ctx, src, sparql.Options{Timeout: shapeTimeout, MaxRows: rules.MaxSolutions, Now: k.opt.Now()})
	if err != nil {
		return nil, err
	}
	said := map[rdf.Term]map[rdf.Term][]string{}
	for _, t := range triples {
		if said[t.S] == nil {
			said[t.S] = map[rdf.Term][]string{}
		}
		said[t.S][t.P] = append(said[t.S][t.P], t.O.Value())
	}
	var list []Violation
	for _, properties := range said {
		v := Violation{Shape: shape.Name, Focus: first(properties[termFocus]), Path: first(properties[termPath]),
			Message: first(properties[termResultMsg]), Conflict: first(properties[termConflict])}
		if slices.Contains(properties[termType], classResult.Value()) && within(v.Focus, intent.Value()) {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b Violation) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(list), nil
}

// within tells whether an IRI is an intent's or that of one of its parts.
func within(iri, intent string) bool {
	rest, ok := strings.CutPrefix(iri, intent)
	return ok && (rest == "" || rest[0] == '/')
}

// first is the smallest of the values, "" of none.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return slices.Min(values)
}
