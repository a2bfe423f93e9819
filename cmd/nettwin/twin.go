package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"nettwin/graph/disk"
	"nettwin/ingest"
	"nettwin/ingest/gnmi"
	"nettwin/ingest/netconf"
	"nettwin/ingest/restconf"
	"nettwin/ingest/schemas"
	"nettwin/ingest/snmp"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/ontology/mib"
	"nettwin/reasoning/rules"
)

// twin is the parts of one data directory, opened.
type twin struct {
	dir       string
	store     *disk.Store
	items     *items.Store
	knowledge fs.FS
	rules     *rules.Engine
	pipeline  *ingest.Pipeline
}

// openTwin opens or creates a data directory: graph, items, knowledge, rules
// and the ingest pipeline.
func openTwin(ctx context.Context, env *environment, dir, base string) (*twin, error) {
	return openTwinWith(ctx, env, dir, base, disk.Options{})
}

// openTwinWith is openTwin with options of the engine.
func openTwinWith(ctx context.Context, env *environment, dir, base string, o disk.Options) (_ *twin, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	t := &twin{dir: dir}
	defer func() {
		if err != nil {
			t.Close()
		}
	}()
	if t.store, err = openStoreWith(env, dir, base, o); err != nil {
		return nil, err
	}
	if t.items, err = openItems(dir, false); err != nil {
		return nil, err
	}
	if t.knowledge, err = openKnowledge(dir); err != nil {
		return nil, fmt.Errorf("knowledge folder: %w", err)
	}
	base = t.store.Info().Base
	t.rules = rules.New(rules.Options{
		Store: t.store, Base: base, Derived: naming.DerivedGraph(base).Value(),
		Knowledge: t.knowledge, Log: env.log, Now: time.Now,
	})
	if err := t.rules.Reload(ctx); err != nil {
		return nil, err
	}
	t.pipeline, err = ingest.NewPipeline(ingest.Options{
		Store: t.store, Items: t.items, Base: base, Knowledge: t.knowledge, Clock: time.Now, Log: env.log,
	})
	return t, err
}

// Close closes what was opened.
func (t *twin) Close() error {
	var failures []error
	if t.items != nil {
		failures = append(failures, t.items.Close())
	}
	if t.store != nil {
		failures = append(failures, t.store.Close())
	}
	return errors.Join(failures...)
}

// newSNMP makes the SNMP collector from the mapping tables of the knowledge
// folder.
func (t *twin) newSNMP(credentials func(ingest.Target) (snmp.Credential, error)) (*snmp.Collector, error) {
	tables, err := mib.Load(t.knowledge, "map")
	if err != nil {
		return nil, err
	}
	return snmp.New(snmp.Options{Tables: tables, Credentials: credentials})
}

// newNETCONF makes the NETCONF collector; what of a device's data is no state
// of the network is a table of the knowledge folder.
func (t *twin) newNETCONF(options netconf.Options) (*netconf.Collector, error) {
	policy, err := t.policy()
	if err != nil {
		return nil, err
	}
	options.Policy = policy
	return netconf.New(options)
}

// newRESTCONF makes the RESTCONF collector.
func (t *twin) newRESTCONF(options restconf.Options) (_ *restconf.Collector, err error) {
	if options.Policy, err = t.policy(); err != nil {
		return nil, err
	}
	return restconf.New(options)
}

// newGNMI makes the gNMI collector.
func (t *twin) newGNMI(options gnmi.Options) (_ *gnmi.Collector, err error) {
	if options.Policy, err = t.policy(); err != nil {
		return nil, err
	}
	return gnmi.New(options)
}

// policy is what of a device's YANG data is no state of the network; without the
// table everything is read.
func (t *twin) policy() (schemas.Policy, error) {
	policy, err := schemas.LoadPolicy(t.knowledge, "map/netconf.tsv")
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return policy, err
}

// makeDir makes a folder of the data directory.
func makeDir(dir string) error { return os.MkdirAll(dir, 0o755) }
