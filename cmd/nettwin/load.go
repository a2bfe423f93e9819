package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/rdf"
)

type loadCmd struct {
	place
	Graph   string   `help:"Put triples into this graph instead of the default one." placeholder:"IRI"`
	Format  string   `help:"turtle, trig, ntriples or nquads; by file name if not given." placeholder:"FORMAT"`
	Replace bool     `help:"Empty the graph (or, without --graph, the whole dataset) first."`
	Memory  string   `help:"With --data: memory that the load may take, such as 4GiB." default:"2GiB" placeholder:"SIZE"`
	Files   []string `arg:"" help:"Files to load, plain or compressed by gzip or zstd, and folders of such; - is standard input."`
}

// Help tells what a load is.
func (loadCmd) Help() string {
	return `With --data all files are one commit: after an error, an interrupt or a crash
nothing of them is stored. With --url each file is one request and one commit.
N-Triples and N-Quads are parsed on all processors.`
}

type loadReport struct {
	Files   int    `json:"files"`
	Quads   uint64 `json:"quads"`
	Adds    uint64 `json:"adds"`
	Deletes uint64 `json:"deletes"`
	Head    uint64 `json:"head"`
}

// Run loads files into a data directory or a server.
func (c *loadCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	files, err := inputs(c.Files, c.Format)
	if err != nil {
		return err
	}
	report := loadReport{Files: len(files)}
	if c.URL != "" {
		for i, in := range files {
			if err := c.post(ctx, env, in, c.Replace && i == 0, &report); err != nil {
				return fmt.Errorf("%s: %w", in.name, err)
			}
		}
		return c.print(env, report)
	}
	store, err := c.openForLoad(env)
	if err != nil {
		return err
	}
	err = c.load(ctx, env, store, files, &report)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	return c.print(env, report)
}

func (c *loadCmd) print(env *environment, r loadReport) error {
	if env.json {
		return env.printJSON(r)
	}
	_, err := fmt.Fprintf(env.stdout, "%d quads read from %d files: %d added, %d deleted; newest commit %d\n", r.Quads, r.Files, r.Adds, r.Deletes, r.Head)
	return err
}

// minLoadMemory is the least that --memory may say.
const minLoadMemory = 64 << 20

// openForLoad opens the store so that caches and the load share the memory.
func (c *loadCmd) openForLoad(env *environment) (*disk.Store, error) {
	limit, err := parseSize(c.Memory)
	if err != nil || limit < minLoadMemory {
		return nil, usageError("--memory %s: give at least 64MiB, such as 512MiB or 4GiB", c.Memory)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
	return openStoreWith(env, c.Data, c.Base, disk.Options{MemoryBytes: min(disk.DefaultMemoryBytes, limit/8), LoadBytes: limit / 8 * 5})
}

// parseSize reads a number of bytes with an optional unit.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "kKMGTiB ")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("size %q: expected a number and a unit, such as 512MiB", s)
	}
	shifts := map[string]uint{"": 0, "B": 0, "K": 10, "M": 20, "G": 30, "T": 40}
	unit := strings.ToUpper(strings.TrimSpace(s[len(digits):]))
	shift, ok := shifts[strings.TrimSuffix(strings.TrimSuffix(unit, "B"), "I")]
	if !ok || n*float64(uint64(1)<<shift) > 1<<60 {
		return 0, fmt.Errorf("size %q: unknown unit: use KiB, MiB, GiB or TiB", s)
	}
	return int64(n * float64(uint64(1)<<shift)), nil
}

// load makes one commit of all files.
func (c *loadCmd) load(ctx context.Context, env *environment, store graph.Store, files []input, report *loadReport) error {
	total := int64(0)
	for _, in := range files {
		if in.size == 0 {
			total = 0
			break
		}
		total += in.size
	}
	show := newLoadProgress(env, total)
	defer show.end()
	load, err := graph.NewLoad(ctx, store, c.options(files))
	if err != nil {
		return err
	}
	for _, in := range files {
		n, err := c.file(ctx, env, store.Info().Base, load, in, show)
		if report.Quads += n; err != nil {
			return errors.Join(fmt.Errorf("%s: %w (nothing was stored)", in.name, err), load.Abort())
		}
	}
	commit, err := load.Commit(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("%w (nothing was stored)", err), load.Abort())
	}
	report.Head = uint64(commit.Seq)
	if commit.Effective {
		report.Adds, report.Deletes = commit.Adds, commit.Deletes
	}
	return nil
}

func (c *loadCmd) options(files []input) graph.LoadOptions {
	o := graph.LoadOptions{Note: "load " + filepath.Base(files[0].name)}
	if n := len(files) - 1; n > 0 {
		o.Note += fmt.Sprintf(" and %d more files", n)
	}
	if c.Replace && c.Graph != "" {
		o.ClearGraphs = []rdf.Term{rdf.IRI(c.Graph)}
	} else if c.Replace {
		o.ClearAll = true
	}
	return o
}

// file adds the quads of one file to the load.
func (c *loadCmd) file(ctx context.Context, env *environment, base string, load graph.Load, in input, show *loadProgress) (uint64, error) {
	file, err := in.open(env, func(n int) { show.bytes.Add(int64(n)) })
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if in.name != "-" {
		base = (&url.URL{Scheme: "file", Path: absolute(in.name)}).String()
	}
	o := graph.DocumentOptions{
		ReaderOptions: rdf.ReaderOptions{Base: base, BNodeScope: "b" + randomHex(8)},
		Progress:      func(quads int) { show.quads.Add(int64(quads)) },
	}
	if c.Graph != "" {
		o.Graph = rdf.IRI(c.Graph)
	}
	n, err := graph.AddDocument(ctx, load, file, in.format, o)
	if errors.Is(err, graph.ErrNamedGraph) {
		err = fmt.Errorf("%w: quads with graphs of their own cannot be loaded with --graph", err)
	}
	return n, err
}

// post sends a file to a server, as it is stored.
func (c *loadCmd) post(ctx context.Context, env *environment, in input, replace bool, report *loadReport) error {
	file, coding, err := in.raw(env)
	if err != nil {
		return err
	}
	defer file.Close()
	method, params := http.MethodPost, url.Values{}
	if replace {
		method = http.MethodPut
	}
	switch {
	case c.Graph != "":
		params.Set("graph", c.Graph)
	case !in.format.Graphs():
		params.Set("default", "")
	}
	req, err := http.NewRequestWithContext(ctx, method, c.endpoint("/data", params), file)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", in.format.MediaType())
	if coding.name != "" {
		req.Header.Set("Content-Encoding", coding.name)
	}
	resp, err := c.request(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var quads, adds, deletes uint64
	fmt.Sscan(resp.Header.Get("Nettwin-Commit"), &report.Head)
	fmt.Sscan(resp.Header.Get("Nettwin-Quads"), &quads)
	fmt.Sscan(resp.Header.Get("Nettwin-Adds"), &adds)
	fmt.Sscan(resp.Header.Get("Nettwin-Deletes"), &deletes)
	report.Quads, report.Adds, report.Deletes = report.Quads+quads, report.Adds+adds, report.Deletes+deletes
	return nil
}
