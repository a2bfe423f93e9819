package results

import (
	"context"
	"errors"

	"nettwin/graph/rdf"
)

// Kind is which field of a Result holds the answer.
type Kind uint8

// The kinds of results.
const (
	Bindings Kind = iota // SELECT: Vars and Rows
	Boolean              // ASK: Boolean
	Graph                // CONSTRUCT, DESCRIBE: Triples
)

// Result is the answer to one query. Rows and Triples stream: the query runs
// while they are read, and ends at io.EOF, at an error or at Close.
type Result struct {
	Kind     Kind
	Vars     []string // Bindings: column names, without "?"
	Rows     Rows     // Bindings
	Boolean  bool     // Boolean
	Triples  Triples  // Graph
	Prefixes map[string]string
}

// Close ends the query, whatever its kind. It is idempotent.
func (r *Result) Close() error {
	switch {
	case r.Rows != nil:
		return r.Rows.Close()
	case r.Triples != nil:
		return r.Triples.Close()
	}
	return nil
}

// Rows yields solutions. One goroutine.
type Rows interface {
	// Next returns one row, aligned with Result.Vars; the zero Term is
	// unbound. The row is reused: copy to keep. io.EOF ends. Errors:
	// ctx.Err(), *LimitError, storage errors.
	Next(ctx context.Context) ([]rdf.Term, error)
	Close() error
}

// Triples yields the triples of a graph, each at most once. One goroutine.
type Triples interface {
	Next(ctx context.Context) (rdf.Triple, error)
	Close() error
}

// LimitError says that a query exceeded a limit. What was delivered before it
// is right but not whole; a truncated answer is never given as a whole one.
type LimitError struct {
	Limit string // "rows", "time", "memory", "disk", "depth"
	Value string // the limit, with its unit
}

func (e *LimitError) Error() string {
	return "query: " + e.Limit + " limit of " + e.Value + " exceeded; narrow the query or ask for a higher limit"
}

// ServiceError says that the endpoint of a SERVICE did not answer as it
// should.
type ServiceError struct {
	Endpoint rdf.Term
	Err      error
}

func (e *ServiceError) Error() string {
	return "service: " + e.Endpoint.String() + ": " + e.Err.Error()
}

func (e *ServiceError) Unwrap() error { return e.Err }

// ErrNoService says that the caller gave no way to reach other endpoints.
var ErrNoService = errors.New("SERVICE is not enabled here; use SERVICE SILENT to go on without its solutions")
