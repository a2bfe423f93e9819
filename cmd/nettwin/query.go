package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/sparql"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
)

type queryCmd struct {
	place
	File    string        `short:"f" help:"Read the query from a file; - is standard input." placeholder:"FILE"`
	Format  string        `help:"table, json, xml, csv, tsv, turtle or ntriples; a table by default." placeholder:"FORMAT"`
	Branch  string        `help:"Branch to ask." placeholder:"NAME"`
	AsOf    string        `name:"as-of" help:"A past version: dateTime or commit number." placeholder:"TIME"`
	Timeout time.Duration `help:"Time limit." default:"30s"`
	Query   string        `arg:"" optional:"" help:"The query."`
}

// Run asks a query.
func (c *queryCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	text, err := textOf(env, c.Query, c.File, "query")
	if err != nil {
		return err
	}
	if c.Format == "" && env.json {
		c.Format = "json"
	}
	if c.URL != "" {
		return c.ask(ctx, env, text)
	}
	return c.local(ctx, env, text)
}

// textOf is the text of a query or update, given as an argument or as a file.
func textOf(env *environment, arg, file, what string) (string, error) {
	switch {
	case arg != "" && file != "":
		return "", usageError("give the %s as an argument or by --file, not both", what)
	case arg != "":
		return arg, nil
	case file == "":
		return "", usageError("give a %s as an argument or by --file", what)
	}
	in, err := env.open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	text, err := io.ReadAll(in)
	return string(text), err
}

func (c *queryCmd) local(ctx context.Context, env *environment, text string) error {
	at, err := parseAt(c.Branch, c.AsOf)
	if err != nil {
		return err
	}
	store, err := c.open(env, false)
	if err != nil {
		return err
	}
	defer store.Close()
	query, err := sparql.Parse(text, store.Info().Base)
	if err != nil {
		return err
	}
	snapshot, err := store.Snapshot(at)
	if err != nil {
		return err
	}
	defer snapshot.Close()
	result, err := query.Run(ctx, snapshot, sparql.Options{Timeout: c.Timeout})
	if err != nil {
		return err
	}
	return c.write(ctx, env, result)
}

func (c *queryCmd) write(ctx context.Context, env *environment, result *results.Result) error {
	defer result.Close()
	if c.Format == "" && result.Kind == results.Boolean {
		_, err := fmt.Fprintln(env.stdout, result.Boolean)
		return err
	}
	if c.Format == "" && result.Kind == results.Bindings || c.Format == "table" {
		return env.paged(ctx, func(w io.Writer) error { return writeTable(ctx, w, result) })
	}
	format, ok := results.Formats(result.Kind)[0], true
	if c.Format != "" {
		format, ok = results.FormatByName(c.Format)
	}
	if !ok || !format.Supports(result.Kind) {
		return usageError("--format %s cannot hold %s: use one of %v", c.Format, result.Kind, results.Formats(result.Kind))
	}
	return results.Write(ctx, env.stdout, format, result, results.WriteOptions{})
}

// maxAnswerBytes bounds an answer that is shown as a table.
const maxAnswerBytes = 1 << 30

// ask sends the query to a server. A table is made from its JSON answer.
func (c *queryCmd) ask(ctx context.Context, env *environment, text string) error {
	params := url.Values{"timeout": {c.Timeout.String()}}
	setIf(params, "branch", c.Branch)
	setIf(params, "asOf", c.AsOf)
	query, err := sparql.Parse(text, c.URL)
	if err != nil {
		return err
	}
	asTable := (c.Format == "" || c.Format == "table") && (query.Form() == algebra.Select || query.Form() == algebra.Ask)
	form := url.Values{"query": {text}}
	for key, values := range params {
		form[key] = values
	}
	if c.Format != "" && c.Format != "table" {
		form.Set("format", c.Format)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint("/sparql", nil), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if asTable {
		req.Header.Set("Accept", results.JSON.MediaType())
	}
	resp, err := c.request(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if !asTable {
		_, err = io.Copy(env.stdout, resp.Body)
		return err
	}
	result, err := results.Read(resp.Body, results.JSON, maxAnswerBytes)
	if err != nil {
		return err
	}
	return c.write(ctx, env, result)
}

// parseAt reads --branch and --as-of.
func parseAt(branch, asOf string) (graph.At, error) {
	at := graph.At{Branch: branch}
	if asOf == "" {
		return at, nil
	}
	if _, err := fmt.Sscanf(asOf, "%d", &at.Seq); err == nil && !strings.ContainsAny(asOf, "-:T") {
		return at, nil
	}
	at.Seq = 0
	t, err := time.Parse(time.RFC3339Nano, asOf)
	if err != nil {
		return at, usageError("--as-of %s is neither a commit number nor a dateTime such as 2026-11-22T10:00:00Z", asOf)
	}
	at.Time = t
	return at, nil
}

type updateCmd struct {
	place
	File   string `short:"f" help:"Read the update from a file; - is standard input." placeholder:"FILE"`
	Branch string `help:"Branch to change." placeholder:"NAME"`
	Update string `arg:"" optional:"" help:"The update."`
}

// Run runs a SPARQL update: one commit.
func (c *updateCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	text, err := textOf(env, c.Update, c.File, "update")
	if err != nil {
		return err
	}
	if c.URL != "" {
		return c.send(ctx, env, text)
	}
	store, err := c.open(env, true)
	if err != nil {
		return err
	}
	defer store.Close()
	update, err := sparql.ParseUpdate(text, store.Info().Base)
	if err != nil {
		return err
	}
	commit, err := update.Run(ctx, store, sparql.UpdateOptions{Branch: c.Branch})
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(map[string]uint64{"seq": uint64(commit.Seq), "adds": commit.Adds, "deletes": commit.Deletes})
	}
	_, err = fmt.Fprintf(env.stdout, "%d added, %d deleted; newest commit %d\n", commit.Adds, commit.Deletes, commit.Seq)
	return err
}

func (c *updateCmd) send(ctx context.Context, env *environment, text string) error {
	params := url.Values{}
	setIf(params, "branch", c.Branch)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint("/update", params), strings.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/sparql-update")
	resp, err := c.request(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	seq := resp.Header.Get("Nettwin-Commit")
	if env.json {
		return env.printJSON(map[string]string{"seq": seq})
	}
	_, err = fmt.Fprintf(env.stdout, "done; newest commit %s\n", seq)
	return err
}
