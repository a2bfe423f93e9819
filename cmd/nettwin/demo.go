package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"nettwin/fixtures"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/internal/auth"
	"nettwin/naming"
)

const demoBase = "https://demo.example/"

type demoCmd struct {
	Data   string        `help:"Data directory; $$XDG_DATA_HOME/nettwin/demo by default." placeholder:"DIR" type:"path"`
	Listen string        `help:"Address to listen on." default:"${default_listen}"`
	Poll   time.Duration `help:"How often devices are read that tell of no change." default:"10s" placeholder:"TIME"`
	Flows  bool          `help:"Let three routers export flows all the time." default:"true" negatable:""`
}

// Run plays the fixture network and serves its twin until it is interrupted.
func (c *demoCmd) Run(ctx context.Context, env *environment) error {
	dir, err := demoDir(c.Data)
	if err != nil {
		return err
	}
	t, err := openTwin(ctx, env, dir, demoBase)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := loadFiles(ctx, t); err != nil {
		return err
	}
	devices, err := startSimulation(ctx, env)
	if err != nil {
		return err
	}
	defer devices.Close()
	devices.exports = c.Flows
	text, token, err := auth.NewToken(rand.Reader, "demo", auth.Operator)
	if err != nil {
		return err
	}
	tokens, err := auth.NewTokens(token)
	if err != nil {
		return err
	}
	s := service{twin: t, env: env, listen: c.Listen, tokens: tokens, waitForTargets: true,
		sources:     devices.sources(c.Poll),
		onListening: func(ctx context.Context, at sinks) error { return devices.tell(ctx, dir, at) },
		onReady:     func(address string) { c.greet(env, dir, address, text, t.store.Info()) }}
	fmt.Fprintf(env.stderr, "reading %d simulated routers …\n", len(devices.targets))
	return s.run(ctx)
}

// dataHome is where programs of this user keep data (XDG Base Directory).
func dataHome() (string, error) {
	if root := os.Getenv("XDG_DATA_HOME"); root != "" {
		return root, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no home directory for the demo's data: give one with --data: %w", err)
	}
	return filepath.Join(home, ".local", "share"), nil
}

// demoFiles are what the demo knows beside what its devices say: product
// models, services, and what its operator intends.
func demoFiles() map[string][]byte {
	return map[string][]byte{
		"lifecycle": fixtures.Lifecycle(),
		"services":  fixtures.Services(),
		"intended":  fixtures.Intended(),
	}
}

// loadFiles puts each file into its source graph, which alignment lifts into
// the twin or the intended graph; unchanged, it commits nothing.
func loadFiles(ctx context.Context, t *twin) error {
	base := t.store.Info().Base
	for name, text := range demoFiles() {
		source := naming.SourceGraph(base, "file", name)
		quads, err := rdf.ReadAll(bytes.NewReader(text), rdf.Turtle, rdf.ReaderOptions{Base: base})
		if err != nil {
			return fmt.Errorf("file %s: %w", name, err)
		}
		for i := range quads {
			quads[i].G = source
		}
		if _, err := t.store.Commit(ctx, &graph.Batch{ClearGraphs: []rdf.Term{source}, Adds: quads, Note: "file " + name}); err != nil {
			return fmt.Errorf("file %s: %w", name, err)
		}
	}
	return nil
}

func (c *demoCmd) greet(env *environment, dir, address, token string, info graph.Info) {
	fmt.Fprintf(env.stdout, `twin ready at %s
  %d quads in %s

  Open the page in a browser, or ask by SPARQL:

    nettwin query --url %s 'PREFIX twin: <%s>
      SELECT ?device ?model ?serial WHERE { ?d a twin:Device ; twin:name ?device .
        OPTIONAL { ?d twin:modelName ?model ; twin:serialNumber ?serial } } ORDER BY ?device'

  Operator token, new at every start: %s
  Ctrl-C ends the twin and its devices; the data stays for the next start.
`, address, info.Quads, dir, address, naming.Twin, token)
}
