package yang

import (
	"strings"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

const (
	rdfsSpace = "http://www.w3.org/2000/01/rdf-schema#"
	owlSpace  = "http://www.w3.org/2002/07/owl#"
	skosSpace = "http://www.w3.org/2004/02/skos/core#"
)

var (
	rdfProperty     = rdf.IRI(rdf.RDFNS + "Property")
	rdfsClass       = rdf.IRI(rdfsSpace + "Class")
	rdfsLabel       = rdf.IRI(rdfsSpace + "label")
	rdfsDomain      = rdf.IRI(rdfsSpace + "domain")
	rdfsRange       = rdf.IRI(rdfsSpace + "range")
	rdfsIsDefinedBy = rdf.IRI(rdfsSpace + "isDefinedBy")
	owlOntology     = rdf.IRI(owlSpace + "Ontology")
	owlVersionInfo  = rdf.IRI(owlSpace + "versionInfo")
	owlDeprecated   = rdf.IRI(owlSpace + "deprecated")
	skosConcept     = rdf.IRI(skosSpace + "Concept")
	skosBroader     = rdf.IRI(skosSpace + "broader")
	skosNotation    = rdf.IRI(skosSpace + "notation")
	skosInScheme    = rdf.IRI(skosSpace + "inScheme")

	// Units states the units of a leaf's values as the module writes them.
	Units = rdf.IRI(naming.Twin + "units")
	// Configurable tells whether a leaf is configuration.
	Configurable = rdf.IRI(naming.Twin + "configurable")
)

// Vocabulary hands the schema as RDF to yield, until it returns false: a class
// for each list and top-level container, a property for each leaf and
// presence container with its domain and range, units and whether it can be
// configured; what of keys, types, choices, operations and features RDFS has no
// word for, by schemaTerm; a SKOS concept for each identity. Descriptions are
// not copied.
func (s *Schema) Vocabulary(yield func(rdf.Triple) bool) {
	w := &vocabularyWriter{yield: yield}
	for _, m := range s.modules {
		if s.byName[m.Name] != m {
			continue
		}
		iri := rdf.IRI(Namespace + m.Name)
		w.say(iri, rdfType, owlOntology)
		w.say(iri, rdfsLabel, rdf.String(m.Name))
		if m.Revision != "" {
			w.say(iri, owlVersionInfo, rdf.String(m.Revision))
		}
		w.say(iri, schemaTerm("namespace"), rdf.String(m.Namespace))
		for _, f := range m.Features {
			w.say(iri, schemaTerm("feature"), rdf.String(f))
		}
	}
	for _, id := range s.identities {
		if s.byName[id.Module.Name] == id.Module {
			w.identity(id)
		}
	}
	for _, list := range [][]*Node{s.data, s.rpcs, s.notes, s.structures} {
		for _, n := range list {
			w.node(n, nil)
		}
	}
}

type vocabularyWriter struct {
	yield   func(rdf.Triple) bool
	stopped bool
}

func (w *vocabularyWriter) say(subject, predicate, object rdf.Term) {
	if !w.stopped && !w.yield(rdf.Triple{S: subject, P: predicate, O: object}) {
		w.stopped = true
	}
}

func (w *vocabularyWriter) identity(id *Identity) {
	iri := rdf.IRI(id.IRI())
	w.say(iri, rdfType, skosConcept)
	w.say(iri, skosNotation, rdf.String(id.Name))
	w.say(iri, skosInScheme, rdf.IRI(Namespace+id.Module.Name))
	for _, b := range id.Bases {
		w.say(iri, skosBroader, rdf.IRI(b.IRI()))
	}
	if id.Status != Current {
		w.say(iri, owlDeprecated, isTrue)
	}
}

// node states a class or property; owner is the class whose things have it.
func (w *vocabularyWriter) node(n, owner *Node) {
	if w.stopped {
		return
	}
	switch {
	case n.Kind == Leaf || n.Kind == LeafList || n.Kind == AnyData || n.Kind == AnyXML:
		w.property(n, owner)
	case n.Kind == List || n.Parent == nil || n.Kind == Action || n.Kind == Notification || n.Kind == Input || n.Kind == Output:
		w.name(n)
		w.say(n.term, rdfType, rdfsClass)
		w.class(n, owner)
		owner = n
	case n.Presence:
		w.property(n, owner)
	}
	for _, list := range [][]*Node{n.Children, n.Actions} {
		for _, c := range list {
			w.node(c, owner)
		}
	}
}

// class states what the schema says of a list, a container, an operation or a
// notification: where its things stand, and its keys in order.
func (w *vocabularyWriter) class(n, owner *Node) {
	if owner != nil {
		w.say(n.term, schemaTerm("within"), owner.term)
	}
	if len(n.Keys) > 0 {
		names := make([]string, len(n.Keys))
		for i, k := range n.Keys {
			names[i] = k.Name
			w.say(n.term, schemaTerm("key"), k.term)
		}
		w.say(n.term, schemaTerm("keys"), rdf.String(strings.Join(names, " ")))
	}
}

// schemaTerm is a word for what schemas say of their nodes and RDFS has none
// for: kind, namespace, feature, within, key, keys, type, enum, bit, base,
// member, leafref, mandatory, default, choice, case, conditional.
func schemaTerm(name string) rdf.Term {
	return rdf.IRI(strings.TrimSuffix(Namespace, "/") + "#" + name)
}

func (w *vocabularyWriter) name(n *Node) {
	w.say(n.term, schemaTerm("kind"), rdf.String(n.Kind.String()))
	if choice, kase := n.InCase(); choice != nil {
		w.say(n.term, schemaTerm("choice"), rdf.String(choice.Name))
		w.say(n.term, schemaTerm("case"), rdf.String(kase.Name))
	}
	if n.Conditional {
		w.say(n.term, schemaTerm("conditional"), isTrue)
	}
	if n.Mandatory {
		w.say(n.term, schemaTerm("mandatory"), isTrue)
	}
	for _, d := range n.Default {
		w.say(n.term, schemaTerm("default"), rdf.String(d))
	}
	w.say(n.term, rdfsLabel, rdf.String(strings.ReplaceAll(n.Name, "-", " ")))
	w.say(n.term, rdfsIsDefinedBy, rdf.IRI(Namespace+n.Module.Name))
	if n.Status != Current {
		w.say(n.term, owlDeprecated, isTrue)
	}
}

func (w *vocabularyWriter) property(n, owner *Node) {
	w.name(n)
	w.say(n.term, rdfType, rdfProperty)
	if owner != nil {
		w.say(n.term, rdfsDomain, owner.term)
	}
	if r := n.rangeIRI(); r != "" {
		w.say(n.term, rdfsRange, rdf.IRI(r))
	}
	if n.Units != "" {
		w.say(n.term, Units, rdf.String(n.Units))
	}
	configurable := "false"
	if n.Config {
		configurable = "true"
	}
	w.say(n.term, Configurable, rdf.Literal(configurable, rdf.XSDBoolean))
	if n.Type != nil {
		w.typ(n, n.Type, 0)
	}
}

// typ states the type of a leaf: its names, what may stand for it, and where it
// points.
func (w *vocabularyWriter) typ(n *Node, t *Type, depth int) {
	name := t.Base.String()
	if len(t.Typedefs) > 0 {
		name = t.Typedefs[0]
	}
	predicate := schemaTerm("type")
	if depth > 0 {
		predicate = schemaTerm("member")
	}
	w.say(n.term, predicate, rdf.String(name))
	for _, e := range t.Enums {
		w.say(n.term, schemaTerm("enum"), rdf.String(e.Name))
	}
	for _, b := range t.Bits {
		w.say(n.term, schemaTerm("bit"), rdf.String(b.Name))
	}
	for _, b := range t.Bases {
		w.say(n.term, schemaTerm("base"), rdf.IRI(b.IRI()))
	}
	if t.Target != nil {
		w.say(n.term, schemaTerm("leafref"), t.Target.term)
		link := rdf.IRI(n.iri + targetSuffix)
		w.say(link, rdfType, rdfProperty)
		if t.Target.isKey && t.Target.Parent != nil {
			w.say(link, rdfsRange, t.Target.Parent.term)
		}
	}
	if depth > maxTypeDepth {
		return
	}
	for _, m := range t.Members {
		w.typ(n, m, depth+1)
	}
}

// rangeIRI is the datatype or class of a property's values; "" if they have
// several.
func (n *Node) rangeIRI() string {
	if n.Type == nil {
		if n.Presence {
			return rdf.XSDBoolean
		}
		return rdfJSON
	}
	t := n.Type.final()
	if t.Base == Identityref {
		return skosConcept.Value()
	}
	return t.datatype()
}
