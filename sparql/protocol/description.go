package protocol

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// Vocabularies of descriptions.
const (
	sdNS      = "http://www.w3.org/ns/sparql-service-description#"
	voidNS    = "http://rdfs.org/ns/void#"
	formatsNS = "http://www.w3.org/ns/formats/"
	shNS      = "http://www.w3.org/ns/shacl#"
	dctermsNS = "http://purl.org/dc/terms/"
	sparqlNS  = "http://www.w3.org/ns/sparql#"
)

// formatNames are the names that the W3C gives to formats.
var formatNames = map[string]string{
	"application/sparql-results+json": "SPARQL_Results_JSON", "application/sparql-results+xml": "SPARQL_Results_XML",
	"text/csv": "SPARQL_Results_CSV", "text/tab-separated-values": "SPARQL_Results_TSV", "text/turtle": "Turtle",
	"application/n-triples": "N-Triples", "application/rdf+xml": "RDF_XML", "application/ld+json": "JSON-LD",
	"application/trig": "TriG", "application/n-quads": "N-Quads",
}

// description collects triples about one thing after another.
type description struct {
	quads []rdf.Quad
	nodes int
}

func (d *description) add(s rdf.Term, p string, o rdf.Term) {
	d.quads = append(d.quads, rdf.Quad{S: s, P: rdf.IRI(p), O: o})
}

func (d *description) node(class string) rdf.Term {
	d.nodes++
	n := rdf.BNode(fmt.Sprint("n", d.nodes))
	d.add(n, rdf.RDFType, rdf.IRI(class))
	return n
}

func count(n uint64) rdf.Term { return rdf.Literal(strconv.FormatUint(n, 10), rdf.XSDInteger) }

// origin is scheme and host by which the request came.
func origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// Describe answers with the description of the service (SPARQL 1.1 and 1.2
// Service Description): languages, their versions, formats, features and the graphs of the dataset.
func (h *Handler) Describe(w http.ResponseWriter, r *http.Request) {
	h.writeDescription(w, r, "service", func(_ context.Context, src graph.Source) ([]rdf.Quad, error) {
		d := &description{}
		s := d.node(sdNS + "Service")
		d.add(s, sdNS+"endpoint", rdf.IRI(origin(r)+r.URL.EscapedPath()))
		for _, language := range []string{"SPARQL11Query", "SPARQL11Update", "SPARQLQuery", "SPARQLUpdate"} {
			d.add(s, sdNS+"supportedLanguage", rdf.IRI(sdNS+language))
		}
		for _, version := range []string{"1.2", "1.2-basic", "1.1", "1.0"} {
			d.add(s, sdNS+"supportedVersion", rdf.IRI(sparqlNS+"version-"+version))
		}
		if h.opt.Service != nil {
			d.add(s, sdNS+"feature", rdf.IRI(sdNS+"BasicFederatedQuery"))
		}
		seen := map[string]bool{}
		for _, kind := range []results.Kind{results.Bindings, results.Graph} {
			for _, f := range results.Formats(kind) {
				if name := formatNames[f.MediaType()]; !seen[name] {
					seen[name] = true
					d.add(s, sdNS+"resultFormat", rdf.IRI(formatsNS+name))
				}
			}
		}
		for _, f := range rdf.Formats() {
			d.add(s, sdNS+"inputFormat", rdf.IRI(formatsNS+formatNames[f.MediaType()]))
		}
		dataset := d.node(sdNS + "Dataset")
		d.add(s, sdNS+"defaultDataset", dataset)
		err := h.describeGraphs(d, dataset, src)
		return d.quads, err
	})
}

// maxListed bounds the graphs, properties and classes that a description
// lists.
const maxListed = 2000

func (h *Handler) describeGraphs(d *description, dataset rdf.Term, src graph.Source) error {
	n, err := src.Count(graph.Pattern{graph.G: graph.DefaultGraph})
	if err != nil {
		return err
	}
	g := d.node(sdNS + "Graph")
	d.add(dataset, sdNS+"defaultGraph", g)
	d.add(g, voidNS+"triples", count(n))
	return h.eachValue(src, graph.Pattern{}, graph.GPSO, func(id graph.TermID, name rdf.Term) error {
		if id == graph.DefaultGraph || !name.IsIRI() {
			return nil
		}
		n, err := src.Count(graph.Pattern{graph.G: id})
		if err != nil {
			return err
		}
		named, g := d.node(sdNS+"NamedGraph"), d.node(sdNS+"Graph")
		d.add(dataset, sdNS+"namedGraph", named)
		d.add(named, sdNS+"name", name)
		d.add(named, sdNS+"graph", g)
		d.add(g, voidNS+"triples", count(n))
		return nil
	})
}

// eachValue visits the different values of the position that an order has
// after the fixed ones of p, seeking from one to the next; maxListed of them.
func (h *Handler) eachValue(src graph.Source, p graph.Pattern, order graph.Order, visit func(graph.TermID, rdf.Term) error) (err error) {
	pos := order.Positions()[order.PrefixLen(p)]
	cursor, err := src.Scan(p, order)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := cursor.Close(); err == nil {
			err = cerr
		}
	}()
	last := graph.None
	for listed := 0; listed < maxListed; {
		c, err := cursor.Next(context.Background()) // bounded by maxListed
		if err != nil || c == nil {
			return err
		}
		for _, id := range c.Cols[pos] {
			if id == last || listed == maxListed {
				continue
			}
			last = id
			listed++
			term, err := graph.TermOf(src, id)
			if err != nil {
				return err
			}
			if err := visit(id, term); err != nil {
				return err
			}
		}
		if err := cursor.Seek(last + 1); err != nil {
			return err
		}
	}
	return nil
}

// VoID answers with a description of the data (Describing Linked Datasets with
// the VoID Vocabulary, W3C Note 2011): numbers of triples, of each property
// and of each class.
func (h *Handler) VoID(w http.ResponseWriter, r *http.Request) {
	h.writeDescription(w, r, "void", func(_ context.Context, src graph.Source) ([]rdf.Quad, error) {
		d := &description{}
		set := rdf.IRI(origin(r) + "/.well-known/void#dataset")
		d.add(set, rdf.RDFType, rdf.IRI(voidNS+"Dataset"))
		d.add(set, voidNS+"sparqlEndpoint", rdf.IRI(origin(r)+"/sparql"))
		d.add(set, voidNS+"dataDump", rdf.IRI(origin(r)+DataPath))
		d.add(set, voidNS+"uriSpace", rdf.String(h.opt.Base))
		for _, f := range graphFormats(true) {
			d.add(set, voidNS+"feature", rdf.IRI(formatsNS+formatNames[f.MediaType()]))
		}
		for _, name := range slices.Sorted(maps.Keys(h.opt.Prefixes)) {
			d.add(set, voidNS+"vocabulary", rdf.IRI(h.opt.Prefixes[name]))
		}
		err := h.statistics(d, set, src)
		return d.quads, err
	})
}

func (h *Handler) statistics(d *description, set rdf.Term, src graph.Source) error {
	total, err := src.Count(graph.Pattern{})
	if err != nil {
		return err
	}
	d.add(set, voidNS+"triples", count(total))
	properties, classes := uint64(0), uint64(0)
	err = h.eachValue(src, graph.Pattern{}, graph.PSOG, func(id graph.TermID, p rdf.Term) error {
		n, err := src.Count(graph.Pattern{graph.P: id})
		if err != nil {
			return err
		}
		properties++
		part := d.node(voidNS + "Dataset")
		d.add(set, voidNS+"propertyPartition", part)
		d.add(part, voidNS+"property", p)
		d.add(part, voidNS+"triples", count(n))
		return nil
	})
	if err != nil {
		return err
	}
	d.add(set, voidNS+"properties", count(properties))
	isA, err := graph.ID(src, rdf.IRI(rdf.RDFType))
	if err != nil || isA == graph.None {
		return err
	}
	err = h.eachValue(src, graph.Pattern{graph.P: isA}, graph.POSG, func(id graph.TermID, class rdf.Term) error {
		if !class.IsIRI() {
			return nil
		}
		n, err := src.Count(graph.Pattern{graph.P: isA, graph.O: id})
		if err != nil {
			return err
		}
		classes++
		part := d.node(voidNS + "Dataset")
		d.add(set, voidNS+"classPartition", part)
		d.add(part, voidNS+"class", class)
		d.add(part, voidNS+"entities", count(n))
		return nil
	})
	d.add(set, voidNS+"classes", count(classes))
	return err
}

// PrefixList answers with the prefixes that queries and answers use: as a JSON
// object, or in RDF as SHACL declares them.
func (h *Handler) PrefixList(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	if f, ok := NegotiateThing(r.Header.Get("Accept"), r.URL.Query().Get("format")); ok && !strings.Contains(r.Header.Get("Accept"), "application/json") && r.Header.Get("Accept") != "" && r.Header.Get("Accept") != "*/*" {
		d := &description{}
		ontology := rdf.IRI(origin(r) + r.URL.EscapedPath())
		for _, p := range h.Prefixes() {
			n := d.node(shNS + "PrefixDeclaration")
			d.add(ontology, shNS+"declare", n)
			d.add(n, shNS+"prefix", rdf.String(p.Prefix))
			d.add(n, shNS+"namespace", rdf.Literal(p.IRI, rdf.XSD+"anyURI"))
		}
		w.Header().Set("Content-Type", f.MediaType()+charset(f))
		_ = rdf.WriteAll(w, f, rdf.WriterOptions{Prefixes: h.Prefixes()}, d.quads) // an error means that the client went away
		return
	}
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	prefixes := h.opt.Prefixes
	if prefixes == nil {
		prefixes = map[string]string{}
	}
	_ = enc.Encode(prefixes) // an error means that the client went away
}

// descriptionPrefixes are those of descriptions.
var descriptionPrefixes = []rdf.PrefixDecl{
	{Prefix: "sd", IRI: sdNS}, {Prefix: "void", IRI: voidNS}, {Prefix: "formats", IRI: formatsNS}, {Prefix: "dcterms", IRI: dctermsNS},
}

// writeDescription answers with what describe finds in the version that is
// asked for, kept for that version.
func (h *Handler) writeDescription(w http.ResponseWriter, r *http.Request, kind string, describe func(context.Context, graph.Source) ([]rdf.Quad, error)) {
	query := r.URL.Query()
	format, ok := negotiateGraph(r.Header.Get("Accept"), query.Get("format"), false)
	if !ok {
		format = rdf.Turtle // a browser that asks for a page gets what it can show
	}
	snapshot, view, ok := h.open(w, r, query.Get)
	if !ok {
		return
	}
	defer snapshot.Close()
	w.Header().Set("Content-Type", format.MediaType()+charset(format))
	w.Header().Add("Vary", "Accept")
	tag := h.tag(h.versionKey(r, snapshot, view, request{params: query, text: kind + " " + origin(r) + r.URL.EscapedPath()}), format.String())
	setTag(w, tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body, known := h.results.get(tag)
	if !known {
		quads, err := describe(r.Context(), snapshot)
		if err != nil {
			w.Header().Del("ETag")
			Fail(w, StatusOf(err), err)
			return
		}
		var b strings.Builder
		if err := rdf.WriteAll(&b, format, rdf.WriterOptions{Prefixes: descriptionPrefixes}, quads); err != nil {
			w.Header().Del("ETag")
			Fail(w, http.StatusInternalServerError, err)
			return
		}
		body = answerBody{bytes: []byte(b.String())}
		h.results.put(tag, body, int64(len(body.bytes)))
	}
	out, end := newCompressed(w, r)
	if _, err := out.Write(body.bytes); err == nil {
		_ = end(true) // an error means that the client went away
	}
}
