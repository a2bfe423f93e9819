package protocol

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// ErrCancelled: somebody cancelled the query by its id.
var ErrCancelled = errors.New("query: cancelled by request")

// Running is one query that runs now.
type Running struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"` // "query", "update", "data"
	Text    string    `json:"text"`
	Started time.Time `json:"started"`
	Client  string    `json:"client"`
	cancel  context.CancelCauseFunc
}

// MaxShownText bounds Running.Text.
const MaxShownText = 2000

// Registry knows the running queries. Safe for concurrent use.
type Registry struct {
	mu      sync.Mutex
	running map[string]*Running // guarded by mu
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{running: map[string]*Running{}} }

// Begin notes a query. Call end when it is over; the context ends when it is
// cancelled by id, with ErrCancelled as cause.
func (g *Registry) Begin(ctx context.Context, kind, text, client string, now time.Time) (_ context.Context, id string, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	if len(text) > MaxShownText {
		text = text[:MaxShownText] + "…"
	}
	r := &Running{ID: randomID(), Kind: kind, Text: text, Started: now, Client: client, cancel: cancel}
	g.mu.Lock()
	g.running[r.ID] = r
	g.mu.Unlock()
	return ctx, r.ID, func() {
		g.mu.Lock()
		delete(g.running, r.ID)
		g.mu.Unlock()
		cancel(nil)
	}
}

// List returns the running queries, oldest first.
func (g *Registry) List() []Running {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Running, 0, len(g.running))
	for _, r := range g.running {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b Running) int { return a.Started.Compare(b.Started) })
	return list
}

// Cancel ends a query and tells whether it was running.
func (g *Registry) Cancel(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.running[id]
	if ok {
		r.cancel(ErrCancelled)
	}
	return ok
}
