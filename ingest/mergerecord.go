package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

// The terms of the records of merges, in the provenance graph. A merge is a
// PROV activity <base>id/merge/<id>, its undoing another below it.
var (
	classMerge = rdf.IRI(naming.Twin + "Merge")
	classAgent = rdf.IRI(naming.Prov + "Agent")
	propKept   = rdf.IRI(naming.Twin + "keptDevice")
	propMerged = rdf.IRI(naming.Twin + "mergedDevice")
	propUndoes = rdf.IRI(naming.Twin + "undoes")
	propReason = rdf.IRI(naming.Twin + "reason")
	propNamed  = rdf.IRI(naming.Twin + "name")
	propBy     = rdf.IRI(naming.Prov + "wasAssociatedWith")
)

// Errors of looking up what a merge is about.
var (
	// ErrNoMerge: no merge has the identifier.
	ErrNoMerge = errors.New("ingest: no such merge")
	// ErrNoDevice: nothing that is known of any device fits.
	ErrNoDevice = errors.New("ingest: no such device")
	// ErrAmbiguousDevice: it fits several devices.
	ErrAmbiguousDevice = errors.New("ingest: several devices fit")
)

// MaxReasonBytes bounds the reason of a decision.
const MaxReasonBytes = 4 << 10

// Decision is who decided something and why. Either may be empty.
type Decision struct {
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// words is the decision as the note of a commit ends.
func (d Decision) words() string {
	var b strings.Builder
	if d.By != "" {
		b.WriteString(" by " + d.By)
	}
	if d.Reason != "" {
		b.WriteString(": " + d.Reason)
	}
	return b.String()
}

// Merge is the record of one: what became one device, by whose decision, and
// whether that still holds. Devices are IRIs.
type Merge struct {
	ID    string    `json:"id"`
	Keep  string    `json:"keep"`
	Alias string    `json:"merge"`
	Time  time.Time `json:"time"`
	Decision
	Undone *Undoing `json:"undone,omitempty"` // nil while the two are one
}

// Undoing is by whom and when a merge was undone.
type Undoing struct {
	Time time.Time `json:"time"`
	Decision
}

// CheckMerge returns what a request to merge lacks: two devices and a reason
// that is not too long.
func CheckMerge(keep, alias, reason string) error {
	switch {
	case strings.TrimSpace(keep) == "" || strings.TrimSpace(alias) == "":
		return errors.New("name two devices: the one to keep and the one to merge into it")
	case strings.TrimSpace(reason) == "":
		return errors.New("say why the two are one: the reason is missing")
	case len(reason) > MaxReasonBytes:
		return fmt.Errorf("reason: %d bytes, at most %d", len(reason), MaxReasonBytes)
	}
	return nil
}

// state adds a statement to the provenance graph.
func (p *Pipeline) state(c *change, s, property, o rdf.Term) {
	c.adds = append(c.adds, rdf.Quad{S: s, P: property, O: o, G: p.prov})
}

// recordMerge adds the record of a merge, with an identifier that no other has.
func (p *Pipeline) recordMerge(ctx context.Context, v view, c *change, m *Merge) error {
	m.Time = p.opts.Clock().UTC().Truncate(time.Millisecond)
	m.ID = m.Time.Format(activityTime)
	for n := 2; ; n++ {
		found, err := v.match(ctx, p.mergeIRI(m.ID), rdfType, classMerge, p.prov)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			break
		}
		if n > maxMatches {
			return fmt.Errorf("ingest: more than %d merges at %s", maxMatches, m.Time)
		}
		m.ID = fmt.Sprintf("%s-%d", m.Time.Format(activityTime), n)
	}
	s := p.mergeIRI(m.ID)
	p.state(c, s, rdfType, classMerge)
	p.state(c, s, propKept, rdf.IRI(m.Keep))
	p.state(c, s, propMerged, rdf.IRI(m.Alias))
	p.decided(c, s, m.Time, m.Decision)
	return nil
}

// recordUnmerge adds that the standing merge of an alias was undone. What was
// merged before there were records has none.
func (p *Pipeline) recordUnmerge(ctx context.Context, v view, c *change, kept, alias rdf.Term, by Decision) (Merge, error) {
	at := p.opts.Clock().UTC().Truncate(time.Millisecond)
	undone := Merge{Keep: kept.Value(), Alias: alias.Value(), Undone: &Undoing{at, by}}
	all, err := p.merges(ctx, v)
	if err != nil {
		return undone, err
	}
	for _, m := range all {
		if m.Alias != alias.Value() || m.Keep != kept.Value() || m.Undone != nil {
			continue
		}
		s := rdf.IRI(p.mergeIRI(m.ID).Value() + "/undone")
		p.state(c, s, propUndoes, p.mergeIRI(m.ID))
		p.decided(c, s, at, by)
		m.Undone = undone.Undone
		return m, nil
	}
	return undone, nil
}

// decided adds an activity's time, agent and reason.
func (p *Pipeline) decided(c *change, s rdf.Term, at time.Time, by Decision) {
	p.state(c, s, rdfType, classActivity)
	p.state(c, s, propEnded, exact(at))
	if by.Reason != "" {
		p.state(c, s, propReason, rdf.String(by.Reason))
	}
	if by.By != "" {
		who := naming.ThingIRI(p.opts.Base, "principal", by.By)
		p.state(c, s, propBy, who)
		p.state(c, who, rdfType, classAgent)
		p.state(c, who, propNamed, rdf.String(by.By))
	}
}

func (p *Pipeline) mergeIRI(id string) rdf.Term { return naming.ThingIRI(p.opts.Base, "merge", id) }

// Merges lists all merges that were ever made, the newest first.
func (p *Pipeline) Merges(ctx context.Context) (list []Merge, err error) {
	err = p.look(func(v view) error {
		list, err = p.merges(ctx, v)
		return err
	})
	return list, err
}

// MergeByID returns the record of a merge. Errors: ErrNoMerge, those of the
// store.
func (p *Pipeline) MergeByID(ctx context.Context, id string) (Merge, error) {
	list, err := p.Merges(ctx)
	if err != nil {
		return Merge{}, err
	}
	i := slices.IndexFunc(list, func(m Merge) bool { return m.ID == id })
	if i < 0 {
		return Merge{}, fmt.Errorf("%w: %q: the list of merges tells their identifiers", ErrNoMerge, id)
	}
	return list[i], nil
}

func (p *Pipeline) merges(ctx context.Context, v view) ([]Merge, error) {
	list := []Merge{}
	found, err := v.subjects(ctx, rdfType, classMerge, p.prov)
	if err != nil {
		return nil, err
	}
	prefix := p.mergeIRI("").Value()
	for _, s := range found {
		m := Merge{ID: strings.TrimPrefix(s.Value(), prefix)}
		about, err := v.match(ctx, s, rdf.Term{}, rdf.Term{}, p.prov)
		if err != nil {
			return nil, err
		}
		for _, q := range about {
			switch q.P {
			case propKept:
				m.Keep = q.O.Value()
			case propMerged:
				m.Alias = q.O.Value()
			}
		}
		if m.Time, m.Decision, err = v.decision(ctx, about, p.prov); err != nil {
			return nil, err
		}
		if m.Undone, err = v.undoing(ctx, s, p.prov); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b Merge) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID)) })
	return list, nil
}

// undoing returns who undid a merge; nil if nobody did.
func (v view) undoing(ctx context.Context, merge, prov rdf.Term) (*Undoing, error) {
	found, err := v.subjects(ctx, propUndoes, merge, prov)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	about, err := v.match(ctx, found[0], rdf.Term{}, rdf.Term{}, prov)
	if err != nil {
		return nil, err
	}
	var u Undoing
	u.Time, u.Decision, err = v.decision(ctx, about, prov)
	return &u, err
}

// decision reads an activity's time, agent and reason.
func (v view) decision(ctx context.Context, about []rdf.Quad, prov rdf.Term) (at time.Time, by Decision, err error) {
	for _, q := range about {
		switch q.P {
		case propReason:
			by.Reason = q.O.Value()
		case propEnded:
			if at, err = time.Parse(time.RFC3339Nano, q.O.Value()); err != nil {
				return at, by, err
			}
		case propBy:
			names, err := v.objects(ctx, q.O, propNamed, prov)
			if err != nil {
				return at, by, err
			}
			if len(names) > 0 {
				by.By = names[0].Value()
			}
		}
	}
	return at, by, nil
}

// FindDevice returns the one device that text names: by its IRI or what of it
// follows id/device/, by one of its keys (such as serial:9/FOC1234) or the
// value of one that needs no scope, by the name under which it is read, or by
// the name that it has in the twin. Errors:
// ErrNoDevice, ErrAmbiguousDevice, those of the store.
func (p *Pipeline) FindDevice(ctx context.Context, text string) (device rdf.Term, err error) {
	err = p.look(func(v view) error {
		device, err = p.findDevice(ctx, v, text)
		return err
	})
	return device, err
}

func (p *Pipeline) findDevice(ctx context.Context, v view, text string) (rdf.Term, error) {
	prefix := p.opts.Base + "id/device/"
	iri := rdf.IRI(prefix + strings.TrimPrefix(text, prefix))
	if rdf.CheckIRI(iri.Value()) == nil {
		for _, property := range [...]rdf.Term{propIdentityKey, propAliasOf} {
			if found, err := v.match(ctx, iri, property, rdf.Term{}, p.prov); err != nil || len(found) > 0 {
				return iri, err
			}
		}
	}
	fits, err := p.devicesNamed(ctx, v, text)
	if err != nil {
		return rdf.Term{}, err
	}
	switch len(fits) {
	case 0:
		return rdf.Term{}, fmt.Errorf("%w: %q: give its IRI, what follows id/device/ in it, a key such as serial:9/FOC1234, or its name", ErrNoDevice, text)
	case 1:
		return fits[0], nil
	}
	var names []string
	for _, d := range fits[:min(len(fits), 10)] {
		names = append(names, d.Value())
	}
	return rdf.Term{}, fmt.Errorf("%w %q: give the IRI of one: %s", ErrAmbiguousDevice, text, strings.Join(names, ", "))
}

// devicesNamed returns the devices with a key, a configured name or a name in
// the twin that is text, in order.
func (p *Pipeline) devicesNamed(ctx context.Context, v view, text string) ([]rdf.Term, error) {
	var fits []rdf.Term
	for _, key := range p.rules.keysOf(text) {
		having, err := v.subjects(ctx, propIdentityKey, rdf.String(key), p.prov)
		if err != nil {
			return nil, err
		}
		fits = append(fits, having...)
	}
	read, err := v.match(ctx, rdf.Term{}, propDeviceName, rdf.String(text), rdf.Term{})
	if err != nil {
		return nil, err
	}
	for _, q := range read {
		described, err := v.objects(ctx, q.S, propDescribes, q.G)
		if err != nil {
			return nil, err
		}
		fits = append(fits, described...)
	}
	called, err := v.match(ctx, rdf.Term{}, propNamed, rdf.String(text), rdf.Term{})
	if err != nil {
		return nil, err
	}
	for _, q := range called {
		if q.G.IsZero() && strings.HasPrefix(q.S.Value(), p.opts.Base+"id/device/") {
			fits = append(fits, q.S)
		}
	}
	slices.SortFunc(fits, rdf.Compare)
	return slices.Compact(fits), nil
}
