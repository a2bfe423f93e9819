package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"nettwin/control"
	"nettwin/control/intent"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/internal/auth"
	"nettwin/internal/config"
	"nettwin/naming"
	"nettwin/ontology"
	"nettwin/sparql"
	"nettwin/sparql/protocol"
	"nettwin/web"
	"nettwin/web/ui"
)

// service runs a twin on the network: HTTP, rules and collection.
type service struct {
	*twin
	env     *environment
	listen  string
	tls     *config.TLS // nil: plain HTTP
	tokens  *auth.Tokens
	hosts   []string // further names of this server
	limits  config.Limits
	sources sources
	// collection says whether everything is read, or what is needed.
	collection config.Collection
	asking     *asking       // nil: everything is read
	hands      *hands        // of the controller, which newController makes
	spill      *sparql.Spill // of queries, which run opens
	// onListening is called before the first device is read, with the
	// addresses at which devices are listened to; may be nil.
	onListening func(ctx context.Context, at sinks) error
	// onReady is called once the twin answers and, with waitForTargets, every
	// target was read or failed once and the rules have run.
	onReady        func(address string)
	waitForTargets bool
}

// listenOn opens the TCP address; a taken port gets a message that helps.
func listenOn(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program; choose another address with --listen, such as --listen 127.0.0.1:0 for a free port", addr)
	}
	return l, err
}

// open listens, with TLS if it is configured, and returns the listener with
// the address to print.
func (s *service) open() (net.Listener, string, error) {
	if err := web.AllowedListen(s.listen, s.tokens); err != nil {
		return nil, "", err
	}
	listener, err := listenOn(s.listen)
	if err != nil {
		return nil, "", err
	}
	address := listener.Addr().String() + "/"
	if s.tls == nil {
		if !web.IsLoopback(s.listen) {
			s.env.log.Warn("tokens travel in clear text: configure tls, or put a proxy with TLS before it", "listen", s.listen)
		}
		return listener, "http://" + address, nil
	}
	pair, err := s.tls.Pair()
	if err != nil {
		listener.Close()
		return nil, "", err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	return tls.NewListener(listener, config), "https://" + address, nil
}

func (s *service) run(ctx context.Context) error {
	listener, address, err := s.open()
	if err != nil {
		return err
	}
	spill, endSpill, err := openSpill(s.dir, s.limits.MaxSpillBytes)
	if err != nil {
		listener.Close()
		return err
	}
	defer endSpill()
	s.spill = spill
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()

	failed := make(chan error, 8)
	start := func(run func(context.Context) error) {
		parts.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				failed <- err
			}
		})
	}
	if s.asking, err = s.newAsking(ctx, s.collection); err != nil {
		listener.Close()
		return err
	}
	if s.asking != nil {
		start(s.asking.follow)
	}
	in, err := s.newIntake(ctx)
	if err != nil {
		listener.Close()
		return err
	}
	defer in.Close()
	controller, err := s.newController(in)
	if err != nil {
		listener.Close()
		return err
	}
	defer controller.Close()
	intents, err := intent.New(intent.Options{Store: s.store, Rules: s.rules, Items: s.items, Base: s.store.Info().Base,
		Knowledge: s.knowledge, NewID: rand.Text, Log: s.env.log})
	if err != nil {
		listener.Close()
		return err
	}
	if s.onListening != nil {
		if err := s.onListening(ctx, in.at); err != nil {
			listener.Close()
			return err
		}
	}
	var ready atomic.Bool
	server := s.newServer(listener, in, controller, intents, &ready)
	follow := func(head graph.CommitSeq) {
		start(func(ctx context.Context) error { return s.rules.Follow(ctx, head) })
	}
	if !s.waitForTargets {
		follow(s.store.Info().Head)
	}
	for _, run := range in.listeners {
		start(run)
	}
	start(func(ctx context.Context) error { return server.Serve(ctx, listener) })
	start(func(ctx context.Context) error {
		for _, scheduler := range in.schedulers {
			start(scheduler.Run)
			if err := s.settle(ctx, scheduler); err != nil {
				return err
			}
		}
		if s.waitForTargets {
			// Once on all that the devices said is sooner done than after
			// each of them.
			head := s.store.Info().Head
			if err := s.rules.Apply(ctx, nil); err != nil {
				return err
			}
			s.hands.catchUp(head)
			follow(head)
		}
		// What an earlier process left half done is finished or taken back.
		if err := controller.Recover(ctx); err != nil {
			return err
		}
		start(controller.Watch)
		start(intents.Follow)
		ready.Store(true)
		if s.onReady != nil {
			s.onReady(address)
		}
		return nil
	})
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// settle waits, if the service waits for its targets, until every target was
// tried once.
func (s *service) settle(ctx context.Context, scheduler *ingest.Scheduler) error {
	if !s.waitForTargets {
		return nil
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !allTried(scheduler.Status()) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func allTried(list []ingest.TargetStatus) bool {
	for _, status := range list {
		if status.LastContact.IsZero() && status.LastError == "" {
			return false
		}
	}
	return true
}

func (s *service) newServer(listener net.Listener, in *intake, controller *control.Controller, intents *intent.Keeper, ready *atomic.Bool) *web.Server {
	base := s.store.Info().Base
	metrics := web.NewMetrics()
	metrics.WatchStore(s.store.Info)
	metrics.WatchRules(s.rules.Status)
	metrics.WatchSources(in.status)
	in.watch(metrics)
	var service sparql.ServiceFunc
	var load func(context.Context, rdf.Term, func(rdf.Triple) error) error
	if len(s.limits.Reach) > 0 {
		client := &protocol.Client{Allow: s.limits.Reach, MaxBytes: s.limits.MaxDataBytes}
		service, load = client.Select, client.Load
	}
	saved, err := fs.Sub(s.knowledge, "queries")
	if err != nil { // only for a malformed name
		saved = nil
	}
	var collection web.Collection
	if s.asking != nil {
		collection = s.asking
	}
	return web.New(web.Options{
		Collection: collection,
		Store:      s.store, Items: s.items, Rules: s.rules, Control: controller, Intents: intents, Base: base,
		Operations: operations{dir: s.dir, store: s.store},
		Protocol: protocol.New(protocol.Options{
			Store: s.store, Base: base, Derived: naming.DerivedGraph(base).Value(), Log: s.env.log,
			Timeout: s.limits.QueryTimeout, MaxTimeout: s.limits.MaxQueryTimeout, MaxRows: int(s.limits.MaxRows),
			MaxQueryBytes: s.limits.MaxQueryBytes, MaxDataBytes: s.limits.MaxDataBytes,
			MaxMemoryBytes: s.limits.MaxMemoryBytes, SlowQuery: s.limits.SlowQuery, ResultCacheBytes: s.limits.ResultCache, Spill: s.spill, Workers: workers(),
			Service: service, Load: load, Saved: saved,
			Role:     func(r *http.Request) string { return auth.FromContext(r.Context()).Role.String() },
			Prefixes: prefixes(base), Observe: metrics.ObserveQuery,
		}),
		Sources: in.status, Ontology: ontology.Vocabulary(), Knowledge: s.knowledge, UI: ui.Files(),
		Documents: documents{s.store, s.items, s.knowledge},
		Merges:    s.pipeline,
		Gate: web.NewGate(web.GateOptions{
			Tokens: s.tokens, Loopback: web.IsLoopback(listener.Addr().String()), Log: s.env.log,
			Hosts: web.OwnHosts(base, listener.Addr().String(), s.hosts...),
		}),
		Log: s.env.log, Now: time.Now, Version: version, Metrics: metrics,
		Ready: func() error {
			if !ready.Load() {
				return errors.New("collecting from devices for the first time")
			}
			return nil
		},
	})
}

// prefixes are what answers in Turtle are written with.
func prefixes(base string) map[string]string {
	return map[string]string{
		"twin": naming.Twin, "prov": naming.Prov, "id": base + "id/", "xsd": "http://www.w3.org/2001/XMLSchema#",
		"rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
	}
}
