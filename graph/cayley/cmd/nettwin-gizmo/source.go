package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/cayley"
	"nettwin/graph/disk"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
)

const (
	// graphDir is where a data directory keeps its graph.
	graphDir = "/graph"
	// fetchBatch is how many fetched quads are committed at once.
	fetchBatch = 1 << 16
	// answerWait bounds how long a twin may take until it begins to answer.
	answerWait = time.Minute
	// maxErrorBody bounds what is shown of a twin's error.
	maxErrorBody = 64 << 10
)

// source is a version that is asked, with the store that it is in.
type source struct {
	*cayley.QuadStore
	store graph.Store
}

// Close closes the QuadStore and its store.
func (s *source) Close() error { return errors.Join(s.QuadStore.Close(), s.store.Close()) }

// open opens the place that the command line names.
func (c *cli) open(ctx context.Context) (*source, error) {
	at, err := c.at()
	switch {
	case err != nil:
		return nil, err
	case c.URL != "":
		return c.fetch(ctx)
	case c.Data == "":
		return nil, usageError("say where: --data DIR or --url URL")
	}
	store, err := disk.Open(c.Data+graphDir, disk.Options{MustExist: true})
	switch {
	case errors.Is(err, disk.ErrNoStore):
		return nil, &exitError{exitNotFound, fmt.Errorf("no store in %s: create one with nettwin load or nettwin serve", c.Data)}
	case errors.Is(err, disk.ErrInUse):
		return nil, fmt.Errorf("%w: or ask the twin that has it open by --url", err)
	case err != nil:
		return nil, err
	}
	return newSource(store, at)
}

func newSource(store graph.Store, at graph.At) (*source, error) {
	snapshot, err := store.Snapshot(at)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &source{cayley.New(snapshot, cayley.Options{}), store}, nil
}

// at reads --branch and --as-of.
func (c *cli) at() (graph.At, error) {
	at := graph.At{Branch: c.Branch}
	if c.AsOf == "" {
		return at, nil
	}
	if seq, err := strconv.ParseUint(c.AsOf, 10, 64); err == nil {
		at.Seq = graph.CommitSeq(seq)
		return at, nil
	}
	t, err := time.Parse(time.RFC3339Nano, c.AsOf)
	if err != nil {
		return at, usageError("--as-of %s is neither a commit number nor a dateTime such as 2026-11-22T10:00:00Z", c.AsOf)
	}
	at.Time = t
	return at, nil
}

// fetch copies the dataset of a running twin into memory. Gizmo walks step by
// step, which over SPARQL would be one request a step, each of another
// version, and blank nodes cannot be named in a query at all; one export is
// one version with everything in it.
func (c *cli) fetch(ctx context.Context) (*source, error) {
	params := url.Values{}
	if c.Branch != "" {
		params.Set("branch", c.Branch)
	}
	if c.AsOf != "" {
		params.Set("asOf", c.AsOf)
	}
	address := strings.TrimRight(c.URL, "/") + "/data?" + params.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, usageError("--url %s: %w", c.URL, err)
	}
	req.Header.Set("Accept", rdf.NQuads.MediaType())
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerWait
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w: is nettwin running there?", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		err := fmt.Errorf("fetch %s: %s: %s", c.URL, resp.Status, strings.TrimSpace(string(text)))
		if resp.StatusCode == http.StatusNotFound {
			return nil, &exitError{exitNotFound, err}
		}
		return nil, err
	}
	store := mem.New(mem.Options{})
	if err := c.fill(ctx, store, resp.Body); err != nil {
		return nil, errors.Join(fmt.Errorf("fetch %s: %w", c.URL, err), store.Close())
	}
	return newSource(store, graph.At{})
}

// fill commits the quads of an N-Quads document.
func (c *cli) fill(ctx context.Context, store graph.Store, in io.Reader) error {
	r := rdf.NewReader(in, rdf.NQuads, rdf.ReaderOptions{})
	b := &graph.Batch{}
	for n := 1; ; n++ {
		q, err := r.Read()
		if err != nil && err != io.EOF {
			return err
		}
		end := err == io.EOF
		if !end && n > c.MaxQuads {
			return fmt.Errorf("it has more than %d quads: stop the twin and use --data, or raise --max-quads", c.MaxQuads)
		}
		if !end {
			b.Adds = append(b.Adds, q)
		}
		if len(b.Adds) == fetchBatch || end {
			if _, err := store.Commit(ctx, b); err != nil {
				return err
			}
			b.Adds = b.Adds[:0]
		}
		if end {
			return nil
		}
	}
}
