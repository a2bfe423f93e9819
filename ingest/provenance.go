package ingest

import (
	"context"
	"fmt"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

// activityTime is the form of an activity's time in its IRI.
const activityTime = "20060102T150405.000Z"

// activity returns an IRI for the commit's PROV activity that no other has:
// <base>id/activity/<collector>/<device>/<time of the collection's end>.
func (u *update) activity(ctx context.Context) (rdf.Term, error) {
	at := u.sample.Ended.UTC().Format(activityTime)
	for n := 1; n < maxMatches; n++ {
		key := []string{u.sample.Collector, u.id.name, at}
		if n > 1 {
			key = append(key, fmt.Sprint(n))
		}
		iri := naming.ThingIRI(u.opts.Base, "activity", key...)
		found, err := u.match(ctx, iri, rdfType, classActivity, u.Pipeline.prov)
		if err != nil || len(found) == 0 {
			return iri, err
		}
	}
	return rdf.Term{}, fmt.Errorf("ingest: more than %d changes at %s", maxMatches, at)
}

// envelope says who collected what, when and how. Its subject is the activity
// and it holds no secrets.
func (u *update) envelope(activity rdf.Term) []rdf.Quad {
	var quads []rdf.Quad
	state := func(s, p, o rdf.Term) { quads = append(quads, rdf.Quad{S: s, P: p, O: o}) }
	state(activity, rdfType, classEnvelope)
	state(activity, propCollector, rdf.String(u.sample.Collector))
	state(activity, propDeviceName, rdf.String(u.id.name))
	state(activity, propSourceGraph, u.id.graph)
	state(activity, propStarted, exact(u.sample.Started))
	state(activity, propEnded, exact(u.sample.Ended))
	if u.sample.Transport != "" {
		state(activity, propTransport, rdf.String(u.sample.Transport))
	}
	if u.sample.Instruction != "" {
		state(activity, propInstruction, rdf.String(u.sample.Instruction))
	}
	for i, name := range u.report.Raw {
		item := naming.ItemIRI(u.opts.Base, name)
		state(activity, propUsed, item)
		state(item, propLabel, rdf.String(u.sample.Raw[i].Label))
	}
	for _, name := range u.report.Knowledge {
		state(activity, propGenerated, naming.ItemIRI(u.opts.Base, name))
	}
	return quads
}

// provenance states the activity and the changed things' items.
func (u *update) provenance(ctx context.Context, activity rdf.Term) error {
	g := u.Pipeline.prov
	state := func(s, p, o rdf.Term) { u.prov.adds = append(u.prov.adds, rdf.Quad{S: s, P: p, O: o, G: g}) }
	state(activity, rdfType, classActivity)
	state(activity, propStarted, seconds(u.sample.Started))
	state(activity, propEnded, seconds(u.sample.Ended))
	state(activity, propSourceGraph, u.id.graph)
	state(activity, propEnvelope, naming.ItemIRI(u.opts.Base, u.report.Envelope))
	for _, name := range u.report.Raw {
		state(activity, propUsed, naming.ItemIRI(u.opts.Base, name))
	}
	for i, th := range u.things {
		if !th.vanished {
			state(activity, propGenerated, naming.ItemIRI(u.opts.Base, u.names[i]))
		}
		if err := u.thing(ctx, th, u.names[i]); err != nil {
			return err
		}
	}
	return nil
}

// thing states the current item of a thing, and when it was first and last
// seen: nothing goes away without a trace.
func (u *update) thing(ctx context.Context, th *thing, name naming.Name) error {
	s, g := naming.SourceThing(u.id.graph, th.path), u.Pipeline.prov
	if th.vanished && below(th.path, u.sample.Expired) {
		return u.forgetThing(ctx, s)
	}
	if th.vanished {
		current, err := u.objects(ctx, s, propItem, g)
		if err != nil {
			return err
		}
		for _, item := range current {
			if err := u.replace(ctx, &u.prov, s, propLastItem, item, g); err != nil {
				return err
			}
		}
		if err := u.replace(ctx, &u.prov, s, propItem, rdf.Term{}, g); err != nil {
			return err
		}
		seen, err := u.lastContact(ctx)
		if err != nil {
			return err
		}
		return u.replace(ctx, &u.prov, s, propLastSeen, seen, g)
	}
	if err := u.replace(ctx, &u.prov, s, propItem, naming.ItemIRI(u.opts.Base, name), g); err != nil {
		return err
	}
	if !th.appeared {
		return nil
	}
	seen, err := u.objects(ctx, s, propFirstSeen, g)
	if err != nil {
		return err
	}
	if len(seen) == 0 {
		u.prov.adds = append(u.prov.adds, rdf.Quad{S: s, P: propFirstSeen, O: seconds(u.sample.Ended), G: g})
	}
	for _, p := range [...]rdf.Term{propLastSeen, propLastItem} {
		if err := u.replace(ctx, &u.prov, s, p, rdf.Term{}, g); err != nil {
			return err
		}
	}
	return nil
}

// forgetThing takes away what provenance says of a thing: it went because of
// its age, and AS OF still shows it.
func (u *update) forgetThing(ctx context.Context, s rdf.Term) error {
	for _, p := range [...]rdf.Term{propItem, propLastItem, propFirstSeen, propLastSeen} {
		if err := u.replace(ctx, &u.prov, s, p, rdf.Term{}, u.Pipeline.prov); err != nil {
			return err
		}
	}
	return nil
}

// lastContact is previousContact, also where this sample is no contact.
func (u *update) lastContact(ctx context.Context) (rdf.Term, error) {
	if u.sample.Withdrawn {
		found, err := u.objects(ctx, u.id.graph, propLastContact, u.Pipeline.prov)
		if err != nil || len(found) > 0 {
			return append(found, rdf.Term{})[0], err
		}
	}
	return u.previousContact(), nil
}

// previousContact is when what is gone now was seen for the last time: the
// contact before this one.
func (u *update) previousContact() rdf.Term {
	for _, q := range u.fresh.deletes {
		if q.S == u.id.graph && q.P == propLastContact {
			return q.O
		}
	}
	return seconds(u.sample.Started)
}
