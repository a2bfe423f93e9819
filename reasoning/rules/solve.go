package rules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"nettwin/graph"
	"nettwin/reasoning/model"
	"nettwin/reasoning/model/paths"
	"nettwin/sparql"
	"nettwin/sparql/algebra"
)

// Models are the functional models that rules may name in their header, where
// Options give no others.
var Models = []model.Model{paths.Disjoint{}}

// ErrNoModel: a rule names a model that there is not.
var ErrNoModel = errors.New("no such model")

// findModel returns the model of that name among the given ones, or else among
// Models.
func findModel(models []model.Model, name string) (model.Model, error) {
	if models == nil {
		models = Models
	}
	for _, m := range models {
		if m.Name() == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrNoModel, name)
}

// solve visits what goes into the rule's template: the solutions of its WHERE
// or, if the rule names a model, what that makes of them. uses are the
// solutions that the row rests on. Both are overwritten after visit returns.
func (r *Rule) solve(ctx context.Context, src graph.Source, opt sparql.Options, models []model.Model, visit func(row model.Row, uses []model.Row) error) error {
	if r.Model == "" {
		row := model.Row{}
		return r.rows(ctx, src, opt, r.Query.Op, r.rowVars, func() model.Row { return row }, func(model.Row) error { return visit(row, []model.Row{row}) })
	}
	m, err := findModel(models, r.Model)
	if err != nil {
		return err
	}
	vars := slices.Concat(r.solutionVars, m.Reads())
	slices.Sort(vars)
	var rows []model.Row
	err = r.rows(ctx, src, opt, r.Query.Op, slices.Compact(vars), func() model.Row { return model.Row{} }, func(row model.Row) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return err
	}
	answers, err := m.Run(ctx, rows)
	if err != nil {
		return fmt.Errorf("model %s: %w", r.Model, err)
	}
	for _, a := range answers {
		var uses []model.Row
		for _, i := range a.Uses {
			uses = append(uses, rows[i])
		}
		if err := visit(a.Row, uses); err != nil {
			return err
		}
	}
	return nil
}

// rows visits the distinct solutions of the rule's WHERE or of another pattern
// in its place, in rows that make gives.
func (r *Rule) rows(ctx context.Context, src graph.Source, opt sparql.Options, where algebra.Op, vars []string, make func() model.Row, visit func(model.Row) error) error {
	query := &algebra.Query{
		Form: algebra.Select, Base: r.Query.Base, Prefixes: r.Query.Prefixes, Vars: vars,
		Op: &algebra.Distinct{P: &algebra.Project{Vars: vars, P: where}},
	}
	result, err := sparql.Evaluate(ctx, query, src, opt)
	if err != nil {
		return err
	}
	defer result.Close()
	for {
		cells, err := result.Rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		row := make()
		for i, name := range vars {
			row[name] = cells[i]
		}
		if err := visit(row); err != nil {
			return err
		}
	}
}
