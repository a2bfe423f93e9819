package web

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/protocol"
)

// maxDescription bounds the statements shown of one thing.
const maxDescription = 5000

//go:embed thing.html
var pages embed.FS

var thingPage = template.Must(template.ParseFS(pages, "thing.html"))

// thing dereferences an IRI below <base>id/: what the default graph, then the
// other graphs, say with it as subject or object; for browsers as a page,
// else in an RDF format.
func (s *Server) thing(w http.ResponseWriter, r *http.Request) {
	iri := s.opt.Base + strings.TrimPrefix(r.URL.EscapedPath(), "/")
	snapshot, ok := s.opt.Protocol.Snapshot(w, r, r.URL.Query().Get)
	if !ok {
		return
	}
	defer snapshot.Close()
	quads, truncated, err := describe(r.Context(), snapshot, rdf.IRI(iri))
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	if len(quads) == 0 {
		s.fail(w, http.StatusNotFound, fmt.Errorf("nothing is known of <%s>", iri))
		return
	}
	w.Header().Set("Vary", "Accept, Origin")
	if truncated {
		w.Header().Set("Nettwin-Truncated", fmt.Sprintf("more than %d statements", maxDescription))
	}
	if format, ok := protocol.NegotiateThing(r.Header.Get("Accept"), r.URL.Query().Get("format")); ok {
		s.writeThing(w, quads, format)
		return
	}
	s.thingHTML(w, iri, quads, truncated)
}

func (s *Server) writeThing(w http.ResponseWriter, quads []rdf.Quad, format rdf.Format) {
	if !format.Graphs() {
		for i := range quads {
			quads[i].G = rdf.Term{}
		}
	}
	w.Header().Set("Content-Type", format.MediaType())
	if err := rdf.WriteAll(w, format, rdf.WriterOptions{Prefixes: s.opt.Protocol.Prefixes()}, quads); err != nil {
		s.opt.Log.Debug("answer not delivered", "err", err)
	}
}

// describe returns the statements about a thing, the default graph first.
func describe(ctx context.Context, src graph.Source, thing rdf.Term) (quads []rdf.Quad, truncated bool, err error) {
	id, err := graph.ID(src, thing)
	if err != nil || id == graph.None {
		return nil, false, err
	}
	for _, p := range []graph.Pattern{{graph.S: id}, {graph.O: id}} {
		for q, err := range graph.ExportQuads(ctx, src, p) {
			if err != nil {
				return nil, false, err
			}
			if truncated = len(quads) == maxDescription; truncated {
				break
			}
			quads = append(quads, q)
		}
	}
	slices.SortStableFunc(quads, func(a, b rdf.Quad) int { return rdf.Compare(a.G, b.G) })
	return quads, truncated, nil
}

// thingView is what the page shows.
type thingView struct {
	IRI       string
	Truncated bool
	Groups    []thingGroup
}

type thingGroup struct {
	Title string
	Rows  []thingRow
}

type thingRow struct {
	Property, PropertyIRI string
	Value, Link           string
	Explain               string
}

func (s *Server) thingHTML(w http.ResponseWriter, iri string, quads []rdf.Quad, truncated bool) {
	view := thingView{IRI: iri, Truncated: truncated}
	index := map[string]int{}
	for _, q := range quads {
		title := "Twin"
		if !q.G.IsZero() {
			title = strings.TrimPrefix(q.G.Value(), s.opt.Base)
		}
		row := thingRow{Property: short(q.P.Value()), PropertyIRI: q.P.Value(), Value: q.O.Value()}
		other := q.O
		if q.O.Value() == iri && q.S.Value() != iri {
			title, other = title+": referred to by", q.S
			row.Value = q.S.Value()
		}
		if other.IsIRI() {
			row.Link, row.Value = s.localPath(other.Value()), short(other.Value())
		}
		row.Explain = "/api/v1/explain?fact=" + url.QueryEscape(q.String())
		at, known := index[title]
		if !known {
			at = len(view.Groups)
			index[title] = at
			view.Groups = append(view.Groups, thingGroup{Title: title})
		}
		view.Groups[at].Rows = append(view.Groups[at].Rows, row)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := thingPage.Execute(w, view); err != nil {
		s.opt.Log.Debug("answer not delivered", "err", err)
	}
}

// localPath turns an IRI of this twin into a path on this server; others stay.
func (s *Server) localPath(iri string) string {
	if rest, ours := strings.CutPrefix(iri, s.opt.Base); ours {
		return "/" + rest
	}
	return iri
}

// short is the last part of an IRI, for people.
func short(iri string) string {
	trimmed := strings.TrimRight(iri, "/#")
	at := strings.LastIndexAny(trimmed, "/#")
	text := trimmed[at+1:]
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	return text
}

// ontology serves the vocabulary.
func (s *Server) ontology(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/turtle; charset=utf-8")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Write(s.opt.Ontology)
}
