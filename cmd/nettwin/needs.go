package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ingest/snmp"
	"nettwin/internal/config"
	"nettwin/naming"
	"nettwin/ontology/mib"
	"nettwin/reasoning/demand"
	"nettwin/web"
)

// needsPeriod is how often it is looked whether rules, queries or what is
// intended changed what is needed.
const needsPeriod = time.Second

// asking keeps the book of needs true to the rules, the saved queries, what is
// intended and the configuration.
type asking struct {
	*twin
	cfg  config.Collection
	book *ingest.Needs

	mu      sync.Mutex // guards what follows
	deriver *demand.Deriver
	said    map[[3]rdf.Term]bool // what the graph was asked, and what it held
	head    graph.CommitSeq      // that said is of
	files   [sha256.Size]byte    // digest of the files that ask
}

// newAsking makes the book of needs; nil where everything is read.
func (t *twin) newAsking(ctx context.Context, cfg config.Collection) (*asking, error) {
	if !cfg.Needed {
		return nil, nil
	}
	if len(cfg.Rules) == 0 {
		cfg.Rules = []string{"*"}
	}
	a := &asking{twin: t, cfg: cfg, book: ingest.NewNeeds(time.Now)}
	tables, err := mib.Load(t.knowledge, "map")
	if err != nil {
		return nil, err
	}
	identity := ingest.Need{Kind: ingest.AskedForIdentity, Name: "keys", Terms: append(t.pipeline.Identity(), snmp.Essentials(tables)...)}
	if err := a.book.Add(identity); err != nil {
		return nil, err
	}
	return a, a.derive(ctx)
}

// derive finds anew what is asked for. What cannot be understood leaves the
// needs as they were.
func (a *asking) derive(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	base := a.store.Info().Base
	digest, err := a.digest()
	if err != nil {
		return err
	}
	head := a.store.Info().Head
	said := map[[3]rdf.Term]bool{}
	deriver, err := demand.New(demand.Options{Knowledge: a.twin.knowledge, Base: base, Derived: naming.DerivedGraph(base),
		Look: []rdf.Term{naming.IntendedGraph(base)}, Says: func(g, p, o rdf.Term) bool {
			key := [3]rdf.Term{g, p, o}
			holds, known := said[key]
			if !known {
				holds = a.holds(ctx, key)
				said[key] = holds
			}
			return holds
		}})
	if err != nil {
		return fmt.Errorf("needs: %w", err)
	}
	byKind, err := a.find(deriver)
	if err != nil {
		return fmt.Errorf("needs: %w", err)
	}
	a.deriver, a.said, a.head, a.files = deriver, said, head, digest
	for kind, list := range byKind {
		if err := a.book.Set(kind, list); err != nil {
			return err
		}
	}
	return nil
}

// find makes the needs of rules, queries and the configuration.
func (a *asking) find(d *demand.Deriver) (map[string][]ingest.Need, error) {
	found := map[string][]ingest.Need{ingest.AskedByRule: nil, ingest.AskedByQuery: nil, ingest.AskedByConfig: nil}
	for _, file := range d.Rules() {
		if !strings.HasPrefix(file, "rules/") || !demand.Matches(a.cfg.Rules, file) {
			continue
		}
		if terms, alive := d.Rule(file); alive {
			found[ingest.AskedByRule] = append(found[ingest.AskedByRule], ingest.Need{Name: demand.NameOf(file), Terms: terms})
		}
	}
	files, err := fs.Glob(a.twin.knowledge, "queries/*.rq")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if !demand.Matches(a.cfg.Queries, file) {
			continue
		}
		text, err := fs.ReadFile(a.twin.knowledge, file)
		if err != nil {
			return nil, err
		}
		terms, alive, err := d.Query(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if alive {
			found[ingest.AskedByQuery] = append(found[ingest.AskedByQuery], ingest.Need{Name: demand.NameOf(file), Terms: terms})
		}
	}
	for _, c := range a.cfg.Collect {
		n := ingest.Need{Name: c.Name, Devices: c.Devices, Age: c.Age}
		if n.Terms, err = termsOf(d, c.Objects, c.Query); err != nil {
			return nil, fmt.Errorf("collection.collect %s: %w", c.Name, err)
		}
		found[ingest.AskedByConfig] = append(found[ingest.AskedByConfig], n)
	}
	return found, nil
}

// termsOf are the terms of what is named and of what a query rests on.
func termsOf(d *demand.Deriver, objects []string, query string) (terms []string, err error) {
	for _, name := range objects {
		more, err := d.Objects(name)
		if err != nil {
			return nil, err
		}
		terms = append(terms, more...)
	}
	if query == "" {
		return terms, nil
	}
	more, _, err := d.Query(query)
	return append(terms, more...), err
}

// holds tells whether the newest version has a statement; what cannot be read
// counts as there, so that nothing needed is left out.
func (a *asking) holds(ctx context.Context, key [3]rdf.Term) bool {
	snapshot, err := a.store.Snapshot(graph.At{})
	if err != nil {
		return true
	}
	defer snapshot.Close()
	var ids [3]graph.TermID
	if err := snapshot.IDs(key[:], ids[:]); err != nil {
		return true
	}
	pattern := graph.Pattern{}
	for i, position := range [...]int{graph.G, graph.P, graph.O} {
		switch {
		case !key[i].IsZero() && ids[i] == graph.None:
			return false // never seen, so in no quad
		case !key[i].IsZero():
			pattern[position] = ids[i]
		}
	}
	if key[0].IsZero() {
		pattern[graph.G] = graph.DefaultGraph
	}
	cursor, err := snapshot.Scan(pattern, graph.BestOrder(pattern))
	if err != nil {
		return true
	}
	defer cursor.Close()
	chunk, err := cursor.Next(ctx)
	return err != nil || chunk != nil && chunk.Len() > 0
}

// digest is equal while the files that ask are.
func (a *asking) digest() (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for _, pattern := range []string{"align/*.rule", "rules/*.rule", "queries/*.rq"} {
		files, err := fs.Glob(a.twin.knowledge, pattern)
		if err != nil {
			return sum, err
		}
		for _, file := range files {
			info, err := fs.Stat(a.twin.knowledge, file)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return sum, err
			}
			fmt.Fprintln(h, file, info.Size(), info.ModTime().UnixNano())
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// stale tells whether files or data that were looked at are others now.
func (a *asking) stale(ctx context.Context) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if digest, err := a.digest(); err == nil && digest != a.files {
		return true
	}
	head := a.store.Info().Head
	if head == a.head {
		return false
	}
	for key, was := range a.said {
		if a.holds(ctx, key) != was {
			return true
		}
	}
	a.head = head
	return false
}

// follow keeps the needs true until ctx ends.
func (a *asking) follow(ctx context.Context) error {
	tick := time.NewTicker(needsPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if !a.stale(ctx) {
			a.book.List() // ends those whose time is over
			continue
		}
		if err := a.derive(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// Needs lists what is needed, see web.Collection.
func (a *asking) Needs() []ingest.Need { return a.book.List() }

// Subscribe adds a need for a while, see web.Collection.
func (a *asking) Subscribe(s web.Subscription) (ingest.Need, error) {
	a.mu.Lock()
	terms, err := termsOf(a.deriver, s.Objects, s.Query)
	a.mu.Unlock()
	if err != nil {
		return ingest.Need{}, err
	}
	n := ingest.Need{Kind: ingest.AskedBySubscription, Name: s.Name, Terms: slices.Compact(slices.Sorted(slices.Values(terms))), Devices: s.Devices,
		Age: s.Age, Until: time.Now().Add(s.For).UTC()}
	return n, a.book.Add(n)
}

// Unsubscribe ends one, see web.Collection.
func (a *asking) Unsubscribe(name string) error {
	return a.book.Remove(ingest.AskedBySubscription, name)
}
