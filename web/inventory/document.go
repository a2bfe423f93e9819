package inventory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"nettwin/graph"
	"nettwin/ontology/mib"
	"nettwin/sparql"
	"nettwin/sparql/protocol"
	"nettwin/sparql/results"
)

// Limits of a document.
const (
	// sectionTimeout bounds the query of one section.
	sectionTimeout = 30 * time.Second
	// maxRows bounds the rows of one section: a bridge may know a hundred
	// thousand addresses.
	maxRows = 1_000_000
)

// The saved queries that find devices.
const (
	queryDevices = "inventory-devices"
	queryFind    = "inventory-find"
)

// ErrUnknown: nothing in the twin has that name.
var ErrUnknown = errors.New("inventory: no such device")

// AmbiguousError: several devices have that name.
type AmbiguousError struct {
	Name    string
	Devices []string // IRIs
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("inventory: %d devices are called %q: ask by IRI, such as %s", len(e.Devices), e.Name, e.Devices[0])
}

// Documents makes documents by the saved queries of a knowledge folder. It is
// safe for concurrent use.
type Documents struct {
	knowledge fs.FS
	base      string
	options   sparql.Options
	tables    func() (*mib.Tables, error)
}

// New returns documents of a twin. Queries are read when they are asked, so
// that a changed file counts at once; the tables of codes are read once.
func New(knowledge fs.FS, base string) *Documents {
	return &Documents{
		knowledge: knowledge, base: base,
		options: sparql.Options{Timeout: sectionTimeout, MaxRows: maxRows},
		tables:  sync.OnceValues(func() (*mib.Tables, error) { return mib.Load(knowledge, "map") }),
	}
}

// Devices returns the IRIs of all devices, in their order.
func (d *Documents) Devices(ctx context.Context, src graph.Source) ([]string, error) {
	return d.iris(ctx, src, queryDevices, nil)
}

// Find returns the IRI of the device that a name, key, address or IRI means.
// Errors: ErrUnknown, *AmbiguousError.
func (d *Documents) Find(ctx context.Context, src graph.Source, name string) (string, error) {
	list, err := d.iris(ctx, src, queryFind, map[string]string{"name": name})
	switch {
	case err != nil:
		return "", err
	case len(list) == 0:
		return "", fmt.Errorf("%w: %q", ErrUnknown, name)
	case len(list) > 1:
		return "", &AmbiguousError{name, list}
	}
	return list[0], nil
}

// Device returns the document of the device of an IRI.
func (d *Documents) Device(ctx context.Context, src graph.Source, iri string) (*Object, error) {
	saved, err := d.saved()
	if err != nil {
		return nil, err
	}
	sections, err := readSections(saved)
	if err != nil {
		return nil, err
	}
	if len(sections) == 0 {
		return nil, errors.New("inventory: the knowledge folder has no query with a section: queries/README.md tells what one is")
	}
	document := newObject()
	for _, s := range sections {
		if err := d.section(ctx, src, iri, &s, document); err != nil {
			return nil, err
		}
	}
	return document, nil
}

// section asks the query of a section and puts its answer into a document.
func (d *Documents) section(ctx context.Context, src graph.Source, iri string, s *section, document *Object) error {
	if len(s.codes) > 0 {
		tables, err := d.tables()
		if err != nil {
			return err
		}
		if err := s.number(tables); err != nil {
			return err
		}
	}
	a, err := d.ask(ctx, src, s.query, map[string]string{"device": iri})
	if err != nil {
		return err
	}
	if len(a.vars) == 0 || s.shape == shapeMap && len(a.vars) < 2 {
		return fmt.Errorf("inventory: saved query %s: %d columns are too few for shape %s", s.query, len(a.vars), s.shape)
	}
	value := s.json(a)
	if s.member != whole {
		if value != nil {
			document.put(s.member, value)
		}
		return nil
	}
	if o, ok := value.(*Object); ok {
		for _, name := range o.names {
			document.put(name, o.values[name])
		}
	}
	return nil
}

func (d *Documents) saved() (fs.FS, error) { return fs.Sub(d.knowledge, "queries") }

// ask runs a saved query.
func (d *Documents) ask(ctx context.Context, src graph.Source, name string, params map[string]string) (answer, error) {
	saved, err := d.saved()
	if err != nil {
		return answer{}, err
	}
	text, err := protocol.SavedText(saved, name, d.base, func(param string) string { return params[param] })
	if errors.Is(err, fs.ErrNotExist) {
		return answer{}, fmt.Errorf("inventory: the knowledge folder has no queries/%s.rq", name)
	}
	if err != nil {
		return answer{}, fmt.Errorf("inventory: saved query %s: %w", name, err)
	}
	query, err := sparql.Parse(text, d.base)
	if err != nil {
		return answer{}, fmt.Errorf("inventory: saved query %s: %w", name, err)
	}
	result, err := query.Run(ctx, src, d.options)
	if err != nil {
		return answer{}, fmt.Errorf("inventory: saved query %s: %w", name, err)
	}
	rows, err := results.Collect(ctx, result)
	if err != nil {
		return answer{}, fmt.Errorf("inventory: saved query %s: %w", name, err)
	}
	return answer{result.Vars, rows}, nil
}

// iris returns the first column of a saved query.
func (d *Documents) iris(ctx context.Context, src graph.Source, name string, params map[string]string) ([]string, error) {
	a, err := d.ask(ctx, src, name, params)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, row := range a.rows {
		if row[0].IsIRI() {
			list = append(list, row[0].Value())
		}
	}
	return list, nil
}
