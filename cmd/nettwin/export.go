package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

type exportCmd struct {
	place
	Graph   string `help:"Only this graph." placeholder:"IRI" xor:"graph"`
	Default bool   `help:"Only the default graph." xor:"graph"`
	Format  string `help:"turtle, trig, ntriples or nquads." default:"nquads"`
	Branch  string `help:"Branch to read." placeholder:"NAME"`
	AsOf    string `name:"as-of" help:"A past version: dateTime or commit number." placeholder:"TIME"`
	Output  string `short:"o" help:"File to write; standard output if not given." placeholder:"FILE"`

	Compress string `help:"gzip, zstd or none; by the end of --output if not given." placeholder:"CODING"`
}

// Help tells what is written.
func (exportCmd) Help() string {
	return `Quads are written while they are read, in the order of the store, so memory
stays small whatever the size. A file that could not be written to its end is
removed.`
}

// Run writes the dataset or one graph.
func (c *exportCmd) Run(ctx context.Context, env *environment) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	format, ok := formatOf(c.Format, "")
	if !ok {
		return usageError("--format %s: use turtle, trig, ntriples or nquads", c.Format)
	}
	coding, err := c.coding()
	if err != nil {
		return err
	}
	out, end, err := c.output(env, coding)
	if err != nil {
		return err
	}
	defer func() { err = end(err) }()
	if c.URL != "" {
		return c.fetch(ctx, out, format)
	}
	return c.local(ctx, env, out, format)
}

// coding returns how the output is compressed; the zero coding is not at all.
func (c *exportCmd) coding() (coding, error) {
	for _, coding := range codings {
		if c.Compress == coding.name || c.Compress == "" && strings.HasSuffix(c.Output, coding.suffix) {
			return coding, nil
		}
	}
	if c.Compress != "" && c.Compress != "none" {
		return coding{}, usageError("--compress %s: use gzip, zstd or none", c.Compress)
	}
	return coding{}, nil
}

// output returns where to write, and what ends it: given the error of writing
// it returns the one of all. A file that is not whole is removed.
func (c *exportCmd) output(env *environment, coding coding) (io.Writer, func(error) error, error) {
	out, end := env.stdout, func(err error) error { return err }
	if c.Output != "" {
		file, err := os.Create(c.Output)
		if err != nil {
			return nil, nil, err
		}
		out, end = file, func(err error) error {
			if err = errors.Join(err, file.Close()); err != nil {
				err = errors.Join(err, os.Remove(c.Output))
			}
			return err
		}
	}
	zipped, err := coding.writer(out)
	if err != nil {
		return nil, nil, end(err)
	}
	return zipped, func(err error) error {
		if err == nil {
			err = zipped.Close()
		}
		return end(err)
	}, nil
}

func (c *exportCmd) fetch(ctx context.Context, out io.Writer, format rdf.Format) error {
	params := url.Values{}
	switch {
	case c.Graph != "":
		params.Set("graph", c.Graph)
	case c.Default:
		params.Set("default", "")
	}
	setIf(params, "branch", c.Branch)
	setIf(params, "asOf", c.AsOf)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint("/data", params), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", format.MediaType())
	resp, err := c.request(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(out, resp.Body)
	return err
}

func setIf(params url.Values, key, value string) {
	if value != "" {
		params.Set(key, value)
	}
}

func (c *exportCmd) local(ctx context.Context, env *environment, out io.Writer, format rdf.Format) error {
	at, err := parseAt(c.Branch, c.AsOf)
	if err != nil {
		return err
	}
	store, err := c.open(env, false)
	if err != nil {
		return err
	}
	defer store.Close()
	snapshot, err := store.Snapshot(at)
	if err != nil {
		return err
	}
	defer snapshot.Close()
	pattern := graph.Pattern{}
	one := c.Graph != "" || c.Default
	if c.Default {
		pattern[graph.G] = graph.DefaultGraph
	}
	if c.Graph != "" {
		id, err := graph.ID(snapshot, rdf.IRI(c.Graph))
		if err != nil {
			return err
		}
		if id == graph.None {
			return &exitError{exitNotFound, fmt.Errorf("no graph <%s>", c.Graph)}
		}
		pattern[graph.G] = id
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	writer := rdf.NewWriter(buffered, format, rdf.WriterOptions{})
	for q, err := range graph.ExportQuads(ctx, snapshot, pattern) {
		if err != nil {
			return err
		}
		if one {
			q.G = rdf.Term{}
		}
		if err := writer.Write(q); err != nil {
			return err
		}
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}
