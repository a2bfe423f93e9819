package web

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"nettwin/graph"
	"nettwin/ingest"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/reasoning/rules"
	"nettwin/sparql/protocol"
)

// Limits of the server.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 1 << 20
	// ShutdownTimeout bounds how long running answers may take when the
	// server ends.
	ShutdownTimeout = 5 * time.Second
)

// Items is what the server needs of the content store.
type Items interface {
	Get(name naming.Name) (items.Item, error)
}

// Options are the parts that a Server puts on the network.
type Options struct {
	Store    graph.Store
	Items    Items
	Rules    *rules.Engine
	Control  Control
	Intents  Intents
	Base     string // base IRI of the store
	Protocol *protocol.Handler
	Sources  func() []ingest.TargetStatus // state of collection; may be nil
	// Collection is what is needed of devices; nil where everything is read.
	Collection Collection
	Ontology   []byte    // twin.ttl, served at /ns
	Documents  Documents // nil: none are taken in or given out
	Merges     Merges    // nil: no devices are merged
	// Knowledge is the knowledge folder, whose saved queries make the
	// inventory document; nil: there is none.
	Knowledge fs.FS
	UI        fs.FS // nil: a page that says "make ui"
	Gate      Gate
	Log       *slog.Logger
	Now       func() time.Time
	Version   string
	Metrics   *Metrics
	// Ready tells whether the twin is ready to answer, and if not, why.
	Ready func() error
	// Operations are what operators may do with the data directory; nil: there
	// is none.
	Operations Operations
}

// Server is the HTTP server of one twin.
type Server struct {
	opt  Options
	http *http.Server
	// stopping is closed when Serve ends: streams and waiting requests, which
	// would last as long as their client likes, then end.
	stopping chan struct{}
	told     timelineCache
}

// New returns a server; Serve starts it.
func New(opt Options) *Server {
	s := &Server{opt: opt, stopping: make(chan struct{})}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(opt.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// Handler returns the routes, for tests.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Serve answers on a listener until ctx ends, then lets running answers end. It
// may be called once.
func (s *Server) Serve(ctx context.Context, l listener) error {
	stopped := make(chan error, 1)
	go func() { stopped <- s.http.Serve(l) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	close(s.stopping)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), ShutdownTimeout)
	defer cancel()
	err := s.http.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if serveErr := <-stopped; !errors.Is(serveErr, http.ErrServerClosed) {
		return serveErr
	}
	return err
}

// untilStop returns a context that ends with the request or when the server
// stops.
func (s *Server) untilStop(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	go func() {
		select {
		case <-s.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (s *Server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(s.recoverPanics, s.secureHeaders, s.observe)
	r.Group(s.gated)
	// The page's own files and the API's description are the same for
	// everyone, and a browser has no token before it has the page.
	r.Get("/api/openapi.json", s.openAPI)
	r.Get("/*", s.page)
	return r
}

// gated are the routes behind the gate.
func (s *Server) gated(r chi.Router) {
	r.Use(s.opt.Gate.Check)
	read, write := s.opt.Gate.Require(Reader), s.opt.Gate.Require(Editor)
	r.With(read).Get("/sparql", s.opt.Protocol.Query)
	r.With(read).Post("/sparql", s.opt.Protocol.Query)
	r.With(write).Post("/update", s.opt.Protocol.Update)
	s.dataRoutes(r)
	r.With(read).Get("/.well-known/void", s.opt.Protocol.VoID)
	r.With(read).Get("/names/{cid}", s.name)
	r.With(read).Get("/id/*", s.thing)
	r.With(read).Get("/ns", s.ontology)
	r.Route("/api/v1", s.api)
	s.intentRoutes(r)
	r.Get("/healthz", s.health)
	r.Get("/readyz", s.ready)
	r.With(read).Method(http.MethodGet, "/metrics", s.opt.Metrics.Handler())
	r.Options("/*", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
}

// dataRoutes are the Graph Store Protocol, with graphs named by parameter or
// by path.
func (s *Server) dataRoutes(r chi.Router) {
	read, write := s.opt.Gate.Require(Reader), s.opt.Gate.Require(Editor)
	for _, path := range []string{protocol.DataPath, protocol.DataPath + "/*"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r.With(read).Method(method, path, http.HandlerFunc(s.opt.Protocol.Data))
		}
		for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodDelete} {
			r.With(write).Method(method, path, http.HandlerFunc(s.opt.Protocol.Data))
		}
	}
}

func (s *Server) api(r chi.Router) {
	read, write := s.opt.Gate.Require(Reader), s.opt.Gate.Require(Editor)
	admin := s.opt.Gate.Require(Admin)
	r.With(read).Get("/info", s.info)
	r.With(read).Get("/explain", s.explain)
	r.With(read).Get("/rules", s.ruleList)
	r.With(read).Get("/sources", s.sources)
	r.With(read).Get("/commits", s.commits)
	r.With(read).Get("/feed", s.feed)
	r.With(read).Get("/patch", s.patchExport)
	r.With(write).Post("/patch", s.patchApply)
	r.With(read).Get("/events", s.events)
	r.With(read).Get("/timeline", s.timeline)
	operate := s.opt.Gate.Require(Operator)
	s.operationRoutes(r.With(operate))
	r.With(read).Get("/needs", s.needs)
	r.With(read).Get("/plans", s.plans)
	r.With(operate).Post("/plans", s.propose)
	r.With(read).Get("/plans/{id}", s.plan)
	r.With(operate).Post("/plans/{id}/approve", s.approve)
	r.With(operate).Post("/plans/{id}/reject", s.reject)
	r.With(operate).Post("/plans/{id}/apply", s.apply)
	r.With(operate).Post("/plans/{id}/supersede", s.supersede)
	r.With(operate).Get("/audit", s.audit)
	r.With(read).Get("/prefixes", s.opt.Protocol.PrefixList)
	s.collectionRoutes(r.With(read), r.With(write))
	s.inventoryRoutes(r.With(read))
	s.documentRoutes(r.With(read), r.With(write))
	s.mergeRoutes(r.With(read), r.With(write))
	r.With(read).Get("/saved", s.opt.Protocol.Saved)
	r.With(read).Get("/saved/{name}", s.opt.Protocol.Saved)
	r.With(read).Get("/queries", s.queryList)
	r.With(admin).Delete("/queries/{id}", s.queryCancel)
	r.With(read).Get("/branches", s.branches)
	r.With(write).Post("/branches", s.branchCreate)
	r.With(write).Delete("/branches/{name}", s.branchDrop)
}
