package main

import (
	"cmp"
	"context"
	"fmt"

	"nettwin/graph/disk"
	"nettwin/internal/auth"
	"nettwin/internal/config"
	"nettwin/web"
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
	from, err := configuredSources(ctx, env, cfg)
	if err != nil {
		return err
	}
	t, err := openTwinWith(ctx, env, c.Data, base, disk.Options{Retention: retention(cfg.Retention)})
	if err != nil {
		return err
	}
	defer t.Close()
	s := service{twin: t, env: env, listen: listen, tls: cfg.TLS, tokens: tokens, hosts: cfg.Hosts,
		limits: cfg.Limits, sources: from, collection: cfg.Collection,
		onReady: func(address string) { fmt.Fprintf(env.stdout, "twin ready at %s\n", address) }}
	return s.run(ctx)
}
