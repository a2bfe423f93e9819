package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"nettwin/control"
	"nettwin/ingest"
	"nettwin/ingest/netconf"
	"nettwin/ingest/snmp"
	"nettwin/internal/auth"
	"nettwin/internal/config"
	"nettwin/naming"
	"nettwin/ontology"
	"nettwin/sparql/protocol"
	"nettwin/web"
	"nettwin/web/ui"
)

// DefaultListen is where nettwin listens unless it is told otherwise.
const DefaultListen = "127.0.0.1:7878"

type serveCmd struct {
	Data   string `help:"Data directory; created if it is not there." placeholder:"DIR" type:"path" required:""`
	Listen string `help:"Address to listen on (${default_listen} if neither this nor the configuration says)." placeholder:"ADDR"`
	Config string `help:"Configuration file (YAML)." placeholder:"FILE" type:"path"`
	Base   string `help:"Base IRI, if the store is created." placeholder:"IRI"`
}

// Run serves until it is interrupted.
func (c *serveCmd) Run(ctx context.Context, env *environment) error {
	cfg := &config.Config{}
	if c.Config != "" {
		var err error
		if cfg, err = config.Load(c.Config); err != nil {
			return err
		}
	}
	base := c.Base
	if base == "" {
		base = cfg.Base
	}
	// Whatever is wrong with the configuration is told before a store is made.
	listen := cmp.Or(c.Listen, cfg.Listen, DefaultListen)
	tokens, err := auth.FromConfig(cfg.Tokens)
	if err != nil {
		return err
	}
	if err := web.AllowedListen(listen, tokens); err != nil {
		return err
	}
	targets, credentials, err := configuredTargets(cfg)
	if err != nil {
		return err
	}
	t, err := openTwin(ctx, env, c.Data, base)
	if err != nil {
		return err
	}
	defer t.Close()
	s := service{twin: t, env: env, listen: listen, tls: cfg.TLS, tokens: tokens, hosts: cfg.Hosts,
		limits: cfg.Limits, targets: targets, credentials: credentials,
		onReady: func(address string) { fmt.Fprintf(env.stdout, "twin ready at %s\n", address) }}
	return s.run(ctx)
}

// service runs a twin on the network: HTTP, rules and collection.
type service struct {
	*twin
	env         *environment
	listen      string
	tls         *config.TLS // nil: plain HTTP
	tokens      *auth.Tokens
	hosts       []string // further names of this server
	limits      config.Limits
	targets     []ingest.ScheduledTarget
	credentials func(ingest.Target) (snmp.Credential, error)
	// netconf are read after the first round of targets: what SNMP says of a
	// device's hardware names the device.
	netconf            []ingest.ScheduledTarget
	netconfCredentials func(ingest.Target) (netconf.Credential, error)
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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()

	failed := make(chan error, 3)
	start := func(run func(context.Context) error) {
		parts.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				failed <- err
			}
		})
	}
	first, second, collector, err := s.newSchedulers()
	if err != nil {
		listener.Close()
		return err
	}
	controller, err := s.newController(collector)
	if err != nil {
		listener.Close()
		return err
	}
	defer controller.Close()
	var ready atomic.Bool
	server := s.newServer(listener, []*ingest.Scheduler{first, second}, controller, &ready)
	head := s.store.Info().Head
	start(func(ctx context.Context) error { return s.rules.Follow(ctx, head) })
	if first != nil {
		start(first.Run)
	}
	start(func(ctx context.Context) error { return server.Serve(ctx, listener) })
	start(func(ctx context.Context) error {
		if err := s.settle(ctx, first); err != nil {
			return err
		}
		if second != nil {
			start(second.Run)
			if err := s.settle(ctx, second); err != nil {
				return err
			}
		}
		// What an earlier process left half done is finished or taken back.
		if err := controller.Recover(ctx); err != nil {
			return err
		}
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
// tried once, then runs all rules on what they said.
func (s *service) settle(ctx context.Context, scheduler *ingest.Scheduler) error {
	if !s.waitForTargets || scheduler == nil {
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
	return s.rules.Apply(ctx, nil)
}

func allTried(list []ingest.TargetStatus) bool {
	for _, status := range list {
		if status.LastContact.IsZero() && status.LastError == "" {
			return false
		}
	}
	return true
}

// newSchedulers makes those of SNMP and NETCONF targets, and the NETCONF
// collector; nil where there are none.
func (s *service) newSchedulers() (first, second *ingest.Scheduler, reader *netconf.Collector, err error) {
	if len(s.targets) > 0 {
		collector, err := s.newSNMP(s.credentials)
		if err != nil {
			return nil, nil, nil, err
		}
		if first, err = s.newScheduler(s.targets, collector); err != nil {
			return nil, nil, nil, err
		}
	}
	if len(s.netconf) > 0 {
		if reader, err = s.newNETCONF(s.netconfCredentials); err != nil {
			return nil, nil, nil, err
		}
		if second, err = s.newScheduler(s.netconf, reader); err != nil {
			return nil, nil, nil, err
		}
	}
	return first, second, reader, nil
}

func (s *service) newScheduler(targets []ingest.ScheduledTarget, collector ingest.Collector) (*ingest.Scheduler, error) {
	for i := range targets {
		targets[i].Collector = collector
	}
	return ingest.NewScheduler(ingest.SchedulerOptions{Pipeline: s.pipeline, Targets: targets, Log: s.env.log})
}

func (s *service) newServer(listener net.Listener, schedulers []*ingest.Scheduler, controller *control.Controller, ready *atomic.Bool) *web.Server {
	base := s.store.Info().Base
	metrics := web.NewMetrics()
	metrics.WatchStore(s.store.Info)
	metrics.WatchRules(s.rules.Status)
	sources := func() []ingest.TargetStatus {
		var all []ingest.TargetStatus
		for _, scheduler := range schedulers {
			if scheduler != nil {
				all = append(all, scheduler.Status()...)
			}
		}
		return all
	}
	metrics.WatchSources(sources)
	return web.New(web.Options{
		Store: s.store, Items: s.items, Rules: s.rules, Control: controller, Base: base,
		Protocol: protocol.New(protocol.Options{
			Store: s.store, Base: base, Derived: naming.DerivedGraph(base).Value(), Log: s.env.log,
			Timeout: s.limits.QueryTimeout, MaxTimeout: s.limits.MaxQueryTimeout, MaxRows: int(s.limits.MaxRows),
			MaxQueryBytes: s.limits.MaxQueryBytes, MaxDataBytes: s.limits.MaxDataBytes,
			Prefixes: prefixes(base), Observe: metrics.ObserveQuery,
		}),
		Sources: sources, Ontology: ontology.Vocabulary(), UI: ui.Files(),
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
