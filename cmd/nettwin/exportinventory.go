package main

import (
	"context"
	"errors"
	"io"
	"net/url"

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
	exportFlags
	Device []string `help:"Only this device, by name, key, address or IRI; may be given several times." placeholder:"NAME"`
}

// Run writes the inventory documents as a JSON array, with or without --json.
func (c *exportInventoryCmd) Run(ctx context.Context, env *environment) error {
	return c.give(env, func(out io.Writer) error {
		if c.URL != "" {
			return c.ask(ctx, out)
		}
		return c.version(env, func(v exported) error { return c.local(ctx, out, v) })
	})
}

// ask asks a server: for all documents at once, or for each that is wanted.
func (c *exportInventoryCmd) ask(ctx context.Context, out io.Writer) error {
	if len(c.Device) == 0 {
		return c.fetch(ctx, "/api/v1/inventory", out)
	}
	before := "[\n"
	for _, name := range c.Device {
		if _, err := io.WriteString(out, before); err != nil {
			return err
		}
		before = ",\n"
		if err := c.fetch(ctx, "/api/v1/inventory/"+url.PathEscape(name), out); err != nil {
			return err
		}
	}
	_, err := io.WriteString(out, "]\n")
	return err
}

// local reads a data directory.
func (c *exportInventoryCmd) local(ctx context.Context, out io.Writer, v exported) error {
	documents := inventory.New(v.knowledge, v.store.Info().Base)
	devices, err := c.wanted(ctx, documents, v.snapshot)
	if err != nil {
		return err
	}
	return documents.WriteAll(ctx, out, v.snapshot, devices)
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
