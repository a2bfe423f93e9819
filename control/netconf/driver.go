package netconf

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nettwin/control"
	"nettwin/graph"
	"nettwin/graph/rdf"
	client "nettwin/internal/netconf"
	"nettwin/ontology/yang"
)

// Collector is the name of the collector whose source graphs the driver reads.
const Collector = "netconf"

// MediaType is that of payloads: the config element of an edit-config.
const MediaType = "application/xml"

// closeTimeout bounds the polite end of a session.
const closeTimeout = 2 * time.Second

// Options of a Driver; both are required.
type Options struct {
	// Dial opens a session with a device, by the name of its source graph.
	Dial func(ctx context.Context, device string) (*client.Session, error)
	// Schema returns what the device's modules compile to.
	Schema func(ctx context.Context, device string) (*yang.Schema, error)
}

// Driver is a control.Driver. It is safe for concurrent use.
type Driver struct{ opt Options }

// New returns a driver.
func New(opt Options) (*Driver, error) {
	if opt.Dial == nil || opt.Schema == nil {
		return nil, errors.New("control/netconf: Dial and Schema are required")
	}
	return &Driver{opt: opt}, nil
}

// Name is that of the collector.
func (*Driver) Name() string { return Collector }

// Payload computes the edit, see control.Driver.
func (d *Driver) Payload(ctx context.Context, device control.Device, base, branch graph.Source) (control.Payload, error) {
	schema, err := d.opt.Schema(ctx, device.Name)
	if err != nil {
		return control.Payload{}, fmt.Errorf("schema of %s: %w", device.Name, err)
	}
	was, err := read(ctx, schema, device.Graph, base)
	if err != nil {
		return control.Payload{}, err
	}
	is, err := read(ctx, schema, device.Graph, branch)
	if err != nil {
		return control.Payload{}, err
	}
	p := control.Payload{Type: MediaType, Changes: was.changes(is)}
	if len(p.Changes) == 0 {
		return p, nil
	}
	from, to := was.tree(schema), is.tree(schema)
	if err := newProblems(from, to); err != nil {
		return control.Payload{}, err
	}
	edit, err := schema.Diff(from, to)
	if err != nil {
		return control.Payload{}, fmt.Errorf("%w: %w", control.ErrPayload, err)
	}
	if edit.Empty() {
		return control.Payload{}, fmt.Errorf("%w: the schema has no place for %s", control.ErrPayload, p.Changes[0].Quad)
	}
	p.Body = edit.String()
	return p, nil
}

// newProblems refuses a configuration that breaks the schema where the one
// before did not: what a source tells is not always a whole configuration.
func newProblems(from, to *yang.Tree) error {
	known := map[string]bool{}
	for _, p := range append(from.Problems, from.Validate(yang.ValidateOptions{Config: true})...) {
		known[p.String()] = true
	}
	var list []error
	for _, p := range append(to.Problems, to.Validate(yang.ValidateOptions{Config: true})...) {
		if !known[p.String()] {
			list = append(list, fmt.Errorf("%w: %s", control.ErrPayload, p))
		}
	}
	return errors.Join(list...)
}

// Open opens a session, see control.Driver.
func (d *Driver) Open(ctx context.Context, device control.Device) (control.Session, error) {
	schema, err := d.opt.Schema(ctx, device.Name)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", device.Name, err)
	}
	s, err := d.opt.Dial(ctx, device.Name)
	if err != nil {
		return nil, err
	}
	return &session{Session: s, schema: schema, graph: device.Graph, locked: map[client.Datastore]bool{}}, nil
}

// thingBase is what the IRIs of a source graph's things begin with.
func thingBase(g rdf.Term) string { return g.Value() + "/" }
