package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/reasoning/rules"
)

// maxFactBytes bounds the fact parameter.
const maxFactBytes = 64 << 10

// explain answers with the tree of a fact: the rules that made it, their
// premises, and below them device, time and items.
func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	fact, err := parseFact(r.URL.Query().Get("fact"))
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	snapshot, ok := s.opt.Protocol.Snapshot(w, r, r.URL.Query().Get)
	if !ok {
		return
	}
	defer snapshot.Close()
	explainer := rules.Explainer{
		Source:     snapshot,
		Derived:    naming.DerivedGraph(s.opt.Base).Value(),
		Provenance: naming.ProvenanceGraph(s.opt.Base).Value(),
		CommitOf:   s.commitOf,
	}
	tree, err := explainer.Explain(r.Context(), fact)
	if errors.Is(err, rules.ErrNoFact) {
		s.fail(w, http.StatusNotFound, err)
		return
	}
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	s.answer(w, tree)
}

// parseFact reads one statement in N-Quads; the final dot may be left out.
func parseFact(text string) (rdf.Quad, error) {
	if text == "" || len(text) > maxFactBytes {
		return rdf.Quad{}, fmt.Errorf("parameter fact must hold one statement in N-Quads, such as <s> <p> <o>, of at most %d bytes", maxFactBytes)
	}
	text = strings.TrimSpace(text)
	if !strings.HasSuffix(text, ".") {
		text += " ."
	}
	reader := rdf.NewReader(strings.NewReader(text+"\n"), rdf.NQuads, rdf.ReaderOptions{})
	q, err := reader.Read()
	if err != nil {
		return q, fmt.Errorf("parameter fact: %w", err)
	}
	if _, err := reader.Read(); !errors.Is(err, io.EOF) {
		return q, errors.New("parameter fact holds more than one statement")
	}
	return q, nil
}

// maxCommitsSearched bounds how far behind a sample its commit is looked for.
const maxCommitsSearched = 256

// commitOf finds the commit that brought an activity into the graph: one of
// the first after the sample's end.
func (s *Server) commitOf(ctx context.Context, activity rdf.Term, ended time.Time) (rules.CommitID, bool) {
	after := graph.CommitSeq(0)
	if before, err := s.opt.Store.Snapshot(graph.At{Time: ended}); err == nil {
		after = before.Commit().Seq
		before.Close()
	}
	head, err := s.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return rules.CommitID{}, false
	}
	defer head.Close()
	id, err := graph.ID(head, activity)
	if err != nil || id == graph.None {
		return rules.CommitID{}, false
	}
	feed, err := s.opt.Store.Feed(graph.Main, after)
	if err != nil {
		return rules.CommitID{}, false
	}
	defer feed.Close()
	for range maxCommitsSearched {
		if after >= head.Commit().Seq {
			break
		}
		next, err := feed.Next(ctx)
		if err != nil {
			break
		}
		after = next.Commit.Seq
		for _, change := range next.Changes {
			if change.Quad[graph.S] == id {
				return rules.CommitID{Seq: next.Commit.Seq, Time: next.Commit.Time}, true
			}
		}
	}
	return rules.CommitID{}, false
}
