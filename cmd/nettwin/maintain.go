package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nettwin/graph/disk"
	"nettwin/internal/config"
	"nettwin/web"
)

type compactCmd struct {
	place
}

// Help tells what is freed.
func (compactCmd) Help() string {
	return `Merges the graph's segments and lets go of versions that are kept only to make
others from: the past stays, as far as it is retained, but takes longer to read.
Readers and writers of a running twin (--url) go on meanwhile.`
}

// Run compacts a data directory or a running twin.
func (c *compactCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	done, err := c.compact(ctx, env)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(done)
	}
	_, err = fmt.Fprintf(env.stdout, "the graph's files had %d bytes, now %d\n", done.BeforeBytes, done.AfterBytes)
	return err
}

func (c *compactCmd) compact(ctx context.Context, env *environment) (done web.Compaction, err error) {
	if c.URL != "" {
		return done, c.ask(ctx, http.MethodPost, "/api/v1/compact", nil, &done)
	}
	store, err := c.openOwn(env)
	if err != nil {
		return done, err
	}
	defer store.Close()
	return operations{dir: c.Data, store: store}.Compact(ctx)
}

// ask makes a request and reads its answer as JSON.
func (p *place) ask(ctx context.Context, method, path string, params url.Values, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, p.endpoint(path, params), nil)
	if err != nil {
		return err
	}
	resp, err := p.request(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("%s: answer to %s: %w", p.URL, path, err)
	}
	return nil
}

type statsCmd struct {
	place
	Branch string `help:"Branch to count." placeholder:"NAME"`
	AsOf   string `name:"as-of" help:"A past version: dateTime or commit number." placeholder:"TIME"`
	Top    int    `help:"How many graphs and predicates to list." default:"10" placeholder:"N"`
}

// Run counts.
func (c *statsCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	stats, err := c.stats(ctx, env)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(stats)
	}
	return c.print(env, stats)
}

func (c *statsCmd) stats(ctx context.Context, env *environment) (stats web.DataStats, err error) {
	if c.URL != "" {
		params := url.Values{"top": {strconv.Itoa(c.Top)}}
		setIf(params, "branch", c.Branch)
		setIf(params, "asOf", c.AsOf)
		return stats, c.ask(ctx, http.MethodGet, "/api/v1/stats", params, &stats)
	}
	at, err := parseAt(c.Branch, c.AsOf)
	if err != nil {
		return stats, err
	}
	store, err := c.openOwn(env)
	if err != nil {
		return stats, err
	}
	defer store.Close()
	return operations{dir: c.Data, store: store}.Stats(ctx, at, c.Top)
}

func (c *statsCmd) print(env *environment, s web.DataStats) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, created %s\n", s.Base, s.Created.Format(time.RFC3339))
	fmt.Fprintf(&b, "branch %s at commit %d: %d quads; %d terms, %d branches, versions from commit %d on\n", s.Branch, s.Commit, s.Quads, s.Terms, s.Branches, s.Oldest)
	for _, r := range s.Retained {
		fmt.Fprintf(&b, "%s is retained from commit %d on\n", graphClass(r.Graph), r.Oldest)
	}
	b.WriteByte('\n')
	rows, sum, files := [][]string{}, int64(0), 0
	for _, f := range s.Files {
		rows = append(rows, []string{f.Kind, strconv.Itoa(f.Files), strconv.FormatInt(f.Bytes, 10)})
		sum, files = sum+f.Bytes, files+f.Files
	}
	columns(&b, []string{"on disk", "files", "bytes"}, append(rows, []string{"all", strconv.Itoa(files), strconv.FormatInt(sum, 10)}))
	b.WriteByte('\n')
	rows = nil
	for _, g := range s.Graphs {
		rows = append(rows, []string{graphClass(g.Graph), strconv.FormatUint(g.Quads, 10)})
	}
	columns(&b, []string{fmt.Sprintf("graph (%d of %d)", len(s.Graphs), s.AllGraphs), "quads"}, rows)
	b.WriteByte('\n')
	rows = nil
	for _, p := range s.Predicates {
		rows = append(rows, []string{"<" + p.Predicate + ">", strconv.FormatUint(p.Quads, 10), strconv.FormatUint(p.Subjects, 10), strconv.FormatUint(p.Objects, 10)})
	}
	columns(&b, []string{fmt.Sprintf("predicate (%d of %d)", len(s.Predicates), s.AllPreds), "quads", "subjects", "objects"}, rows)
	_, err := fmt.Fprint(env.stdout, b.String())
	return err
}

// graphClass names a graph, or graphs by what their IRIs begin with.
func graphClass(name string) string {
	if name == "" {
		return "default graph"
	}
	return "<" + name + ">"
}

// retention is what a configuration says of it in the words of the engine.
func retention(c config.Retention) disk.Retention {
	r := disk.Retention{Commits: uint64(c.Commits), Age: c.Age}
	for _, g := range c.Graphs {
		r.Graphs = append(r.Graphs, disk.GraphRetention{Graph: g.Graph, Commits: uint64(g.Commits), Age: g.Age})
	}
	return r
}
