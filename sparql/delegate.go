package sparql

import (
	"context"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/exec"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
)

// ServiceFunc answers a SELECT query at another endpoint (SPARQL 1.1 Federated
// Query). It decides which endpoints may be asked, and how long.
type ServiceFunc func(ctx context.Context, endpoint rdf.Term, query string) (*results.Result, error)

// refOptions are the options of ref for a query that has a lease.
func (o Options) refOptions(lease *exec.Lease) ref.Options {
	out := ref.Options{
		Now: o.Now, UnionDefault: o.Union, MaxMemoryBytes: o.MaxMemoryBytes,
		DefaultGraphs: terms(o.DefaultGraphs), NamedGraphs: terms(o.NamedGraphs),
	}
	if lease != nil {
		out.Use = lease.Use
	}
	if o.Service != nil {
		out.Service = func(ctx context.Context, endpoint rdf.Term, s *algebra.Service) (*results.Result, error) {
			return o.Service(ctx, endpoint, s.Query(nil))
		}
	}
	return out
}
