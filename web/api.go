package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"nettwin/graph"
	"nettwin/ingest"
	"nettwin/reasoning/rules"
	"nettwin/sparql/protocol"
)

// Limits of lists.
const (
	defaultPage = 100
	maxPage     = 1000
	// maxFeedWait bounds how long a request on the feed waits for a commit.
	maxFeedWait = 55 * time.Second
	// maxFeedChanges bounds the changes of one commit that the feed shows.
	maxFeedChanges = 10_000
)

type infoAnswer struct {
	Version string          `json:"version"`
	Base    string          `json:"base"`
	Engine  string          `json:"engine"`
	Quads   uint64          `json:"quads"`
	Terms   uint64          `json:"terms"`
	Head    graph.CommitSeq `json:"head"`
	Created time.Time       `json:"created"`
	Bytes   int64           `json:"sizeBytes"`
}

func (s *Server) info(w http.ResponseWriter, _ *http.Request) {
	i := s.opt.Store.Info()
	s.answer(w, infoAnswer{s.opt.Version, i.Base, i.Engine, i.Quads, i.Terms, i.Head, i.Created, i.SizeBytes})
}

func (s *Server) ruleList(w http.ResponseWriter, _ *http.Request) {
	list := s.opt.Rules.Status()
	if list == nil {
		list = []rules.Status{}
	}
	s.answer(w, map[string]any{"rules": list})
}

func (s *Server) sources(w http.ResponseWriter, _ *http.Request) {
	list := []ingest.TargetStatus{}
	if s.opt.Sources != nil {
		list = append(list, s.opt.Sources()...)
	}
	s.answer(w, map[string]any{"sources": list})
}

// commitAnswer is a commit as the API shows it.
type commitAnswer struct {
	Seq     graph.CommitSeq `json:"seq"`
	Parent  graph.CommitSeq `json:"parent"`
	Branch  string          `json:"branch"`
	Time    time.Time       `json:"time"`
	Adds    uint64          `json:"adds"`
	Deletes uint64          `json:"deletes"`
	Note    string          `json:"note"`
	Changes []changeAnswer  `json:"changes,omitempty"`
	More    bool            `json:"changesTruncated,omitempty"`
}

type changeAnswer struct {
	Op   string `json:"op"` // "add" or "delete"
	Quad string `json:"quad"`
}

func newCommitAnswer(c graph.Commit) commitAnswer {
	return commitAnswer{Seq: c.Seq, Parent: c.Parent, Branch: c.Branch, Time: c.Time, Adds: c.Adds, Deletes: c.Deletes, Note: c.Note}
}

// commits lists commits of a branch after a sequence, oldest first.
func (s *Server) commits(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", defaultPage, maxPage)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	list, err := s.readFeed(r, limit, 0, false)
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	s.answer(w, map[string]any{"commits": list})
}

// feed lists commits with their changes; wait=seconds waits for the next one
// if there is none yet. A client goes on with after= the last seq that it saw.
func (s *Server) feed(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", defaultPage, maxPage)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	seconds, err := number(r, "wait", 0, int(maxFeedWait/time.Second))
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	list, err := s.readFeed(r, limit, time.Duration(seconds)*time.Second, true)
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	s.answer(w, map[string]any{"commits": list})
}

var errAfter = errors.New("after must be a commit number")

func (s *Server) readFeed(r *http.Request, limit int, wait time.Duration, changes bool) ([]commitAnswer, error) {
	branch := r.URL.Query().Get("branch")
	if branch == "" {
		branch = graph.Main
	}
	after, err := number(r, "after", 0, 0)
	if err != nil {
		return nil, errAfter
	}
	head, err := s.opt.Store.Snapshot(graph.At{Branch: branch})
	if err != nil {
		return nil, err
	}
	defer head.Close()
	feed, err := s.opt.Store.Feed(branch, graph.CommitSeq(after))
	if err != nil {
		return nil, err
	}
	defer feed.Close()
	list := []commitAnswer{}
	seen := graph.CommitSeq(after)
	request, end := s.untilStop(r)
	defer end()
	for len(list) < limit {
		caughtUp := seen >= head.Commit().Seq
		if caughtUp && (len(list) > 0 || wait <= 0) {
			break
		}
		ctx, cancel := request, context.CancelFunc(func() {})
		if caughtUp {
			ctx, cancel = context.WithTimeout(ctx, wait)
		}
		next, err := feed.Next(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) && r.Context().Err() == nil {
			break // nothing new in time, or the server stops
		}
		if err != nil {
			return nil, err
		}
		seen = next.Commit.Seq
		one := newCommitAnswer(next.Commit)
		if changes {
			if err := s.addChanges(&one, next.Changes); err != nil {
				return nil, err
			}
		}
		list = append(list, one)
	}
	return list, nil
}

func (s *Server) addChanges(one *commitAnswer, changes []graph.Change) error {
	snapshot, err := s.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return err
	}
	defer snapshot.Close()
	if len(changes) > maxFeedChanges {
		changes, one.More = changes[:maxFeedChanges], true
	}
	for _, change := range changes {
		q, err := graph.Resolve(snapshot, change.Quad)
		if err != nil {
			return err
		}
		op := "add"
		if change.Delete {
			op = "delete"
		}
		one.Changes = append(one.Changes, changeAnswer{op, q.String()})
	}
	return nil
}

func (s *Server) queryList(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, map[string]any{"queries": s.opt.Protocol.Running.List()})
}

func (s *Server) queryCancel(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if !s.opt.Protocol.Running.Cancel(id) {
		s.fail(w, http.StatusNotFound, fmt.Errorf("no query %s is running", id))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

type branchAnswer struct {
	Name   string          `json:"name"`
	Parent string          `json:"parent,omitempty"`
	Base   graph.CommitSeq `json:"base"`
	Head   graph.CommitSeq `json:"head"`
}

func (s *Server) branches(w http.ResponseWriter, _ *http.Request) {
	list, err := s.opt.Store.Branches()
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	out := []branchAnswer{}
	for _, b := range list {
		out = append(out, branchAnswer{b.Name, b.Parent, b.Base, b.Head})
	}
	s.answer(w, map[string]any{"branches": out})
}

// branchRequest is the body of a POST on branches.
type branchRequest struct {
	Name string          `json:"name"`
	From string          `json:"from"` // branch; main by default
	Seq  graph.CommitSeq `json:"seq"`  // 0: its newest commit
}

func (s *Server) branchCreate(w http.ResponseWriter, r *http.Request) {
	var req branchRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&req); err != nil {
		s.fail(w, http.StatusBadRequest, fmt.Errorf(`body must be JSON such as {"name": "try-1"}: %w`, err))
		return
	}
	b, err := s.opt.Store.Fork(r.Context(), req.Name, graph.At{Branch: req.From, Seq: req.Seq})
	if err != nil {
		s.fail(w, protocol.StatusOf(err), err)
		return
	}
	w.Header().Set("Location", "/api/v1/branches/"+b.Name)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = encode(w, branchAnswer{b.Name, b.Parent, b.Base, b.Head}) // an error means that the client went away
}

func (s *Server) branchDrop(w http.ResponseWriter, r *http.Request) {
	if err := s.opt.Store.Drop(r.Context(), chi.URLParam(r, "name")); err != nil {
		s.fail(w, 0, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// number reads a whole parameter from 0 to most; most 0 means no bound.
func number(r *http.Request, key string, def, most int) (int, error) {
	text := r.URL.Query().Get(key)
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || most > 0 && n > most {
		bound := ""
		if most > 0 {
			bound = fmt.Sprintf(" to %d", most)
		}
		return 0, fmt.Errorf("parameter %s=%q must be a whole number from 0%s", key, text, bound)
	}
	return n, nil
}
