package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"nettwin/graph"
	"nettwin/sparql/protocol"
)

// Operations are what an operator asks of the data directory of a running
// twin.
type Operations interface {
	// Backup writes the whole data directory, consistent as of one commit, as a
	// tar with an index of checksums at its end.
	Backup(ctx context.Context, w io.Writer) error
	// Compact frees what is of no use any more.
	Compact(ctx context.Context) (Compaction, error)
	// Stats describe a version and what the data directory holds. top bounds
	// its lists.
	Stats(ctx context.Context, at graph.At, top int) (DataStats, error)
}

// Compaction is what compacting did to the graph's files.
type Compaction struct {
	BeforeBytes int64 `json:"beforeBytes"`
	AfterBytes  int64 `json:"afterBytes"`
}

// DataStats describe a version of the graph, and the data directory as it is
// now.
type DataStats struct {
	Base     string          `json:"base"`
	Created  time.Time       `json:"created"`
	Branch   string          `json:"branch"`
	Commit   graph.CommitSeq `json:"commit"`
	Time     time.Time       `json:"time,omitzero"` // of the commit
	Quads    uint64          `json:"quads"`
	Terms    uint64          `json:"terms"`
	Branches int             `json:"branches"`
	// Oldest is the oldest version that can be read; FeedFrom the oldest commit
	// from which the feed can be resumed.
	Oldest   graph.CommitSeq `json:"oldest"`
	FeedFrom graph.CommitSeq `json:"feedFrom"`
	// Retained are classes of graphs that versions before theirs lack; Missing
	// are those that this version lacks.
	Retained   []RetainedGraphs `json:"retained"`
	Missing    []string         `json:"missing,omitempty"`
	Files      []FileStats      `json:"files"`
	Graphs     []GraphStats     `json:"graphs"`     // the largest first
	AllGraphs  int              `json:"allGraphs"`  // how many there are
	Predicates []PredStats      `json:"predicates"` // the most frequent first
	AllPreds   int              `json:"allPredicates"`
}

// RetainedGraphs says from which commit on a class of graphs is retained: the
// IRI of a graph, what their IRIs begin with, or "" for the default graph.
type RetainedGraphs struct {
	Graph  string          `json:"graph"`
	Oldest graph.CommitSeq `json:"oldest"`
}

// FileStats adds up the files of one kind.
type FileStats struct {
	Kind  string `json:"kind"`
	Files int    `json:"files"`
	Bytes int64  `json:"sizeBytes"`
}

// GraphStats describe one graph; the default graph has no name.
type GraphStats struct {
	Graph string `json:"graph"`
	Quads uint64 `json:"quads"`
}

// PredStats describe the quads with one predicate. Subjects and Objects are how
// many different ones there were when the largest segment was written, 0 where
// none was.
type PredStats struct {
	Predicate string `json:"predicate"`
	Quads     uint64 `json:"quads"`
	Subjects  uint64 `json:"subjects"`
	Objects   uint64 `json:"objects"`
}

// defaultTop and maxTop bound the lists of statistics.
const (
	defaultTop = 20
	maxTop     = 100_000
)

// operationRoutes are those of the data directory, all for operators: a backup
// holds everything, and the others cost.
func (s *Server) operationRoutes(r chi.Router) {
	r = r.With(s.needsDirectory)
	r.Get("/stats", s.stats)
	r.Post("/compact", oneAtATime(s, s.compact))
	r.Get("/backup", oneAtATime(s, s.backup))
}

// needsDirectory answers 404 where there is no data directory.
func (s *Server) needsDirectory(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.opt.Operations == nil {
			s.fail(w, http.StatusNotFound, errors.New("this twin has no data directory"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// oneAtATime answers 409 while another such request is under way.
func oneAtATime(s *Server, h http.HandlerFunc) http.HandlerFunc {
	var running sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		if !running.TryLock() {
			s.fail(w, http.StatusConflict, fmt.Errorf("another %s is under way: wait for its end", r.URL.Path))
			return
		}
		defer running.Unlock()
		h(w, r)
	}
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request) {
	top, err := number(r, "top", defaultTop, maxTop)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	at, err := protocol.ParseAt(r)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	stats, err := s.opt.Operations.Stats(r.Context(), at, top)
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	s.answer(w, stats)
}

func (s *Server) compact(w http.ResponseWriter, r *http.Request) {
	done, err := s.opt.Operations.Compact(r.Context())
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	s.answer(w, done)
}

// backup streams the data directory. What fails after the first byte cuts the
// connection; who unpacks it misses the index then, too.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	ctx, end := s.untilStop(r)
	defer end()
	out := &firstWrite{w: w, header: func(h http.Header) {
		h.Set("Content-Type", "application/x-tar")
		h.Set("Content-Disposition", `attachment; filename="nettwin-backup.tar"`)
		h.Set("Cache-Control", "no-store")
	}}
	err := s.opt.Operations.Backup(ctx, out)
	switch {
	case err == nil:
	case !out.begun:
		s.fail(w, 0, err)
	default:
		s.opt.Log.Error("backup cut off", "err", err)
		panic(http.ErrAbortHandler)
	}
}

// firstWrite sets headers before the first byte.
type firstWrite struct {
	w      http.ResponseWriter
	header func(http.Header)
	begun  bool
}

func (f *firstWrite) Write(p []byte) (int, error) {
	if !f.begun {
		f.begun = true
		f.header(f.w.Header())
	}
	return f.w.Write(p)
}
