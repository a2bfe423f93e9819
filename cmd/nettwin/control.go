package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"nettwin/control"
	driver "nettwin/control/netconf"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ingest/netconf"
	ncclient "nettwin/internal/netconf"
	"nettwin/ontology/yang"
	"nettwin/reasoning/rules"
)

// hands reach the devices of a service for control: they read one again at
// once, and open sessions to write.
type hands struct {
	*twin
	mu       sync.Mutex      // one reading at a time; guards caughtUp
	caughtUp graph.CommitSeq // on which the rules ran; 0: none
	targets  map[[2]string]ingest.ScheduledTarget
	netconf  *netconf.Collector
}

// newController makes the controller over the service's targets, which have
// their collectors by now.
func (s *service) newController(in *intake) (*control.Controller, error) {
	h := &hands{twin: s.twin, targets: map[[2]string]ingest.ScheduledTarget{}, netconf: in.reader}
	for _, list := range [][]ingest.ScheduledTarget{s.sources.snmp, s.sources.netconf, s.sources.restconf, s.sources.gnmi} {
		for _, t := range list {
			h.targets[[2]string{t.Collector.Name(), t.Target.Name}] = t
		}
	}
	s.hands = h
	var drivers []control.Driver
	if in.reader != nil {
		d, err := driver.New(driver.Options{Dial: h.dial, Schema: h.schema})
		if err != nil {
			return nil, err
		}
		drivers = append(drivers, d)
	}
	return control.New(control.Options{
		Store: s.store, Rules: s.rules, Items: s.items, Base: s.store.Info().Base, Knowledge: s.knowledge,
		Dir: filepath.Join(s.dir, "control"), Drivers: drivers, Collect: h.collect, Log: s.env.log,
	})
}

func (h *hands) target(collector, device string) (ingest.ScheduledTarget, error) {
	t, ok := h.targets[[2]string{collector, device}]
	if !ok {
		return t, fmt.Errorf("device %s is not read by %s", device, collector)
	}
	return t, nil
}

// maxCatchUp bounds the commits that are looked at to find the rules that they
// touch; after more, all rules run.
const maxCatchUp = 1000

// collect reads a device again and runs the rules on what it says, and on what
// came by other ways since the last time.
func (h *hands) collect(ctx context.Context, collector, device string) error {
	t, err := h.target(collector, device)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, err := h.twin.collect(ctx, t.Collector, t.Target); err != nil {
		return err
	}
	head := h.store.Info().Head
	changed, err := h.changes(ctx, h.caughtUp, head)
	if err != nil {
		return err
	}
	if err := h.rules.Apply(ctx, changed); err != nil {
		return err
	}
	h.caughtUp = head
	return nil
}

// catchUp notes a version on which all rules ran.
func (h *hands) catchUp(head graph.CommitSeq) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.caughtUp = head
}

// changes tells in which predicates main changed between two versions; nil
// stands for any.
func (h *hands) changes(ctx context.Context, after, head graph.CommitSeq) (*rules.Delta, error) {
	if after == 0 || head-after > maxCatchUp {
		return nil, nil
	}
	feed, err := h.store.Feed(graph.Main, after)
	if err != nil {
		return nil, err
	}
	defer feed.Close()
	snapshot, err := h.store.Snapshot(graph.At{})
	if err != nil {
		return nil, err
	}
	defer snapshot.Close()
	delta := &rules.Delta{}
	for after < head {
		next, err := feed.Next(ctx)
		if err != nil {
			return nil, err
		}
		after = next.Commit.Seq
		for _, change := range next.Changes {
			var terms [4]rdf.Term
			if err := snapshot.Terms(change.Quad[:], terms[:]); err != nil {
				return nil, err
			}
			delta.Add(rdf.Quad{S: terms[graph.S], P: terms[graph.P], O: terms[graph.O], G: terms[graph.G]})
		}
	}
	return delta, nil
}

func (h *hands) dial(ctx context.Context, device string) (*ncclient.Session, error) {
	t, err := h.target(driver.Collector, device)
	if err != nil {
		return nil, err
	}
	return h.netconf.Open(ctx, t.Target)
}

func (h *hands) schema(_ context.Context, device string) (*yang.Schema, error) {
	return h.netconf.Schema(device)
}
