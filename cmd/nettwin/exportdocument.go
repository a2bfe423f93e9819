package main

import (
	"context"
	"errors"
	"io"
	"net/url"

	"nettwin/graph"
	"nettwin/ingest/document"
)

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
func (c *exportFlags) write(ctx context.Context, env *environment, path string, local func(documents, io.Writer, graph.Source) error) error {
	err := c.give(env, func(out io.Writer) error {
		if c.URL != "" {
			return c.fetch(ctx, path, out)
		}
		return c.version(env, func(v exported) error {
			return local(documents{store: v.store, knowledge: v.knowledge}, out, v.snapshot)
		})
	})
	if errors.Is(err, document.ErrNoDocument) {
		return &exitError{exitNotFound, err}
	}
	return err
}
