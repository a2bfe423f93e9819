package document

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/naming"
	"nettwin/naming/items"
)

// maxTries bounds how often an import begins again because others wrote.
const maxTries = 10

// The terms of a document's source graph and of its activity.
var (
	classDocument = rdf.IRI(naming.Twin + "DocumentSource")
	classActivity = rdf.IRI(naming.Prov + "Activity")

	propFormat      = rdf.IRI(naming.Twin + "documentFormat")
	propDocument    = rdf.IRI(naming.Twin + "documentName")
	propSourceGraph = rdf.IRI(naming.Twin + "sourceGraph")
	propUsed        = rdf.IRI(naming.Prov + "used")
	propStarted     = rdf.IRI(naming.Prov + "startedAtTime")
)

// Importer takes documents into a graph. Items may be nil: then the bytes are
// not kept.
type Importer struct {
	Store graph.Store
	Items ingest.ItemStore
	Base  string
	Clock func() time.Time
}

// Report is what an import changed.
type Report struct {
	Graph   string `json:"sourceGraph"`
	Facts   int    `json:"facts"`
	Adds    int    `json:"adds"`
	Deletes int    `json:"deletes"`
	Item    string `json:"item,omitempty"`
}

// Import makes the source graph of a document say what the document says.
// name tells documents of one format apart. An unchanged document writes
// nothing.
func (im *Importer) Import(ctx context.Context, format *Format, name string, text []byte) (Report, error) {
	if name == "" {
		return Report{}, errors.New("document: a document needs a name")
	}
	facts, err := format.Facts(text)
	if err != nil {
		return Report{}, err
	}
	g := naming.SourceGraph(im.Base, format.Source, name)
	want := quads(g, format, name, facts)
	for range maxTries {
		report, err := im.try(ctx, g, want, text)
		if !errors.Is(err, graph.ErrConflict) {
			report.Facts = len(facts)
			return report, err
		}
	}
	return Report{}, fmt.Errorf("document: %s: %w: other writers came first %d times", name, graph.ErrConflict, maxTries)
}

// quads are the statements of a source graph.
func quads(g rdf.Term, format *Format, name string, facts []ingest.Fact) map[rdf.Quad]bool {
	want := map[rdf.Quad]bool{
		{S: g, P: termType, O: classDocument, G: g}:             true,
		{S: g, P: propFormat, O: rdf.String(format.Name), G: g}: true,
		{S: g, P: propDocument, O: rdf.String(name), G: g}:      true,
	}
	for _, f := range facts {
		q := rdf.Quad{S: rdf.IRI(g.Value() + "/" + f.Thing), P: f.P, O: f.O, G: g}
		if f.Ref != "" {
			q.O = rdf.IRI(g.Value() + "/" + f.Ref)
		}
		want[q] = true
	}
	return want
}

// try commits the difference to one version.
func (im *Importer) try(ctx context.Context, g rdf.Term, want map[rdf.Quad]bool, text []byte) (Report, error) {
	report := Report{Graph: g.Value()}
	snapshot, err := im.Store.Snapshot(graph.At{})
	if err != nil {
		return report, err
	}
	defer snapshot.Close()
	batch, err := difference(ctx, snapshot, g, want)
	if err != nil {
		return report, err
	}
	report.Adds, report.Deletes = len(batch.Adds), len(batch.Deletes)
	if report.Adds+report.Deletes == 0 {
		return report, nil
	}
	if err := im.provenance(ctx, g, batch, text, &report); err != nil {
		return report, err
	}
	head := snapshot.Commit().Seq
	batch.Expected = &head
	batch.Note = "import " + g.Value()
	_, err = im.Store.Commit(ctx, batch)
	return report, err
}

// difference is what makes the graph say what is wanted, in one order.
func difference(ctx context.Context, src graph.Source, g rdf.Term, want map[rdf.Quad]bool) (*graph.Batch, error) {
	batch := &graph.Batch{}
	have := map[rdf.Quad]bool{}
	id, err := graph.ID(src, g)
	if err != nil {
		return nil, err
	}
	if id != graph.None {
		for q, err := range graph.ExportQuads(ctx, src, graph.Pattern{graph.G: id}) {
			if err != nil {
				return nil, err
			}
			have[q] = true
			if !want[q] {
				batch.Deletes = append(batch.Deletes, q)
			}
		}
	}
	for q := range want {
		if !have[q] {
			batch.Adds = append(batch.Adds, q)
		}
	}
	slices.SortFunc(batch.Adds, compareQuads)
	slices.SortFunc(batch.Deletes, compareQuads)
	return batch, nil
}

func compareQuads(a, b rdf.Quad) int {
	for _, pair := range [...][2]rdf.Term{{a.S, b.S}, {a.P, b.P}, {a.O, b.O}} {
		if c := rdf.Compare(pair[0], pair[1]); c != 0 {
			return c
		}
	}
	return 0
}

// provenance keeps the document and says when it was taken in. The item is
// durable before the graph names it.
func (im *Importer) provenance(ctx context.Context, g rdf.Term, batch *graph.Batch, text []byte, report *Report) error {
	prov := naming.ProvenanceGraph(im.Base)
	now := im.Clock().UTC()
	activity := naming.ThingIRI(im.Base, "activity", "import", g.Value()[len(naming.SourcePrefix(im.Base)):], now.Format("20060102T150405.000000Z"))
	state := func(p, o rdf.Term) { batch.Adds = append(batch.Adds, rdf.Quad{S: activity, P: p, O: o, G: prov}) }
	state(termType, classActivity)
	state(propSourceGraph, g)
	state(propStarted, rdf.Literal(now.Format("2006-01-02T15:04:05.000Z"), rdf.XSDDateTime))
	if im.Items == nil {
		return nil
	}
	names, err := im.Items.Put(ctx, []items.Item{{Kind: items.KindRaw, Codec: naming.CodecRaw, Bytes: text}})
	if err != nil {
		return err
	}
	report.Item = names[0].String()
	state(propUsed, naming.ItemIRI(im.Base, names[0]))
	return nil
}
