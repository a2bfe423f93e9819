package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf/patch"
)

type patchCmd struct {
	Export patchExportCmd `cmd:"" help:"Write commits as RDF Patch."`
	Apply  patchApplyCmd  `cmd:"" help:"Apply RDF Patch: each transaction is a commit."`
}

type patchExportCmd struct {
	place
	Since  uint64 `help:"Begin after this commit; 0 begins with the first." placeholder:"COMMIT"`
	Branch string `help:"Branch to read." placeholder:"NAME"`
	Limit  int    `help:"At most so many commits." placeholder:"N"`
	Follow bool   `help:"Go on with new commits until interrupted; needs --url."`
	Output string `short:"o" help:"File to write; standard output if not given." placeholder:"FILE"`
}

// Help says how to go on.
func (patchExportCmd) Help() string {
	return `Each commit is a patch: headers with its id, that of the commit before, and its
number, then one transaction. Go on later with --since the last number. With
--follow new commits are written as they are made.`
}

// Run writes patches.
func (c *patchExportCmd) Run(ctx context.Context, env *environment) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	if c.Follow && c.URL == "" {
		return usageError("--follow needs --url: nothing is committed to a data directory on which no twin runs")
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
	if c.URL != "" {
		return c.fetch(ctx, out)
	}
	store, err := c.openOwn(env)
	if err != nil {
		return err
	}
	defer store.Close()
	_, _, err = patch.Export(ctx, store, out, patch.ExportOptions{Branch: c.Branch, Since: graph.CommitSeq(c.Since), Limit: c.Limit})
	return err
}

// followWait is how long one request waits for the next commit.
const followWait = 50 * time.Second

// fetch copies what the server sends, and asks again while it follows.
func (c *patchExportCmd) fetch(ctx context.Context, out io.Writer) error {
	since := c.Since
	for {
		params := url.Values{"since": {strconv.FormatUint(since, 10)}}
		setIf(params, "branch", c.Branch)
		if c.Limit > 0 {
			params.Set("limit", strconv.Itoa(c.Limit))
		}
		if c.Follow {
			params.Set("wait", strconv.Itoa(int(followWait/time.Second)))
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint("/api/v1/patch", params), nil)
		if err != nil {
			return err
		}
		resp, err := c.request(req)
		if err != nil {
			return err
		}
		if !c.Follow {
			_, err = io.Copy(out, resp.Body)
			resp.Body.Close()
			return err
		}
		since, err = copyPatches(out, resp.Body, since)
		resp.Body.Close()
		if err != nil {
			return err
		}
	}
}

// copyPatches writes what it reads and returns the number of the last commit.
func copyPatches(out io.Writer, in io.Reader, since uint64) (uint64, error) {
	rows, w := patch.NewReader(in), patch.NewWriter(out)
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return since, w.Flush()
		}
		if err != nil {
			return since, err
		}
		if row.Op == patch.Header && row.Name == "commit" {
			if since, err = strconv.ParseUint(row.Term.Value(), 10, 64); err != nil {
				return since, fmt.Errorf("line %d: commit %q is no number", row.Line, row.Term.Value())
			}
		}
		if err := w.Write(row); err != nil {
			return since, err
		}
		if row.Op == patch.Commit {
			if err := w.Flush(); err != nil {
				return since, err
			}
		}
	}
}

type patchApplyCmd struct {
	place
	Branch string `help:"Branch to change." placeholder:"NAME"`
	File   string `arg:"" help:"File to apply; - is standard input." placeholder:"FILE"`
}

// Help says what becomes of blank nodes and prefixes.
func (patchApplyCmd) Help() string {
	return `Each transaction becomes a commit, or nothing if it is aborted or has no end.
Applying a log again changes nothing. Labels of blank nodes are taken as they
are: a label is the same node in every patch. Rows of prefixes are read and have
no effect.`
}

// Run applies patches.
func (c *patchApplyCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	in, err := env.open(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	done, err := c.apply(ctx, env, in)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(done)
	}
	_, err = fmt.Fprintf(env.stdout, "%d transactions, %d commits: %d added, %d deleted; newest commit %d\n", done.Transactions, done.Commits, done.Adds, done.Deletes, done.Head)
	return err
}

func (c *patchApplyCmd) apply(ctx context.Context, env *environment, in io.Reader) (done patch.Applied, err error) {
	if c.URL == "" {
		store, err := c.open(env, true)
		if err != nil {
			return done, err
		}
		defer store.Close()
		done, err = patch.Apply(ctx, store, in, patch.ApplyOptions{Branch: c.Branch, Note: "patch"})
		if err != nil {
			err = fmt.Errorf("%s: %w (%d transactions before it were applied)", c.File, err, done.Transactions)
		}
		return done, err
	}
	params := url.Values{}
	setIf(params, "branch", c.Branch)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint("/api/v1/patch", params), in)
	if err != nil {
		return done, err
	}
	req.Header.Set("Content-Type", patch.MediaType)
	resp, err := c.request(req)
	if err != nil {
		return done, err
	}
	defer resp.Body.Close()
	return done, json.NewDecoder(resp.Body).Decode(&done)
}
