package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// loadBatchQuads bounds what one commit of a load holds in memory.
const loadBatchQuads = 500_000

type loadCmd struct {
	place
	Graph   string   `help:"Put triples into this graph instead of the default one." placeholder:"IRI"`
	Format  string   `help:"turtle, trig, ntriples or nquads; by file name if not given." placeholder:"FORMAT"`
	Replace bool     `help:"Empty the graph (or, without --graph, the whole dataset) first."`
	Files   []string `arg:"" help:"Files to load, plain or .gz; - is standard input."`
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
	if c.URL != "" {
		return c.post(ctx, env)
	}
	store, err := c.open(env, true)
	if err != nil {
		return err
	}
	defer store.Close()
	report := loadReport{}
	for i, name := range c.Files {
		if err := c.file(ctx, env, store, name, c.Replace && i == 0, &report); err != nil {
			return fmt.Errorf("%s: %w (%s)", name, err, c.progress(report))
		}
		report.Files++
	}
	return c.print(env, report)
}

func (c *loadCmd) progress(r loadReport) string {
	if r.Quads == 0 {
		return "nothing was stored"
	}
	return fmt.Sprintf("%d quads before it are stored", r.Quads)
}

func (c *loadCmd) print(env *environment, r loadReport) error {
	if env.json {
		return env.printJSON(r)
	}
	_, err := fmt.Fprintf(env.stdout, "%d quads read from %d files: %d added, %d deleted; newest commit %d\n", r.Quads, r.Files, r.Adds, r.Deletes, r.Head)
	return err
}

// openInput opens a file with its format, decompressed.
func (c *loadCmd) openInput(env *environment, name string) (io.ReadCloser, rdf.Format, error) {
	format, ok := formatOf(c.Format, name)
	if !ok {
		return nil, 0, usageError("give --format turtle, trig, ntriples or nquads: the name does not tell")
	}
	file, err := env.open(name)
	if err != nil {
		return nil, 0, err
	}
	if !strings.HasSuffix(name, ".gz") {
		return file, format, nil
	}
	zipped, err := gzip.NewReader(file)
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return struct {
		io.Reader
		io.Closer
	}{zipped, file}, format, nil
}

func formatOf(name, file string) (rdf.Format, bool) {
	if name == "" {
		return rdf.FormatByExtension(filepath.Ext(strings.TrimSuffix(file, ".gz")))
	}
	for _, f := range rdf.Formats() {
		if strings.EqualFold(strings.ReplaceAll(f.String(), "-", ""), strings.ReplaceAll(name, "-", "")) {
			return f, true
		}
	}
	return rdf.FormatByExtension("." + strings.TrimPrefix(name, "."))
}

// file loads one file in commits of at most loadBatchQuads. The file is
// parsed to its end before the first commit if it fits one.
func (c *loadCmd) file(ctx context.Context, env *environment, store graph.Store, name string, replace bool, report *loadReport) error {
	in, format, err := c.openInput(env, name)
	if err != nil {
		return err
	}
	defer in.Close()
	base := store.Info().Base
	if name != "-" {
		base = (&url.URL{Scheme: "file", Path: absolute(name)}).String()
	}
	reader := rdf.NewReader(in, format, rdf.ReaderOptions{Base: base, BNodeScope: "b" + randomHex(8)})
	batch := c.newBatch(name, replace)
	for {
		q, err := reader.Read()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil {
			if c.Graph != "" {
				if !q.G.IsZero() {
					return fmt.Errorf("quads with graphs of their own cannot be loaded with --graph")
				}
				q.G = rdf.IRI(c.Graph)
			}
			batch.Adds = append(batch.Adds, q)
		}
		if err != nil || len(batch.Adds) >= loadBatchQuads {
			commit, cerr := store.Commit(ctx, batch)
			if cerr != nil {
				return cerr
			}
			report.Quads += uint64(len(batch.Adds))
			if commit.Effective {
				report.Adds += commit.Adds
				report.Deletes += commit.Deletes
			}
			report.Head = uint64(commit.Seq)
			batch = c.newBatch(name, false)
			if report.Quads >= loadBatchQuads && !env.json {
				fmt.Fprintf(env.stderr, "\r%d quads", report.Quads)
			}
		}
		if err != nil {
			return nil
		}
	}
}

func (c *loadCmd) newBatch(name string, replace bool) *graph.Batch {
	b := &graph.Batch{Note: "load " + filepath.Base(name)}
	if replace && c.Graph != "" {
		b.ClearGraphs = []rdf.Term{rdf.IRI(c.Graph)}
	} else if replace {
		b.ClearAll = true
	}
	return b
}

// post sends the files to a server, each as one request.
func (c *loadCmd) post(ctx context.Context, env *environment) error {
	report := loadReport{}
	for i, name := range c.Files {
		in, format, err := c.openInput(env, name)
		if err != nil {
			return err
		}
		method, params := http.MethodPost, url.Values{}
		if c.Replace && i == 0 {
			method = http.MethodPut
		}
		switch {
		case c.Graph != "":
			params.Set("graph", c.Graph)
		case !format.Graphs():
			params.Set("default", "")
		}
		req, err := http.NewRequestWithContext(ctx, method, c.endpoint("/data", params), in)
		if err != nil {
			in.Close()
			return err
		}
		req.Header.Set("Content-Type", format.MediaType())
		resp, err := c.request(req)
		in.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		resp.Body.Close()
		fmt.Sscan(resp.Header.Get("Nettwin-Commit"), &report.Head)
		report.Files++
	}
	if env.json {
		return env.printJSON(report)
	}
	_, err := fmt.Fprintf(env.stdout, "%d files loaded; newest commit %d\n", report.Files, report.Head)
	return err
}
