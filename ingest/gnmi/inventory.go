package gnmi

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/openconfig/gnmi/proto/gnmi"

	"nettwin/ingest/schemas"
)

// capabilities is what a device can.
type capabilities struct {
	version   string
	models    []*gnmi.ModelData
	encodings []gnmi.Encoding
}

func (c *client) capabilities(ctx context.Context) (capabilities, error) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	if err := c.meter.Request(ctx); err != nil {
		return capabilities{}, err
	}
	r, err := c.stub.Capabilities(ctx, &gnmi.CapabilityRequest{})
	if err != nil {
		return capabilities{}, fmt.Errorf("capabilities: %w", c.because(ctx, err))
	}
	if len(r.GetSupportedModels()) > schemas.MaxModules {
		return capabilities{}, fmt.Errorf("%w: capabilities: %d models, at most %d", ErrTooLarge, len(r.GetSupportedModels()), schemas.MaxModules)
	}
	return capabilities{r.GetGNMIVersion(), r.GetSupportedModels(), r.GetSupportedEncodings()}, nil
}

// choose picks the encoding: the one asked for, else the one of the device that
// loses least.
func (c capabilities) choose(want Encoding) (gnmi.Encoding, error) {
	order := []gnmi.Encoding{gnmi.Encoding_JSON_IETF, gnmi.Encoding_JSON, gnmi.Encoding_PROTO}
	switch want {
	case JSONIETF:
		order = order[:1]
	case JSON:
		order = order[1:2]
	case Proto:
		order = order[2:]
	}
	for _, e := range order {
		for _, have := range c.encodings {
			if e == have {
				return e, nil
			}
		}
	}
	if len(c.encodings) == 0 { // it does not say: JSON must be there (gNMI specification §2.3)
		return order[0], nil
	}
	return 0, fmt.Errorf("%w: it has the encodings %v, none of which is %v", ErrUnsupported, c.encodings, order)
}

// revision is a version that is one of YANG; those of OpenConfig are not.
var revision = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)

// inventory makes the models an inventory of modules. Which features they have
// is not told.
func (c capabilities) inventory() (schemas.Inventory, error) {
	inv := schemas.Inventory{NoFeatures: true}
	var notes []string
	for _, m := range c.models {
		name := strings.TrimSpace(m.GetName())
		if prefix, local, ok := strings.Cut(name, ":"); ok && prefix != "" { // some write the organization before it
			name = local
		}
		if !isName(name) {
			continue
		}
		module := schemas.Module{Name: name, Implemented: true}
		if revision.MatchString(m.GetVersion()) {
			module.Revision = m.GetVersion()
		}
		inv.Modules = append(inv.Modules, module)
		inv.Texts = append(inv.Texts, schemas.Text{Name: module.Name, Revision: module.Revision})
		notes = append(notes, m.GetName()+" "+m.GetVersion())
	}
	return inv, inv.Settle(notes...)
}

// model returns the compiled schema of a device; one of whose modules no text
// is known is mapped without schema.
func (c *Collector) model(ctx context.Context, device string, caps capabilities) (*schemas.Model, error) {
	inv, err := caps.inventory()
	if err != nil && !errors.Is(err, schemas.ErrNoModules) {
		return nil, err
	}
	if err == nil {
		var m *schemas.Model
		if m, err = c.models.Get(ctx, device, inv, nil); err == nil {
			return m, nil
		}
	}
	if !errors.Is(err, schemas.ErrNoText) && !errors.Is(err, schemas.ErrNoModules) {
		return nil, err
	}
	return schemas.Unmapped("without schema: " + err.Error() + ": give its modules in the folder of YANG modules")
}
