package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nettwin/graph/rdf"
	"nettwin/ingest"
)

// byDirectory is who decides in a data directory on which no twin runs:
// whoever may write there.
const byDirectory = "data directory"

type mergeCmd struct {
	place
	Reason string `help:"Why the two are one." placeholder:"TEXT"`
	List   bool   `help:"List all merges, the newest first, instead."`
	Keep   string `arg:"" optional:"" help:"Device to keep: that which was seen first."`
	Other  string `arg:"" optional:"" help:"Device that is the same."`
}

// Help says how devices are named and what becomes of the other.
func (mergeCmd) Help() string {
	return `A device is named by its IRI, by what of it follows id/device/, by one of its keys
such as serial:9/FOC1234, or by its name. What is read of the other describes the
device that is kept from then on; its IRI stays as an alias. "nettwin unmerge ID"
takes a merge back.`
}

// Run merges two devices or lists merges.
func (c *mergeCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.List {
		if c.Keep != "" {
			return usageError("--list takes no devices")
		}
		return c.list(ctx, env)
	}
	if c.Reason == "" && c.Keep != "" && c.Other != "" {
		return usageError("say why the two are one: --reason TEXT")
	}
	if err := ingest.CheckMerge(c.Keep, c.Other, c.Reason); err != nil {
		return usageError("%v: nettwin merge KEEP OTHER --reason TEXT", err)
	}
	var done ingest.Merge
	var err error
	if c.URL != "" {
		done, err = c.post(ctx)
	} else {
		done, err = c.here(ctx, env)
	}
	if err != nil {
		return err
	}
	return printMerges(env, done, []ingest.Merge{done})
}

// post has a server merge.
func (c *mergeCmd) post(ctx context.Context) (done ingest.Merge, err error) {
	body, err := json.Marshal(map[string]string{"keep": c.Keep, "merge": c.Other, "reason": c.Reason})
	if err != nil {
		return done, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint("/api/v1/merges", nil), bytes.NewReader(body))
	if err != nil {
		return done, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.request(req)
	if err != nil {
		return done, err
	}
	defer resp.Body.Close()
	return done, json.NewDecoder(resp.Body).Decode(&done)
}

// here merges in a data directory and runs the rules.
func (c *mergeCmd) here(ctx context.Context, env *environment) (done ingest.Merge, err error) {
	err = c.within(ctx, env, func(p *ingest.Pipeline) error {
		keep, err := p.FindDevice(ctx, c.Keep)
		if err != nil {
			return err
		}
		other, err := p.FindDevice(ctx, c.Other)
		if err != nil {
			return err
		}
		done, err = p.Merge(ctx, keep, other, ingest.Decision{By: byDirectory, Reason: strings.TrimSpace(c.Reason)})
		return err
	})
	return done, err
}

func (c *mergeCmd) list(ctx context.Context, env *environment) error {
	var answer struct {
		Merges []ingest.Merge `json:"merges"`
	}
	var err error
	if c.URL != "" {
		err = c.ask(ctx, http.MethodGet, "/api/v1/merges", nil, &answer)
	} else {
		err = c.read(ctx, env, func(p *ingest.Pipeline) error {
			answer.Merges, err = p.Merges(ctx)
			return err
		})
	}
	if err != nil {
		return err
	}
	return printMerges(env, answer.Merges, answer.Merges)
}

type unmergeCmd struct {
	place
	Reason string `help:"Why the two are not one." placeholder:"TEXT"`
	ID     string `arg:"" help:"Merge to undo, as nettwin merge --list tells it."`
}

// Run undoes a merge.
func (c *unmergeCmd) Run(ctx context.Context, env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	var undone ingest.Merge
	var err error
	if c.URL != "" {
		params := url.Values{}
		setIf(params, "reason", c.Reason)
		err = c.ask(ctx, http.MethodDelete, "/api/v1/merges/"+url.PathEscape(c.ID), params, &undone)
	} else {
		err = c.within(ctx, env, func(p *ingest.Pipeline) error {
			m, err := p.MergeByID(ctx, c.ID)
			if err != nil {
				return err
			}
			if m.Undone != nil {
				return fmt.Errorf("merge %s was undone already", m.ID)
			}
			undone, err = p.Unmerge(ctx, rdf.IRI(m.Alias), ingest.Decision{By: byDirectory, Reason: strings.TrimSpace(c.Reason)})
			return err
		})
	}
	if err != nil {
		return err
	}
	return printMerges(env, undone, []ingest.Merge{undone})
}

// within changes a data directory and runs the rules on what follows.
func (p *place) within(ctx context.Context, env *environment, change func(*ingest.Pipeline) error) error {
	return p.opened(ctx, env, func(t *twin) error {
		if err := change(t.pipeline); err != nil {
			return err
		}
		return t.rules.Apply(ctx, nil)
	})
}

// read looks at a data directory.
func (p *place) read(ctx context.Context, env *environment, look func(*ingest.Pipeline) error) error {
	return p.opened(ctx, env, func(t *twin) error { return look(t.pipeline) })
}

// opened opens the twin of a data directory that is there.
func (p *place) opened(ctx context.Context, env *environment, use func(*twin) error) (err error) {
	if !storeExists(p.Data) {
		return &exitError{exitNotFound, fmt.Errorf("no store in %s: create one with nettwin load or nettwin serve", p.Data)}
	}
	t, err := openTwin(ctx, env, p.Data, p.Base)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := t.Close(); err == nil {
			err = cerr
		}
	}()
	err = use(t)
	if errors.Is(err, ingest.ErrNoDevice) || errors.Is(err, ingest.ErrNoMerge) {
		err = &exitError{exitNotFound, err}
	}
	return err
}

// printMerges writes a line a merge, or as JSON what programs get.
func printMerges(env *environment, forPrograms any, list []ingest.Merge) error {
	if env.json {
		return env.printJSON(forPrograms)
	}
	for _, m := range list {
		line := fmt.Sprintf("%s  %s is %s", m.ID, m.Alias, m.Keep) + decided(m.Time, m.Decision)
		if m.Undone != nil {
			line += "; undone" + decided(m.Undone.Time, m.Undone.Decision)
		}
		if _, err := fmt.Fprintln(env.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// decided tells who decided when and why.
func decided(at time.Time, by ingest.Decision) string {
	text := ", " + at.UTC().Format(time.DateTime)
	if by.By != "" {
		text += " by " + by.By
	}
	if by.Reason != "" {
		text += ": " + by.Reason
	}
	return text
}
