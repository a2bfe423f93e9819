package rules

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/reasoning/model"
	"nettwin/sparql"
)

// LoadFolder reads the rule files of one folder whose names begin with prefix,
// by name. It is for rules that are asked and not kept, such as those of the
// folder shapes; an Engine does not run them. One file that cannot be used is
// an error: *FileError.
func LoadFolder(fsys fs.FS, folder, prefix, base string) ([]*Rule, error) {
	files, err := fs.Glob(fsys, folder+"/"+prefix+"*.rule")
	if err != nil {
		return nil, fmt.Errorf("rules: folder %s: %w", folder, err)
	}
	if len(files) > MaxRules {
		return nil, fmt.Errorf("rules: folder %s: %d rules, at most %d are allowed", folder, len(files), MaxRules)
	}
	var list []*Rule
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		r, err := ParseRule(file, string(text), base)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *Rule) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Ask returns what a rule says of src, without writing it anywhere: each
// triple once, in no order. It does not run rules that this one depends on.
// models are those that the rule may name; none means Models. Errors:
// ErrNoModel, those of sparql and of the model.
func (r *Rule) Ask(ctx context.Context, src graph.Source, opt sparql.Options, models ...model.Model) ([]rdf.Triple, error) {
	var said []rdf.Triple
	seen := map[rdf.Triple]bool{}
	err := r.solve(ctx, src, opt, models, func(row model.Row, _ []model.Row) error {
		for _, fact := range r.facts(row, rdf.Term{}) {
			if t := fact.Triple(); !seen[t] {
				seen[t] = true
				said = append(said, t)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.Name, err)
	}
	return said, nil
}
