package protocol

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql"
)

// Default limits of requests.
const (
	DefaultMaxQueryBytes = 64 << 20 // query and update bodies
	DefaultMaxDataBytes  = 4 << 30  // graph store bodies, after decompression
	DefaultTimeout       = 30 * time.Second
	DefaultMaxTimeout    = 10 * time.Minute // what timeout= may ask for
	DefaultMaxRows       = 10_000_000

	DefaultMaxMemoryBytes      = 1 << 30
	DefaultMaxTotalMemoryBytes = 2 << 30

	DefaultResultCacheBytes = 64 << 20
	DefaultSlowQuery        = 5 * time.Second

	parseCacheBytes = 16 << 20
	planCacheBytes  = 16 << 20
)

// Options are what a Handler serves and its limits. Zero limits mean the
// defaults above.
type Options struct {
	Store   graph.Store
	Base    string // base IRI of the store; request texts resolve against it
	Derived string // IRI of the derived graph, hidden by reasoning=off

	MaxQueryBytes, MaxDataBytes int64
	Timeout, MaxTimeout         time.Duration
	MaxRows                     int

	// MaxMemoryBytes bounds what one query keeps, MaxTotalMemoryBytes what all
	// that run at once keep together.
	MaxMemoryBytes, MaxTotalMemoryBytes int64
	// Workers is how many long queries compute at once, on as many processors;
	// 0 means GOMAXPROCS. With more processors than that in Go's scheduler,
	// the others' requests are seen at once.
	Workers int
	// Spill takes what queries have no memory for; nil: that is an error.
	Spill *sparql.Spill
	// ResultCacheBytes bounds the answers kept for those who ask the same of
	// the same version; 0 means DefaultResultCacheBytes, less than 0 none.
	ResultCacheBytes int64
	// SlowQuery is how long a query may take before it is logged; 0 means
	// DefaultSlowQuery, less than 0 never.
	SlowQuery time.Duration

	// Service answers SERVICE, Load reads documents for LOAD; nil: refused.
	// Client has both.
	Service sparql.ServiceFunc
	Load    func(ctx context.Context, source rdf.Term, yield func(rdf.Triple) error) error

	// Saved holds saved queries, NAME.rq; nil: none.
	Saved fs.FS

	// Role names the rights of a request, if answers depend on them: answers
	// are kept apart by it. Nil: they do not.
	Role func(*http.Request) string

	Log *slog.Logger
	Now func() time.Time
	// Prefixes are written into Turtle and TriG answers.
	Prefixes map[string]string
	// Observe, if set, is told of every finished query and update.
	Observe func(kind string, took time.Duration, rows int, err error)
}

// Handler answers the protocols for one store. Safe for concurrent use.
type Handler struct {
	opt     Options
	Running *Registry

	parses   *cache[parsed]     // by text
	plans    *cache[planned]    // by planKey
	results  *cache[answerBody] // by tag
	storeKey string
	share    *sparql.Share
}

// New returns a handler.
func New(opt Options) *Handler {
	opt.MaxQueryBytes = orDefault(opt.MaxQueryBytes, DefaultMaxQueryBytes)
	opt.MaxDataBytes = orDefault(opt.MaxDataBytes, DefaultMaxDataBytes)
	opt.Timeout = orDefault(opt.Timeout, DefaultTimeout)
	opt.MaxTimeout = orDefault(opt.MaxTimeout, DefaultMaxTimeout)
	opt.MaxRows = orDefault(opt.MaxRows, DefaultMaxRows)
	opt.MaxMemoryBytes = orDefault(opt.MaxMemoryBytes, DefaultMaxMemoryBytes)
	opt.MaxTotalMemoryBytes = max(orDefault(opt.MaxTotalMemoryBytes, DefaultMaxTotalMemoryBytes), opt.MaxMemoryBytes)
	opt.Workers = orDefault(opt.Workers, runtime.GOMAXPROCS(0))
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Observe == nil {
		opt.Observe = func(string, time.Duration, int, error) {}
	}
	if opt.ResultCacheBytes == 0 {
		opt.ResultCacheBytes = DefaultResultCacheBytes
	}
	switch {
	case opt.SlowQuery == 0:
		opt.SlowQuery = DefaultSlowQuery
	case opt.SlowQuery < 0:
		opt.SlowQuery = math.MaxInt64
	}
	if opt.Role == nil {
		opt.Role = func(*http.Request) string { return "" }
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	info := opt.Store.Info()
	return &Handler{
		opt: opt, Running: NewRegistry(),
		parses: newCache[parsed](parseCacheBytes), plans: newCache[planned](planCacheBytes),
		results:  newCache[answerBody](max(opt.ResultCacheBytes, 0)),
		share:    sparql.NewShare(opt.MaxTotalMemoryBytes, opt.Workers),
		storeKey: info.Base + " " + strconv.FormatInt(info.Created.UnixNano(), 36) + " ",
	}
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// version reads branch= and asOf= (a dateTime or a commit number).
func version(get func(string) string) (graph.At, error) {
	at := graph.At{Branch: get("branch")}
	asOf := get("asOf")
	if asOf == "" {
		return at, nil
	}
	if seq, err := strconv.ParseUint(asOf, 10, 64); err == nil {
		at.Seq = graph.CommitSeq(seq)
		return at, nil
	}
	t, err := time.Parse(time.RFC3339Nano, strings.Replace(asOf, " ", "+", 1))
	if err != nil {
		return at, fmt.Errorf("asOf=%q is neither a commit number nor a dateTime such as 2026-11-22T10:00:00Z", asOf)
	}
	at.Time = t
	return at, nil
}

// Snapshot opens the version that a request asks for, under its view. Errors
// are answered.
func (h *Handler) Snapshot(w http.ResponseWriter, r *http.Request, get func(string) string) (graph.Snapshot, bool) {
	snapshot, _, ok := h.open(w, r, get)
	return snapshot, ok
}

// missingHeader names graphs that a past version lacks, because less of their
// past is retained: as graph.Partial does, in angle brackets; <> is the default
// graph.
const missingHeader = "Nettwin-Missing-Graphs"

// open is Snapshot with a name for the view.
func (h *Handler) open(w http.ResponseWriter, _ *http.Request, get func(string) string) (_ graph.Snapshot, view string, ok bool) {
	at, err := version(get)
	if err != nil {
		Fail(w, http.StatusBadRequest, err)
		return nil, "", false
	}
	snapshot, err := h.opt.Store.Snapshot(at)
	if err != nil {
		Fail(w, StatusOf(err), err)
		return nil, "", false
	}
	limits, err := h.view(snapshot, get("reasoning"))
	if err != nil {
		snapshot.Close()
		Fail(w, http.StatusBadRequest, err)
		return nil, "", false
	}
	w.Header().Set("Nettwin-Commit", strconv.FormatUint(uint64(snapshot.Commit().Seq), 10))
	for _, missing := range graph.Missing(snapshot) {
		w.Header().Add(missingHeader, "<"+missing+">")
	}
	if !limits.IsZero() {
		view = "reasoning=off"
	}
	return graph.Restrict(snapshot, limits), view, true
}

func (h *Handler) view(src graph.TermReader, reasoning string) (graph.View, error) {
	switch reasoning {
	case "", "on":
		return graph.View{}, nil
	case "off":
		id, err := graph.ID(src, rdf.IRI(h.opt.Derived))
		return graph.View{HideGraphs: map[graph.TermID]bool{id: true}}, err
	}
	return graph.View{}, fmt.Errorf("reasoning=%q is neither on nor off", reasoning)
}

// Fail answers an error as plain text, which every client shows.
func Fail(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		err = fmt.Errorf("the body is larger than the limit of %d bytes: send it in parts; /data takes larger bodies than queries and updates", tooLarge.Limit)
	}
	fmt.Fprintln(w, err.Error())
}

// allow refuses methods other than those listed.
func allow(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(append(methods, http.MethodOptions), ", "))
	Fail(w, http.StatusMethodNotAllowed, fmt.Errorf("method %s is not allowed here", r.Method))
	return false
}

func randomID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Prefixes returns the prefixes that answers in Turtle are written with.
func (h *Handler) Prefixes() []rdf.PrefixDecl { return prefixDecls(h.opt.Prefixes) }
