package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"nettwin/ingest/document"
)

type importCmd struct {
	Topology importTopologyCmd `cmd:"" help:"Take in topologies: RFC 8345 JSON, node-link JSON."`
	NetBox   importNetBoxCmd   `cmd:"" name:"netbox" help:"Take in what NetBox says: an export, answers of its REST API, or its address."`
}

// importFlags are those of every kind of document.
type importFlags struct {
	place
	Name string `help:"What tells this document from others; by the file's name if not given." placeholder:"NAME"`
}

type importTopologyCmd struct {
	importFlags
	Files []string `arg:"" help:"Files to take in; - is standard input."`
}

// Run takes files in, each as a document of its own.
func (c *importTopologyCmd) Run(ctx context.Context, env *environment) error {
	return c.files(ctx, env, kindTopology, c.Files)
}

// imported is what the import of a document reports.
type imported struct {
	Document string `json:"document"`
	document.Report
}

// files takes files of a kind in and runs the rules.
func (c *importFlags) files(ctx context.Context, env *environment, kind string, files []string) error {
	if c.Name != "" && len(files) > 1 {
		return usageError("--name names one document: give one file")
	}
	var texts []namedText
	for _, file := range files {
		text, err := readDocument(env, file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		name := c.Name
		if name == "" {
			name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		}
		texts = append(texts, namedText{name, text})
	}
	return c.take(ctx, env, kind, texts)
}

// namedText is a document before it is taken in.
type namedText struct {
	name string
	text []byte
}

func readDocument(env *environment, file string) ([]byte, error) {
	in, err := env.open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, document.MaxBytes+1))
	if err == nil && len(text) > document.MaxBytes {
		err = fmt.Errorf("%w: more than %d bytes", document.ErrTooLarge, document.MaxBytes)
	}
	return text, err
}

// take takes documents into a data directory or a server.
func (c *importFlags) take(ctx context.Context, env *environment, kind string, texts []namedText) error {
	if err := c.check(); err != nil {
		return err
	}
	one := c.post
	if c.Data != "" {
		t, err := openTwin(ctx, env, c.Data, c.Base)
		if err != nil {
			return err
		}
		defer t.Close()
		d := documents{t.store, t.items, t.knowledge}
		one = func(ctx context.Context, kind string, text namedText) (imported, error) {
			report, err := d.Import(ctx, kind, text.name, text.text)
			if err != nil {
				return imported{}, err
			}
			return imported{text.name, report.(document.Report)}, nil
		}
		defer func() {
			if err := t.rules.Apply(ctx, nil); err != nil {
				fmt.Fprintln(env.stderr, "rules:", err)
			}
		}()
	}
	var reports []imported
	for _, text := range texts {
		report, err := one(ctx, kind, text)
		if err != nil {
			return fmt.Errorf("%s: %w", text.name, err)
		}
		reports = append(reports, report)
	}
	if env.json {
		return env.printJSON(reports)
	}
	for _, r := range reports {
		if _, err := fmt.Fprintf(env.stdout, "%s: %d facts, %d added, %d deleted; in <%s>\n", r.Document, r.Facts, r.Adds, r.Deletes, r.Graph); err != nil {
			return err
		}
	}
	return nil
}

// post sends one document to a server.
func (c *importFlags) post(ctx context.Context, kind string, text namedText) (imported, error) {
	params := url.Values{"name": {text.name}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint("/api/v1/documents/"+kind, params), bytes.NewReader(text.text))
	if err != nil {
		return imported{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.request(req)
	if err != nil {
		return imported{}, err
	}
	defer resp.Body.Close()
	report := imported{Document: text.name}
	return report, decodeReport(resp.Body, &report.Report)
}
