package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

// ErrNoIdentity: a device without a configured name told no identity key, so
// that there is no name for its source graph.
var ErrNoIdentity = errors.New("ingest: the device tells no identity key: give it a name in the configuration")

// configuredKind is the kind of the key that a device gets which told none.
const configuredKind = "configured"

// identity is which device a sample is about.
type identity struct {
	name   string   // configured, else the strongest key at first contact
	graph  rdf.Term // the source graph
	device rdf.Term
	bound  rdf.Term // what the graph described before; zero at first contact
	// sibling is what the graph of another collector describes under the same
	// configured name, looked for at first contact.
	sibling rdf.Term
	minted  bool
	keys    []Key
	// conflicts are keys that speak for another device than the one chosen.
	conflicts []conflict
}

type conflict struct {
	key   Key
	other rdf.Term
}

// resolver finds the device of a sample in one version of the graph.
//
// A device matches by a key that it has, unless a stronger fixed key
// contradicts: both have keys of that kind and none in common. Fixed keys
// outrank what the source graph described before, which outranks mutable
// keys: a device that is renamed or readdressed stays the same, and one that
// was replaced by another chassis does not.
type resolver struct {
	view
	base   string
	prov   rdf.Term
	sample *Sample
	keys   []Key
	keysOf map[rdf.Term][]string // of the devices looked at
}

func (r *resolver) resolve(ctx context.Context) (*identity, error) {
	id := &identity{name: r.sample.Device, keys: r.keys}
	if id.name != "" {
		if err := r.bind(ctx, id); err != nil {
			return nil, err
		}
	}
	if err := r.choose(ctx, id); err != nil {
		return nil, err
	}
	if id.name == "" {
		if err := r.nameGraph(ctx, id); err != nil {
			return nil, err
		}
	}
	if id.device.IsZero() {
		return id, r.mint(ctx, id)
	}
	return id, nil
}

// bind finds the graph of a name and what it describes.
func (r *resolver) bind(ctx context.Context, id *identity) error {
	id.graph = naming.SourceGraph(r.base, r.sample.Collector, id.name)
	devices, err := r.objects(ctx, id.graph, propDescribes, id.graph)
	if err != nil {
		return err
	}
	if len(devices) > 0 {
		id.bound = devices[0]
		return nil
	}
	return r.findSibling(ctx, id)
}

// findSibling looks for another source of the same configured name: a device
// that is read by two protocols is one device, even if one of them tells no
// key.
func (r *resolver) findSibling(ctx context.Context, id *identity) error {
	named, err := r.match(ctx, rdf.Term{}, propDeviceName, rdf.String(id.name), rdf.Term{})
	if err != nil {
		return err
	}
	slices.SortFunc(named, func(a, b rdf.Quad) int { return rdf.Compare(a.G, b.G) })
	for _, q := range named {
		if q.S != q.G || !id.sibling.IsZero() {
			continue
		}
		devices, err := r.objects(ctx, q.G, propDescribes, q.G)
		if err != nil {
			return err
		}
		if len(devices) > 0 {
			id.sibling = devices[0]
		}
	}
	return nil
}

// choose sets id.device to a known device, or leaves it zero.
func (r *resolver) choose(ctx context.Context, id *identity) error {
	boundOK := false
	if !id.bound.IsZero() {
		contradicted, err := r.contradicted(ctx, id.bound)
		if err != nil {
			return err
		}
		boundOK = !contradicted
	}
	for _, k := range r.keys {
		if boundOK && !k.Fixed && id.device.IsZero() {
			id.device = id.bound
		}
		if err := r.tryKey(ctx, id, k, boundOK); err != nil {
			return err
		}
	}
	if boundOK && id.device.IsZero() {
		id.device = id.bound
	}
	if id.device.IsZero() && !id.sibling.IsZero() {
		contradicted, err := r.contradicted(ctx, id.sibling)
		if err != nil {
			return err
		}
		if !contradicted {
			id.device = id.sibling
		}
	}
	// Left are keys that speak for another device than the one chosen. Name
	// and address go over to the device that took another one's place.
	id.conflicts = slices.DeleteFunc(id.conflicts, func(c conflict) bool {
		return c.other == id.device || c.other == id.bound && !boundOK && !c.key.Fixed
	})
	return nil
}

// tryKey takes the device that has the key, if there is one and no other was
// found by a stronger key. Who has the key and is not taken is a conflict.
func (r *resolver) tryKey(ctx context.Context, id *identity, k Key, boundOK bool) error {
	owners, err := r.subjects(ctx, propIdentityKey, rdf.String(k.String()), r.prov)
	if err != nil {
		return err
	}
	var fit []rdf.Term
	for _, owner := range owners {
		ok, err := r.fits(ctx, id, owner, k)
		if err != nil {
			return err
		}
		if ok {
			fit = append(fit, owner)
		}
		id.conflicts = append(id.conflicts, conflict{k, owner})
	}
	switch {
	case !id.device.IsZero():
	case boundOK && slices.Contains(fit, id.bound):
		id.device = id.bound
	case len(fit) == 1:
		id.device = fit[0]
	}
	return nil
}

// fits tells whether a device that has key k may be the sample's.
func (r *resolver) fits(ctx context.Context, id *identity, device rdf.Term, k Key) (bool, error) {
	if contradicted, err := r.contradicted(ctx, device); contradicted || err != nil {
		return false, err
	}
	if k.Fixed || id.name == "" || device == id.bound || device == id.sibling {
		return true, nil
	}
	// Two configured devices of one collector with the same name or address
	// are two devices until the hardware says otherwise.
	graphs, err := r.graphsOf(ctx, device)
	return len(graphs) == 0, err
}

// contradicted tells whether the strongest fixed kind that both have differs.
func (r *resolver) contradicted(ctx context.Context, device rdf.Term) (bool, error) {
	known, err := r.knownKeys(ctx, device)
	if err != nil {
		return false, err
	}
	for i, k := range r.keys {
		if !k.Fixed || i > 0 && r.keys[i-1].Kind == k.Kind {
			continue
		}
		sameKind := slices.DeleteFunc(slices.Clone(known), func(text string) bool { return kindOf(text) != k.Kind })
		if len(sameKind) == 0 {
			continue
		}
		return !slices.ContainsFunc(r.keys, func(o Key) bool { return slices.Contains(sameKind, o.String()) }), nil
	}
	return false, nil
}

func (r *resolver) knownKeys(ctx context.Context, device rdf.Term) ([]string, error) {
	if keys, ok := r.keysOf[device]; ok {
		return keys, nil
	}
	terms, err := r.objects(ctx, device, propIdentityKey, r.prov)
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(terms))
	for i, t := range terms {
		keys[i] = t.Value()
	}
	r.keysOf[device] = keys
	return keys, nil
}

// graphsOf returns the source graphs of this collector that describe a device.
func (r *resolver) graphsOf(ctx context.Context, device rdf.Term) ([]rdf.Term, error) {
	quads, err := r.match(ctx, rdf.Term{}, propDescribes, device, rdf.Term{})
	if err != nil {
		return nil, err
	}
	var graphs []rdf.Term
	for _, q := range quads {
		if q.S != q.G {
			continue
		}
		collectors, err := r.objects(ctx, q.G, propCollector, q.G)
		if err != nil {
			return nil, err
		}
		if slices.Contains(collectors, rdf.String(r.sample.Collector)) {
			graphs = append(graphs, q.G)
		}
	}
	slices.SortFunc(graphs, rdf.Compare)
	return graphs, nil
}

// nameGraph finds the source graph of a device without a configured name: the
// one that it had, else one named by its strongest key.
func (r *resolver) nameGraph(ctx context.Context, id *identity) error {
	if !id.device.IsZero() {
		graphs, err := r.graphsOf(ctx, id.device)
		if err != nil {
			return err
		}
		for _, g := range graphs {
			names, err := r.objects(ctx, g, propDeviceName, g)
			if err != nil {
				return err
			}
			if len(names) > 0 {
				id.graph, id.name, id.bound = g, names[0].Value(), id.device
				return nil
			}
		}
	}
	if len(r.keys) == 0 {
		return ErrNoIdentity
	}
	id.name = r.keys[0].String()
	id.graph = naming.SourceGraph(r.base, r.sample.Collector, id.name)
	return nil
}

// mint makes the IRI of a new device from its strongest key that no other
// device has.
func (r *resolver) mint(ctx context.Context, id *identity) error {
	id.minted = true
	configured := Key{Kind: configuredKind, Value: id.name}
	if len(id.keys) == 0 {
		id.keys = []Key{configured}
	}
	for _, k := range append(slices.Clone(r.keys), configured) {
		iri := naming.ThingIRI(r.base, "device", k.segments()...)
		free, err := r.free(ctx, iri)
		if err != nil {
			return err
		}
		owned := slices.ContainsFunc(id.conflicts, func(c conflict) bool { return c.key == k })
		if free && !owned {
			id.device = iri
			return nil
		}
	}
	for n := 2; n < maxMatches; n++ {
		iri := naming.ThingIRI(r.base, "device", configuredKind, id.name, strconv.Itoa(n))
		free, err := r.free(ctx, iri)
		if err != nil {
			return err
		}
		if free {
			id.device = iri
			return nil
		}
	}
	return fmt.Errorf("ingest: device %s: no free IRI", id.name)
}

func (r *resolver) free(ctx context.Context, iri rdf.Term) (bool, error) {
	quads, err := r.match(ctx, iri, rdf.Term{}, rdf.Term{}, r.prov)
	return len(quads) == 0, err
}
