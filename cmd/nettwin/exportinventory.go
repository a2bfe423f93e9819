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
	"nettwin/web/inventory"
)

// exportCmds are the forms of export; RDF is the one without a name.
type exportCmds struct {
	RDF       exportCmd          `cmd:"" name:"rdf" default:"withargs" help:"Write the dataset or one graph as RDF."`
	Inventory exportInventoryCmd `cmd:"" help:"Write what the twin holds of each device, as a JSON array."`
	Topology  exportTopologyCmd  `cmd:"" help:"Write the twin's topologies, or one that was taken in."`
	NetBox    exportNetBoxCmd    `cmd:"" name:"netbox" help:"Write what was taken in from a NetBox."`
}

type exportInventoryCmd struct {
	place
	Device []string `help:"Only this device, by name, key, address or IRI; may be given several times." placeholder:"NAME"`
	Branch string   `help:"Branch to read." placeholder:"NAME"`
	AsOf   string   `name:"as-of" help:"A past version: dateTime or commit number." placeholder:"TIME"`
	Output string   `short:"o" help:"File to write; standard output if not given." placeholder:"FILE"`
}

// Run writes the inventory documents as a JSON array, with or without --json.
func (c *exportInventoryCmd) Run(ctx context.Context, env *environment) (err error) {
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
	write := c.local
	if c.URL != "" {
		write = c.fetch
	}
	if err := write(ctx, env, buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// fetch asks a server: for all documents at once, or for each that is wanted.
func (c *exportInventoryCmd) fetch(ctx context.Context, _ *environment, out io.Writer) error {
	if len(c.Device) == 0 {
		return c.get(ctx, "/api/v1/inventory", out)
	}
	for i, name := range c.Device {
		if _, err := io.WriteString(out, []string{",\n", "[\n"}[btoi(i == 0)]); err != nil {
			return err
		}
		if err := c.get(ctx, "/api/v1/inventory/"+url.PathEscape(name), out); err != nil {
			return err
		}
	}
	_, err := io.WriteString(out, "]\n")
	return err
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c *exportInventoryCmd) get(ctx context.Context, path string, out io.Writer) error {
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
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		return fmt.Errorf("%s: the answer is %q and no JSON: does that server know inventory documents?", c.URL, kind)
	}
	_, err = io.Copy(out, resp.Body)
	return err
}

// local reads a data directory.
func (c *exportInventoryCmd) local(ctx context.Context, env *environment, out io.Writer) error {
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
	documents := inventory.New(knowledge, store.Info().Base)
	devices, err := c.wanted(ctx, documents, snapshot)
	if err != nil {
		return err
	}
	return documents.WriteAll(ctx, out, snapshot, devices)
}

// wanted returns the IRIs of the devices that the flags name, else of all.
func (c *exportInventoryCmd) wanted(ctx context.Context, documents *inventory.Documents, src graph.Source) ([]string, error) {
	if len(c.Device) == 0 {
		return documents.Devices(ctx, src)
	}
	var devices []string
	for _, name := range c.Device {
		iri, err := documents.Find(ctx, src, name)
		if errors.Is(err, inventory.ErrUnknown) {
			return nil, &exitError{exitNotFound, err}
		}
		if err != nil {
			return nil, err
		}
		devices = append(devices, iri)
	}
	return devices, nil
}
