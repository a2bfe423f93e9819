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

	"nettwin/graph"
	"nettwin/ingest/document"
)

// exportFlags are those of documents that are given out.
type exportFlags struct {
	place
	Branch string `help:"Branch to read." placeholder:"NAME"`
	AsOf   string `name:"as-of" help:"A past version: dateTime or commit number." placeholder:"TIME"`
	Output string `short:"o" help:"File to write; standard output if not given." placeholder:"FILE"`
}

type exportTopologyCmd struct {
	exportFlags
	RFC8345  bool   `name:"rfc8345" help:"As an RFC 8345 document, which is what there is." default:"true" negatable:""`
	Document string `help:"The topology document of this name that was taken in, instead of the twin's own topologies." placeholder:"NAME"`
}

// Run writes the twin's own topologies, or a document that was taken in.
func (c *exportTopologyCmd) Run(ctx context.Context, env *environment) error {
	if c.Document != "" {
		return c.write(ctx, env, documentPath(kindTopology, c.Document), func(d documents, w io.Writer, src graph.Source) error {
			return d.Export(ctx, w, src, kindTopology, c.Document)
		})
	}
	return c.write(ctx, env, "/api/v1/topology", func(d documents, w io.Writer, src graph.Source) error {
		return d.Topology(ctx, w, src)
	})
}

type exportNetBoxCmd struct {
	exportFlags
	Name string `arg:"" help:"The name under which it was taken in."`
}

// Run writes what was taken in from a NetBox.
func (c *exportNetBoxCmd) Run(ctx context.Context, env *environment) error {
	return c.write(ctx, env, documentPath(kindNetBox, c.Name), func(d documents, w io.Writer, src graph.Source) error {
		return d.Export(ctx, w, src, kindNetBox, c.Name)
	})
}

func documentPath(kind, name string) string {
	return "/api/v1/documents/" + kind + "/" + url.PathEscape(name)
}

// write writes a document from a server's path or from a data directory.
func (c *exportFlags) write(ctx context.Context, env *environment, path string, local func(documents, io.Writer, graph.Source) error) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	out := env.stdout
	if c.Output != "" {
		file, err := os.Create(c.Output)
		if err != nil {
			return err
		}
		defer func() {
			if cerr := file.Close(); err == nil {
				err = cerr
			}
		}()
		out = file
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	if c.URL != "" {
		err = c.fetch(ctx, path, buffered)
	} else {
		err = c.local(env, buffered, local)
	}
	if errors.Is(err, document.ErrNoDocument) {
		return &exitError{exitNotFound, err}
	}
	if err != nil {
		return err
	}
	return buffered.Flush()
}

func (c *exportFlags) fetch(ctx context.Context, path string, out io.Writer) error {
	params := url.Values{}
	setIf(params, "branch", c.Branch)
	setIf(params, "asOf", c.AsOf)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint(path, params), nil)
	if err != nil {
		return err
	}
	resp, err := c.request(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(out, resp.Body)
	return err
}

func (c *exportFlags) local(env *environment, out io.Writer, write func(documents, io.Writer, graph.Source) error) error {
	at, err := parseAt(c.Branch, c.AsOf)
	if err != nil {
		return err
	}
	store, err := c.open(env, false)
	if err != nil {
		return err
	}
	defer store.Close()
	knowledge, err := openKnowledge(c.Data)
	if err != nil {
		return fmt.Errorf("knowledge folder: %w", err)
	}
	snapshot, err := store.Snapshot(at)
	if err != nil {
		return err
	}
	defer snapshot.Close()
	return write(documents{store: store, knowledge: knowledge}, out, snapshot)
}
