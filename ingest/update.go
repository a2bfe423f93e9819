package ingest

import (
	"cmp"
	"context"
	"slices"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/naming/canon"
	"nettwin/naming/items"
)

// update is what one sample changes, worked out against one version.
type update struct {
	*Pipeline
	view
	sample *Sample
	id     *identity
	diff   *diff
	report Report

	meta   change // of the source graph: what it describes
	prov   change // of the provenance graph
	fresh  change // of the provenance graph: last contact and state
	things []*thing
	names  []naming.Name // of the things' knowledge items; zero where none
}

// effective tells whether more changed than counters and freshness.
func (u *update) effective() bool {
	return !u.diff.state.empty() || !u.meta.empty() || !u.prov.empty()
}

// want makes a statement true in c, if it is not.
func (u *update) want(ctx context.Context, c *change, q rdf.Quad) error {
	found, err := u.match(ctx, q.S, q.P, q.O, q.G)
	if err == nil && len(found) == 0 && !slices.Contains(c.adds, q) {
		c.adds = append(c.adds, q)
	}
	return err
}

// replace makes o the only value of a property; the zero o removes all.
func (u *update) replace(ctx context.Context, c *change, s, p, o, g rdf.Term) error {
	found, err := u.match(ctx, s, p, rdf.Term{}, g)
	if err != nil {
		return err
	}
	there := false
	for _, q := range found {
		if q.O == o {
			there = true
		} else {
			c.deletes = append(c.deletes, q)
		}
	}
	if !there && !o.IsZero() {
		c.adds = append(c.adds, rdf.Quad{S: s, P: p, O: o, G: g})
	}
	return nil
}

// identity states what the source graph describes and by what.
func (u *update) identity(ctx context.Context) error {
	id, g := u.id, u.id.graph
	has := map[rdf.Quad]bool{}
	for _, q := range u.diff.meta {
		has[q] = true
	}
	state := func(p, o rdf.Term) {
		if q := (rdf.Quad{S: g, P: p, O: o, G: g}); !has[q] {
			u.meta.adds = append(u.meta.adds, q)
		}
	}
	state(rdfType, classSource)
	state(propDeviceName, rdf.String(id.name))
	state(propCollector, rdf.String(u.sample.Collector))
	state(propDescribes, id.device)
	for _, p := range u.diff.counterProps {
		state(propCounterProperty, p)
	}
	kinds := map[string]bool{}
	for _, k := range id.keys {
		kinds[k.Kind] = true
		state(propStatedKey, rdf.String(k.String()))
	}
	moved := !id.bound.IsZero() && id.bound != id.device
	var dropped []string
	for _, q := range u.diff.meta {
		switch {
		case q.P == propDescribes && q.O != id.device:
			u.meta.deletes = append(u.meta.deletes, q)
		case q.P == propStatedKey && (moved || kinds[kindOf(q.O.Value())]) && !u.stated(q.O.Value()):
			u.meta.deletes = append(u.meta.deletes, q)
			dropped = append(dropped, q.O.Value())
		case q.P == propStatedKey && moved:
			dropped = append(dropped, q.O.Value())
		}
	}
	if err := u.deviceKeys(ctx, dropped, moved); err != nil {
		return err
	}
	return u.conflicts(ctx)
}

// stated tells whether the sample says a key.
func (u *update) stated(key string) bool {
	return slices.ContainsFunc(u.id.keys, func(k Key) bool { return k.String() == key })
}

// deviceKeys gives the device the sample's keys and takes from the device
// that the graph described before the mutable keys that no source says any
// more.
func (u *update) deviceKeys(ctx context.Context, dropped []string, moved bool) error {
	device, g := u.id.device, u.Pipeline.prov
	if u.id.minted {
		u.prov.adds = append(u.prov.adds, rdf.Quad{S: device, P: propFirstSeen, O: seconds(u.sample.Ended), G: g})
	}
	for _, k := range u.id.keys {
		if err := u.want(ctx, &u.prov, rdf.Quad{S: device, P: propIdentityKey, O: rdf.String(k.String()), G: g}); err != nil {
			return err
		}
		if err := u.forget(ctx, &u.prov, rdf.Quad{S: device, P: propFormerKey, O: rdf.String(k.String()), G: g}); err != nil {
			return err
		}
	}
	former := device
	if moved {
		former = u.id.bound
	}
	for _, key := range dropped {
		if err := u.retire(ctx, former, key); err != nil {
			return err
		}
	}
	if !moved {
		return nil
	}
	return u.replace(ctx, &u.prov, former, propLastSeen, u.previousContact(), g)
}

// forget makes a statement false in c, if it is true.
func (u *update) forget(ctx context.Context, c *change, q rdf.Quad) error {
	found, err := u.match(ctx, q.S, q.P, q.O, q.G)
	c.deletes = append(c.deletes, found...)
	return err
}

// retire makes a mutable key a former one, unless another source of the
// device says it.
func (u *update) retire(ctx context.Context, device rdf.Term, key string) error {
	if u.rules.fixed[kindOf(key)] {
		return nil
	}
	sources, err := u.match(ctx, rdf.Term{}, propStatedKey, rdf.String(key), rdf.Term{})
	if err != nil {
		return err
	}
	for _, q := range sources {
		if q.G == u.id.graph {
			continue
		}
		described, err := u.match(ctx, q.G, propDescribes, device, q.G)
		if err != nil || len(described) > 0 {
			return err
		}
	}
	g := u.Pipeline.prov
	if err := u.forget(ctx, &u.prov, rdf.Quad{S: device, P: propIdentityKey, O: rdf.String(key), G: g}); err != nil {
		return err
	}
	return u.want(ctx, &u.prov, rdf.Quad{S: device, P: propFormerKey, O: rdf.String(key), G: g})
}

// conflicts states at both devices the keys that speak for both.
func (u *update) conflicts(ctx context.Context) error {
	for _, c := range u.id.conflicts {
		for _, device := range [...]rdf.Term{u.id.device, c.other} {
			q := rdf.Quad{S: device, P: propIdentityConflict, O: rdf.String(c.key.String()), G: u.Pipeline.prov}
			if err := u.want(ctx, &u.prov, q); err != nil {
				return err
			}
		}
	}
	return nil
}

// freshness states the last contact. It is one quad, replaced, unless the
// source was not in sync.
func (u *update) freshness(ctx context.Context) error {
	g := u.Pipeline.prov
	if u.sample.Withdrawn {
		return u.withdrawn(ctx)
	}
	for _, r := range []struct{ s, p, o rdf.Term }{
		{u.id.graph, propLastContact, seconds(u.sample.Ended)},
		{u.id.graph, propSyncState, rdf.String(string(StateInSync))},
		{u.id.graph, propLastError, rdf.Term{}},
		{u.id.device, propLastSeen, rdf.Term{}},
	} {
		if u.sample.Unsolicited && r.p != propLastContact {
			continue
		}
		if err := u.replace(ctx, &u.fresh, r.s, r.p, r.o, g); err != nil {
			return err
		}
	}
	return nil
}

// withdrawn states that a source is not asked any more. When it answered last
// stays.
func (u *update) withdrawn(ctx context.Context) error {
	g := u.id.graph
	if err := u.replace(ctx, &u.fresh, g, propSyncState, rdf.String(string(StateUnasked)), u.Pipeline.prov); err != nil {
		return err
	}
	if err := u.replace(ctx, &u.fresh, g, propLastError, rdf.Term{}, u.Pipeline.prov); err != nil {
		return err
	}
	return u.unseen(ctx, &u.fresh, g)
}

// commitState commits state, identity, provenance and freshness at once.
func (u *update) commitState(ctx context.Context, expected graph.CommitSeq) error {
	b := &graph.Batch{Expected: &expected, Note: u.note("changed")}
	for _, c := range []change{u.diff.state, u.meta, u.prov, u.fresh} {
		b.Deletes = append(b.Deletes, c.deletes...)
		b.Adds = append(b.Adds, c.adds...)
	}
	u.fresh = change{}
	return u.commit(ctx, b)
}

// commitRest commits counters, and freshness if it was not yet.
func (u *update) commitRest(ctx context.Context) error {
	if u.diff.counters.empty() && u.fresh.empty() {
		return nil
	}
	note := "counters"
	if u.diff.counters.empty() {
		note = "contact"
	}
	return u.commit(ctx, &graph.Batch{Note: u.note(note),
		Deletes: append(u.diff.counters.deletes, u.fresh.deletes...),
		Adds:    append(u.diff.counters.adds, u.fresh.adds...)})
}

func (u *update) note(what string) string {
	return "ingest " + u.sample.Collector + " " + u.id.name + ": " + what
}

func (u *update) commit(ctx context.Context, b *graph.Batch) error {
	c, err := u.opts.Store.Commit(ctx, b)
	if err == nil && c.Effective {
		u.report.Commits = append(u.report.Commits, c)
		u.report.Adds += c.Adds
		u.report.Deletes += c.Deletes
	}
	return err
}

// items names what the commit will point at and keeps it before: raw items,
// a knowledge item for each changed thing, the envelope.
func (u *update) items(ctx context.Context) error {
	raw := make([]items.Item, len(u.sample.Raw))
	for i, r := range u.sample.Raw {
		raw[i] = items.Item{Kind: items.KindRaw, Codec: naming.CodecRaw, Bytes: r.Bytes}
	}
	var err error
	if u.report.Raw, err = u.keep(ctx, raw); err != nil {
		return err
	}
	knowledge, err := u.knowledge()
	if err != nil {
		return err
	}
	if u.report.Knowledge, err = u.keep(ctx, knowledge); err != nil {
		return err
	}
	activity, err := u.activity(ctx)
	if err != nil {
		return err
	}
	body, err := canon.NQuads(u.envelope(activity))
	if err != nil {
		return err
	}
	names, err := u.keep(ctx, []items.Item{{Kind: items.KindEnvelope, Codec: naming.CodecRDFC1, Bytes: body}})
	if err != nil {
		return err
	}
	u.report.Envelope = names[0]
	return u.provenance(ctx, activity)
}

// knowledge makes an item of the state of each changed thing that is there
// afterwards.
func (u *update) knowledge() ([]items.Item, error) {
	for _, th := range u.diff.things {
		u.things = append(u.things, th)
	}
	slices.SortFunc(u.things, func(a, b *thing) int { return cmp.Compare(a.path, b.path) })
	u.names = make([]naming.Name, len(u.things))
	var batch []items.Item
	for i, th := range u.things {
		if th.vanished {
			continue
		}
		quads := make([]rdf.Quad, len(th.state))
		for j, t := range th.state {
			quads[j] = t.In(rdf.Term{})
		}
		body, err := canon.NQuads(quads)
		if err != nil {
			return nil, err
		}
		it := items.Item{Kind: items.KindKnowledge, Codec: naming.CodecRDFC1, Bytes: body}
		u.names[i] = it.Name()
		batch = append(batch, it)
	}
	return batch, nil
}

// keep puts items in batches that the store takes.
func (u *update) keep(ctx context.Context, all []items.Item) ([]naming.Name, error) {
	var names []naming.Name
	for len(all) > 0 {
		n, size := 0, 0
		for n < len(all) && n < items.MaxBatchItems && (n == 0 || size+len(all[n].Bytes) <= items.MaxBatchBytes) {
			size += len(all[n].Bytes)
			n++
		}
		put, err := u.opts.Items.Put(ctx, all[:n])
		if err != nil {
			return nil, err
		}
		names = append(names, put...)
		all = all[n:]
	}
	return names, nil
}
