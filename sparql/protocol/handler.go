package protocol

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Default limits of requests.
const (
	DefaultMaxQueryBytes = 64 << 20 // query and update bodies
	DefaultMaxDataBytes  = 4 << 30  // graph store bodies, after decompression
	DefaultTimeout       = 30 * time.Second
	DefaultMaxTimeout    = 10 * time.Minute // what timeout= may ask for
	DefaultMaxRows       = 10_000_000
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
}

// New returns a handler.
func New(opt Options) *Handler {
	opt.MaxQueryBytes = orDefault(opt.MaxQueryBytes, DefaultMaxQueryBytes)
	opt.MaxDataBytes = orDefault(opt.MaxDataBytes, DefaultMaxDataBytes)
	opt.Timeout = orDefault(opt.Timeout, DefaultTimeout)
	opt.MaxTimeout = orDefault(opt.MaxTimeout, DefaultMaxTimeout)
	opt.MaxRows = orDefault(opt.MaxRows, DefaultMaxRows)
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Observe == nil {
		opt.Observe = func(string, time.Duration, int, error) {}
	}
	return &Handler{opt: opt, Running: NewRegistry()}
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
	at, err := version(get)
	if err != nil {
		Fail(w, http.StatusBadRequest, err)
		return nil, false
	}
	snapshot, err := h.opt.Store.Snapshot(at)
	if err != nil {
		Fail(w, StatusOf(err), err)
		return nil, false
	}
	view, err := h.view(snapshot, get("reasoning"))
	if err != nil {
		snapshot.Close()
		Fail(w, http.StatusBadRequest, err)
		return nil, false
	}
	w.Header().Set("Nettwin-Commit", strconv.FormatUint(uint64(snapshot.Commit().Seq), 10))
	return graph.Restrict(snapshot, view), true
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
	fmt.Fprintln(w, err.Error())
}

func randomID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Prefixes returns the prefixes that answers in Turtle are written with.
func (h *Handler) Prefixes() []rdf.PrefixDecl { return prefixDecls(h.opt.Prefixes) }
