package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	"nettwin/graph"
)

// exportFlags are those of documents that are given out of a version.
type exportFlags struct {
	place
	Branch string `help:"Branch to read." placeholder:"NAME"`
	AsOf   string `name:"as-of" help:"A past version: dateTime or commit number." placeholder:"TIME"`
	Output string `short:"o" help:"File to write; standard output if not given." placeholder:"FILE"`
}

// give calls write with where the output goes. A file that could not be written
// to its end is removed.
func (c *exportFlags) give(env *environment, write func(io.Writer) error) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Output == "" {
		return buffered(env.stdout, write)
	}
	file, err := os.Create(c.Output)
	if err != nil {
		return err
	}
	if err = errors.Join(buffered(file, write), file.Close()); err != nil {
		err = errors.Join(err, os.Remove(c.Output))
	}
	return err
}

func buffered(out io.Writer, write func(io.Writer) error) error {
	b := bufio.NewWriterSize(out, 1<<16)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

// fetch copies a JSON document from a path of the server.
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
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); !strings.HasSuffix(kind, "json") {
		return fmt.Errorf("%s: the answer to %s is %q and no JSON: is it a nettwin of this version?", c.URL, path, kind)
	}
	_, err = io.Copy(out, resp.Body)
	return err
}

// exported is the version of a data directory that is given out.
type exported struct {
	store     graph.Store
	knowledge fs.FS
	snapshot  graph.Snapshot
}

// version calls use with the version that the flags name.
func (c *exportFlags) version(env *environment, use func(exported) error) error {
	at, err := parseAt(c.Branch, c.AsOf)
	if err != nil {
		return err
	}
	store, err := c.open(env, false)
	if err != nil {
		return err
	}
	defer store.Close()
	known, err := openKnowledge(c.Data)
	if err != nil {
		return fmt.Errorf("knowledge folder: %w", err)
	}
	snapshot, err := store.Snapshot(at)
	if err != nil {
		return err
	}
	defer snapshot.Close()
	return use(exported{store, known, snapshot})
}
