package rules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
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
// triple once, in no order. It does not run rules that this one depends on,
// and applies no model.
func (r *Rule) Ask(ctx context.Context, src graph.Source, opt sparql.Options) ([]rdf.Triple, error) {
	result, err := sparql.Evaluate(ctx, r.Query, src, opt)
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.Name, err)
	}
	defer result.Close()
	var said []rdf.Triple
	for {
		t, err := result.Triples.Next(ctx)
		if errors.Is(err, io.EOF) {
			return said, nil
		}
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.Name, err)
		}
		said = append(said, t)
	}
}
