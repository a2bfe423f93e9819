package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"strings"
	"sync"
	"time"

	"github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/query"
	"github.com/cayleygraph/cayley/query/gizmo"
	"github.com/dop251/goja"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

// limits bound a query.
type limits struct {
	results   int
	time      time.Duration
	memoryMiB int
}

// memoryEvery is how often the memory of the process is looked at.
const memoryEvery = 20 * time.Millisecond

// Causes of a query's end. The time limit's tells how much it was.
var errMemory = errors.New("the query takes more memory than --memory allows")

// prefixes are known to g.IRI.
var prefixes = []struct{ prefix, iri string }{
	{"twin", naming.Twin}, {"rdf", rdf.RDFNS}, {"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
	{"xsd", rdf.XSD}, {"owl", "http://www.w3.org/2002/07/owl#"},
}

// ask runs a query. A query that is stopped early has an error and no answer,
// but for the limit of results, which cuts the answer.
func ask(ctx context.Context, src *source, text string, l limits) (*answer, error) {
	cause := fmt.Errorf("the query took longer than %v (--timeout)", l.time)
	limited, cancel := context.WithTimeoutCause(ctx, l.time, cause)
	defer cancel()
	limited, stop := context.WithCancelCause(limited)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop(nil)
	watch.Go(func() { watchMemory(limited, l.memoryMiB, stop) })

	out, err := collect(limited, src, text, l.results)
	if cause := context.Cause(limited); cause != nil && err != nil {
		return nil, cause
	}
	if err == nil {
		err = src.Err()
	}
	return out, err
}

// watchMemory stops a query that lets the heap grow beyond a limit.
func watchMemory(ctx context.Context, limitMiB int, stop context.CancelCauseFunc) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if metrics.Read(sample); sample[0].Value.Uint64() > uint64(limitMiB)<<20 {
			stop(errMemory)
		}
	}
}

func collect(ctx context.Context, src *source, text string, limit int) (*answer, error) {
	session := gizmo.NewSession(src.QuadStore)
	if err := declare(ctx, session); err != nil {
		return nil, err
	}
	it, err := session.Execute(ctx, text, query.Options{Collation: query.Raw})
	if err != nil {
		return nil, queryError(err)
	}
	defer it.Close()
	out := &answer{}
	for it.Next(ctx) {
		r, ok := it.Result().(*gizmo.Result)
		if !ok {
			return nil, fmt.Errorf("gizmo gave a %T for a result", it.Result())
		}
		if r.Meta {
			if opaque(r.Val) {
				return nil, &exitError{exitUsage, errors.New("query: its value is a path that was not walked: end it with .all() or .count()")}
			}
			out.Value = scriptValue(r.Val)
			break
		}
		if out.Truncated = len(out.Results) == limit; out.Truncated {
			return out, nil
		}
		result, err := newResult(ctx, src.QuadStore, r)
		if err != nil {
			return nil, err
		}
		out.Results = append(out.Results, result)
	}
	return out, queryError(it.Err())
}

// declare makes the prefixes known, in a script of its own so that errors name
// the query's own lines.
func declare(ctx context.Context, session *gizmo.Session) error {
	var b strings.Builder
	for _, p := range prefixes {
		fmt.Fprintf(&b, "g.addNamespace(%q, %q);\n", p.prefix, p.iri)
	}
	it, err := session.Execute(ctx, b.String(), query.Options{Collation: query.Raw})
	if err != nil {
		return err
	}
	for it.Next(ctx) {
	}
	return it.Err() // no Close: it would interrupt the session's next script
}

// queryError marks what is wrong with the query itself.
func queryError(err error) error {
	var syntax *goja.CompilerSyntaxError
	var thrown *goja.Exception
	if errors.As(err, &syntax) || errors.As(err, &thrown) {
		return &exitError{exitUsage, fmt.Errorf("query: %w", err)}
	}
	return err
}

// newResult copies a result, with terms in the place of nodes.
func newResult(ctx context.Context, qs graph.BatchQuadStore, r *gizmo.Result) (result, error) {
	if r.Tags == nil {
		return result{Emit: scriptValue(r.Val)}, nil
	}
	names := make([]string, 0, len(r.Tags))
	refs := make([]graph.Ref, 0, len(r.Tags))
	for name, ref := range r.Tags {
		names, refs = append(names, name), append(refs, ref)
	}
	values, err := qs.ValuesOf(ctx, refs)
	if err != nil {
		return result{}, err
	}
	tags := make(map[string]term, len(names))
	for i, name := range names {
		if values[i] == nil {
			continue
		}
		if tags[name], err = newTerm(values[i]); err != nil {
			return result{}, err
		}
	}
	return result{Tags: tags}, nil
}
