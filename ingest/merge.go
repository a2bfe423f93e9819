package ingest

import (
	"context"
	"errors"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// The terms of merges.
var (
	propAliasOf      = rdf.IRI(naming.Twin + "aliasOf")
	propMergedSource = rdf.IRI(naming.Twin + "mergedSource")
	propMergedKey    = rdf.IRI(naming.Twin + "mergedKey")
	propDistinct     = rdf.IRI(naming.Twin + "distinctFrom")
)

// Errors of merges.
var (
	// ErrNotMerged: the device is no alias of another.
	ErrNotMerged = errors.New("ingest: not merged")
	// ErrCannotMerge: the two are one already, or one of them is unknown or an
	// alias itself.
	ErrCannotMerge = errors.New("ingest: cannot merge")
	// ErrCannotUnmerge: the device that was kept has itself become an alias
	// since: that merge must be undone first.
	ErrCannotUnmerge = errors.New("ingest: cannot unmerge")
)

// Merge makes two devices one: the sources that describe the alias describe
// the device that is kept, which takes over its keys. The alias stays as a
// name of it, with what it brought, so that Unmerge can give it back. The
// device that was seen first should be kept. An activity in the provenance
// graph says who did it, when and why. Errors: ErrCannotMerge, those of the
// store.
func (p *Pipeline) Merge(ctx context.Context, keep, alias rdf.Term, by Decision) (Merge, error) {
	done := Merge{Keep: keep.Value(), Alias: alias.Value(), Decision: by}
	err := p.rewrite(ctx, "merge "+alias.Value()+" into "+keep.Value()+by.words(), func(v view, c *change) error {
		if keep == alias {
			return fmt.Errorf("%w: %s is one device: name two", ErrCannotMerge, keep.Value())
		}
		for _, device := range [...]rdf.Term{keep, alias} {
			if err := v.mergeable(ctx, device, p.prov); err != nil {
				return err
			}
		}
		c.adds = append(c.adds, rdf.Quad{S: alias, P: propAliasOf, O: keep, G: p.prov})
		if err := v.takeBack(ctx, c, keep, alias, p.prov); err != nil {
			return err
		}
		if err := v.handOver(ctx, c, keep, alias, p.prov); err != nil {
			return err
		}
		return p.recordMerge(ctx, v, c, &done)
	})
	return done, err
}

// mergeable returns why a device cannot take part in a merge.
func (v view) mergeable(ctx context.Context, device, prov rdf.Term) error {
	other, err := v.match(ctx, device, propAliasOf, rdf.Term{}, prov)
	if err != nil {
		return err
	}
	if len(other) > 0 {
		return fmt.Errorf("%w: %s is an alias of %s already: name that one, or undo the merge first", ErrCannotMerge, device.Value(), other[0].O.Value())
	}
	known, err := v.match(ctx, device, propIdentityKey, rdf.Term{}, prov)
	if err == nil && len(known) == 0 {
		err = fmt.Errorf("%w: %s is no device with an identity key: only what was collected can be merged", ErrCannotMerge, device.Value())
	}
	return err
}

// handOver gives sources and keys of the alias to the device that is kept.
func (v view) handOver(ctx context.Context, c *change, keep, alias, prov rdf.Term) error {
	sources, err := v.match(ctx, rdf.Term{}, propDescribes, alias, rdf.Term{})
	if err != nil {
		return err
	}
	for _, q := range sources {
		c.move(q, keep)
		c.adds = append(c.adds, rdf.Quad{S: alias, P: propMergedSource, O: q.S, G: prov})
	}
	keys, err := v.match(ctx, alias, propIdentityKey, rdf.Term{}, prov)
	if err != nil {
		return err
	}
	for _, q := range keys {
		c.deletes = append(c.deletes, q)
		c.adds = append(c.adds, rdf.Quad{S: keep, P: propIdentityKey, O: q.O, G: prov}, rdf.Quad{S: alias, P: propMergedKey, O: q.O, G: prov})
	}
	return nil
}

// Unmerge undoes a merge: the sources that came with the alias describe it
// again, and its keys are its own. Both remember that they are not one. The
// record of the merge stays and says by whom and when it was undone. Errors:
// ErrNotMerged, ErrCannotUnmerge, those of the store.
func (p *Pipeline) Unmerge(ctx context.Context, alias rdf.Term, by Decision) (Merge, error) {
	var undone Merge
	err := p.rewrite(ctx, "unmerge "+alias.Value()+by.words(), func(v view, c *change) error {
		merged, err := v.match(ctx, alias, propAliasOf, rdf.Term{}, p.prov)
		if err != nil {
			return err
		}
		if len(merged) == 0 {
			return fmt.Errorf("%w: %s", ErrNotMerged, alias.Value())
		}
		kept := merged[0].O
		onward, err := v.match(ctx, kept, propAliasOf, rdf.Term{}, p.prov)
		if err != nil {
			return err
		}
		if len(onward) > 0 {
			return fmt.Errorf("%w: %s was kept and is an alias of %s since: undo that merge first", ErrCannotUnmerge, kept.Value(), onward[0].O.Value())
		}
		c.deletes = append(c.deletes, merged...)
		c.adds = append(c.adds, rdf.Quad{S: alias, P: propDistinct, O: kept, G: p.prov}, rdf.Quad{S: kept, P: propDistinct, O: alias, G: p.prov})
		if err := v.giveBack(ctx, c, kept, alias, p.prov); err != nil {
			return err
		}
		undone, err = p.recordUnmerge(ctx, v, c, kept, alias, by)
		return err
	})
	return undone, err
}

// giveBack gives an alias its sources and keys again.
func (v view) giveBack(ctx context.Context, c *change, kept, alias, prov rdf.Term) error {
	sources, err := v.match(ctx, alias, propMergedSource, rdf.Term{}, prov)
	if err != nil {
		return err
	}
	c.deletes = append(c.deletes, sources...)
	for _, s := range sources {
		described, err := v.match(ctx, s.O, propDescribes, kept, s.O)
		if err != nil {
			return err
		}
		for _, q := range described {
			c.move(q, alias)
		}
	}
	keys, err := v.match(ctx, alias, propMergedKey, rdf.Term{}, prov)
	if err != nil {
		return err
	}
	c.deletes = append(c.deletes, keys...)
	for _, q := range keys {
		c.deletes = append(c.deletes, rdf.Quad{S: kept, P: propIdentityKey, O: q.O, G: prov})
		c.adds = append(c.adds, rdf.Quad{S: alias, P: propIdentityKey, O: q.O, G: prov})
	}
	return nil
}

// move makes a statement about what a source describes one about another.
func (c *change) move(q rdf.Quad, to rdf.Term) {
	c.deletes = append(c.deletes, q)
	q.O = to
	c.adds = append(c.adds, q)
}

// takeBack removes that two devices are told apart.
func (v view) takeBack(ctx context.Context, c *change, a, b, prov rdf.Term) error {
	for _, pair := range [...][2]rdf.Term{{a, b}, {b, a}} {
		told, err := v.match(ctx, pair[0], propDistinct, pair[1], prov)
		if err != nil {
			return err
		}
		c.deletes = append(c.deletes, told...)
	}
	return nil
}

// rewrite commits a change of identity, worked out against the newest version.
func (p *Pipeline) rewrite(ctx context.Context, note string, plan func(view, *change) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range maxTries {
		err := p.rewriteOnce(ctx, note, plan)
		if !errors.Is(err, graph.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("ingest: %s: %w: other writers came first %d times", note, graph.ErrConflict, maxTries)
}

func (p *Pipeline) rewriteOnce(ctx context.Context, note string, plan func(view, *change) error) error {
	snapshot, err := p.opts.Store.Snapshot(graph.At{})
	if err != nil {
		return err
	}
	defer snapshot.Close()
	var c change
	if err := plan(view{snapshot}, &c); err != nil {
		return err
	}
	head := snapshot.Commit().Seq
	_, err = p.opts.Store.Commit(ctx, &graph.Batch{Expected: &head, Deletes: c.deletes, Adds: c.adds, Note: note})
	return err
}
