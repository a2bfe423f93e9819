package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// Known tells whether any source describes a device of this name, so that a
// sample without identity keys finds it.
func (p *Pipeline) Known(ctx context.Context, device string) (bool, error) {
	known := false
	err := p.look(func(v view) error {
		named, err := v.match(ctx, rdf.Term{}, propDeviceName, rdf.String(device), rdf.Term{})
		known = slices.ContainsFunc(named, func(q rdf.Quad) bool { return q.S == q.G })
		return err
	})
	return known, err
}

// Sources lists the names of the devices that a collector has source graphs
// of.
func (p *Pipeline) Sources(ctx context.Context, collector string) ([]string, error) {
	var names []string
	err := p.look(func(v view) error {
		graphs, err := v.match(ctx, rdf.Term{}, propCollector, rdf.String(collector), rdf.Term{})
		if err != nil {
			return err
		}
		for _, q := range graphs {
			if q.S != q.G {
				continue
			}
			found, err := v.objects(ctx, q.G, propDeviceName, q.G)
			if err != nil {
				return err
			}
			for _, name := range found {
				names = append(names, name.Value())
			}
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// Things lists the paths of the things of a class that a source graph holds,
// in order.
func (p *Pipeline) Things(ctx context.Context, collector, device string, class rdf.Term) ([]string, error) {
	var paths []string
	g := naming.SourceGraph(p.opts.Base, collector, device)
	err := p.look(func(v view) error {
		things, err := v.subjects(ctx, rdfType, class, g)
		for _, s := range things {
			if path, ok := strings.CutPrefix(s.Value(), g.Value()+"/"); ok {
				paths = append(paths, path)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ingest: %s %s: things: %w", collector, device, err)
	}
	slices.Sort(paths)
	return paths, nil
}

// look reads the newest version.
func (p *Pipeline) look(f func(view) error) error {
	snap, err := p.opts.Store.Snapshot(graph.At{})
	if err != nil {
		return err
	}
	defer snap.Close()
	return f(view{snap})
}
