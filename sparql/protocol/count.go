package protocol

import (
	"context"

	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// counted makes a result count what is read of it; count tells the number.
func counted(r *results.Result) (count func() int) {
	n := new(int)
	if r.Rows != nil {
		rows := countedRows{r.Rows, n}
		r.Rows = &rows
		if cols, ok := rows.Rows.(results.Columns); ok {
			r.Rows = &countedColumns{rows, cols}
		}
	}
	if r.Triples != nil {
		r.Triples = &countedTriples{r.Triples, n}
	}
	return func() int { return *n }
}

type countedRows struct {
	results.Rows
	n *int
}

func (c *countedRows) Next(ctx context.Context) ([]rdf.Term, error) {
	row, err := c.Rows.Next(ctx)
	if err == nil {
		*c.n++
	}
	return row, err
}

// Ready implements results.Ready.
func (c *countedRows) Ready() bool {
	ready, ok := c.Rows.(results.Ready)
	return ok && ready.Ready()
}

// countedColumns are counted rows that come by many at once too.
type countedColumns struct {
	countedRows
	cols results.Columns
}

// NextColumns implements results.Columns.
func (c *countedColumns) NextColumns(ctx context.Context) ([]results.Column, int, error) {
	cols, n, err := c.cols.NextColumns(ctx)
	*c.n += n
	return cols, n, err
}

type countedTriples struct {
	results.Triples
	n *int
}

func (c *countedTriples) Next(ctx context.Context) (rdf.Triple, error) {
	t, err := c.Triples.Next(ctx)
	if err == nil {
		*c.n++
	}
	return t, err
}
