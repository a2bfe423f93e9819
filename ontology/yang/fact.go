package yang

import (
	"strconv"

	"nettwin/graph/rdf"
)

// Fact is one statement about one thing of a source. Things are named by
// their data path below the source graph's IRI.
type Fact struct {
	Thing   string
	P       rdf.Term
	O       rdf.Term // the zero Term if Ref is set
	Ref     string   // another thing of the same source as object
	Counter bool     // a counter or uptime: kept apart
}

// Facts hands the facts of the tree to yield until it returns false, in
// document order; the package comment tells what becomes what. It may be
// called again.
func (t *Tree) Facts(yield func(Fact) bool) {
	w := &factWriter{t: t, yield: yield, refs: newRefs(t)}
	var pos positions
	modules := map[string]bool{}
	for _, e := range t.Top {
		if e.isLeaf() || e.Node != nil && (e.Node.Kind == AnyData || e.Node.Kind == AnyXML) {
			if !modules[e.Module] {
				modules[e.Module] = true
				w.emit(Fact{Thing: escape(e.Module), P: rdfType, O: rdf.IRI(Namespace + escape(e.Module))})
			}
			w.element(e, escape(e.Module), "", &pos)
			continue
		}
		w.element(e, "", "", &pos)
	}
}

// factWriter walks a tree.
type factWriter struct {
	t       *Tree
	yield   func(Fact) bool
	refs    *refs
	stopped bool
}

func (w *factWriter) emit(f Fact) {
	if !w.stopped && !w.yield(f) {
		w.stopped = true
	}
}

// positions numbers the siblings that have no key.
type positions map[childKey]int

func (p *positions) next(e *Element) int {
	if *p == nil {
		*p = positions{}
	}
	key := childKey{e.Module, e.Name}
	(*p)[key]++
	return (*p)[key]
}

// element writes what e says: owner is the thing that leafs belong to, path
// the data path of e's parent.
func (w *factWriter) element(e *Element, owner, path string, pos *positions) {
	if w.stopped {
		return
	}
	switch {
	case e.Node == nil:
		w.unknown(e, owner, path, pos)
	case e.Node.Kind == Leaf || e.Node.Kind == LeafList:
		w.leaf(e, owner, path, pos)
	case e.Node.Kind == AnyData || e.Node.Kind == AnyXML:
		w.emit(Fact{Thing: owner, P: e.Node.term, O: rdf.Literal(w.t.anyJSON(e), rdfJSON)})
	case e.Node.Kind == List:
		w.entry(e, owner, path, pos)
	case e.Parent == nil:
		if len(e.Children) > 0 || e.Node.Presence || e.Node.Kind != Container {
			thing := e.below(path, "")
			w.emit(Fact{Thing: thing, P: rdfType, O: e.Node.term})
			w.children(e, thing, thing)
		}
	default:
		if e.Node.Presence || e.Node.Kind != Container {
			w.emit(Fact{Thing: owner, P: e.Node.term, O: isTrue})
		}
		w.children(e, owner, e.below(path, ""))
	}
}

// below is the data path of e below that of its parent; suffix tells it from
// its siblings.
func (e *Element) below(path, suffix string) string {
	if e.Parent == nil {
		return e.qname("") + suffix
	}
	return path + "/" + e.qname(e.Parent.Module) + suffix
}

func (w *factWriter) children(e *Element, owner, path string) {
	var pos positions
	for _, c := range e.Children {
		w.element(c, owner, path, &pos)
	}
}

func (w *factWriter) leaf(e *Element, owner, path string, pos *positions) {
	for _, o := range terms(e.Node, e.Value) {
		w.emit(Fact{Thing: owner, P: e.Node.term, O: o, Counter: e.Node.counter})
	}
	if e.Node.Type.needsNode() {
		if target := w.refs.entry(e); target != nil {
			w.emit(Fact{Thing: owner, P: rdf.IRI(e.Node.iri + targetSuffix), Ref: target.Path()})
		}
	}
	if e.Node.Kind == LeafList && e.Node.OrderedByUser {
		thing := e.below(path, "="+escape(e.Value.Text))
		w.emit(Fact{Thing: thing, P: rdfType, O: e.Node.term})
		if owner != "" {
			w.emit(Fact{Thing: thing, P: Within, Ref: owner})
		}
		w.emit(Fact{Thing: thing, P: EntryPosition, O: rdf.Literal(strconv.Itoa(pos.next(e)), rdf.XSDInteger)})
	}
}

func (w *factWriter) entry(e *Element, owner, path string, pos *positions) {
	n := 0
	suffix, keyed := e.keySuffix()
	if !keyed || e.Node.OrderedByUser {
		n = pos.next(e)
	}
	if !keyed {
		suffix = "=" + strconv.Itoa(n)
	}
	thing := e.below(path, suffix)
	w.emit(Fact{Thing: thing, P: rdfType, O: e.Node.term})
	if owner != "" {
		w.emit(Fact{Thing: thing, P: Within, Ref: owner})
	}
	if e.Node.OrderedByUser {
		w.emit(Fact{Thing: thing, P: EntryPosition, O: rdf.Literal(strconv.Itoa(n), rdf.XSDInteger)})
	}
	w.children(e, thing, thing)
}

// unknown writes an element without schema: a string, or a thing of its own
// if it holds elements.
func (w *factWriter) unknown(e *Element, owner, path string, pos *positions) {
	iri := rdf.IRI(e.unknownIRI())
	if e.isLeaf() {
		w.emit(Fact{Thing: owner, P: iri, O: textTerm(e.Value.Text)})
		return
	}
	suffix := ""
	if len(e.keys) > 0 {
		suffix = "=" + joinKeys(e.keys)
	} else if n := pos.next(e); n > 1 {
		suffix = "=" + strconv.Itoa(n)
	}
	thing := e.below(path, suffix)
	w.emit(Fact{Thing: thing, P: rdfType, O: iri})
	if owner != "" {
		w.emit(Fact{Thing: thing, P: Within, Ref: owner})
	}
	w.children(e, thing, thing)
}

// unknownIRI is the IRI that the element would have in a schema, below
// …/yang/unknown/.
func (e *Element) unknownIRI() string {
	switch p := e.Parent; {
	case p == nil:
		return unknownSpace + escape(e.Module) + "/" + escape(e.Name)
	case p.Node == nil:
		return p.unknownIRI() + "/" + e.qname(p.Module)
	default:
		return unknownSpace + p.Node.iri[len(Namespace):] + "/" + e.qname(p.Module)
	}
}
