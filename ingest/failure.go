package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// maxErrorBytes bounds the text of an error in the graph.
const maxErrorBytes = 500

// Failure is a collection that learnt nothing.
type Failure struct {
	Collector string
	Device    string // the name of the source graph; "" if the device was never reached
	Lost      bool   // so many failed that what was said before may not be believed
	Err       error
}

// Fail states in the provenance graph that a source is stale or lost, and
// why. What the source said before stays as it is. A device without a
// configured name that was never reached has no graph to speak of: nothing is
// stated. Repeating a failure changes nothing.
func (p *Pipeline) Fail(ctx context.Context, f Failure) error {
	if f.Device == "" {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for range maxTries {
		err := p.tryFail(ctx, f)
		if errors.Is(err, graph.ErrConflict) {
			continue
		}
		if err != nil {
			return fmt.Errorf("ingest: %s %s: %w", f.Collector, f.Device, err)
		}
		return nil
	}
	return fmt.Errorf("ingest: %s %s: %w: other writers came first %d times", f.Collector, f.Device, graph.ErrConflict, maxTries)
}

func (p *Pipeline) tryFail(ctx context.Context, f Failure) error {
	snap, err := p.opts.Store.Snapshot(graph.At{})
	if err != nil {
		return err
	}
	defer snap.Close()
	g := naming.SourceGraph(p.opts.Base, f.Collector, f.Device)
	u := &update{Pipeline: p, view: view{snap}}
	state := StateStale
	if f.Lost {
		state = StateLost
	}
	var c change
	if err := u.replace(ctx, &c, g, propSyncState, rdf.String(string(state)), p.prov); err != nil {
		return err
	}
	if err := u.replace(ctx, &c, g, propLastError, rdf.String(errorText(f.Err)), p.prov); err != nil {
		return err
	}
	if err := u.unseen(ctx, &c, g); err != nil {
		return err
	}
	if c.empty() {
		return nil
	}
	seq := snap.Commit().Seq
	_, err = p.opts.Store.Commit(ctx, &graph.Batch{Expected: &seq, Deletes: c.deletes, Adds: c.adds,
		Note: "ingest " + f.Collector + " " + f.Device + ": " + string(state)})
	return err
}

// unseen states when a device was seen for the last time, if no other source
// of it is in sync.
func (u *update) unseen(ctx context.Context, c *change, g rdf.Term) error {
	prov := u.Pipeline.prov
	devices, err := u.objects(ctx, g, propDescribes, g)
	if err != nil || len(devices) == 0 {
		return err
	}
	sources, err := u.match(ctx, rdf.Term{}, propDescribes, devices[0], rdf.Term{})
	if err != nil {
		return err
	}
	var last rdf.Term
	for _, q := range sources {
		inSync, err := u.match(ctx, q.G, propSyncState, rdf.String(string(StateInSync)), prov)
		if err != nil || len(inSync) > 0 && q.G != g {
			return err
		}
		contacts, err := u.objects(ctx, q.G, propLastContact, prov)
		if err != nil {
			return err
		}
		for _, t := range contacts {
			if last.IsZero() || t.Value() > last.Value() {
				last = t
			}
		}
	}
	if last.IsZero() {
		return nil
	}
	return u.replace(ctx, c, devices[0], propLastSeen, last, prov)
}

func errorText(err error) string {
	if err == nil {
		return "unknown"
	}
	text := strings.ToValidUTF8(err.Error(), "\uFFFD")
	if len(text) > maxErrorBytes {
		text = strings.ToValidUTF8(text[:maxErrorBytes], "") + "…"
	}
	return text
}

// LastContact returns when a source answered for the last time; the zero time
// if it never did.
func (p *Pipeline) LastContact(ctx context.Context, collector, device string) (time.Time, error) {
	snap, err := p.opts.Store.Snapshot(graph.At{})
	if err != nil {
		return time.Time{}, err
	}
	defer snap.Close()
	found, err := view{snap}.objects(ctx, naming.SourceGraph(p.opts.Base, collector, device), propLastContact, p.prov)
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, found[0].Value())
	if err != nil {
		return time.Time{}, fmt.Errorf("ingest: %s %s: last contact %s: %w", collector, device, found[0], err)
	}
	return t, nil
}
