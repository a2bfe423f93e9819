package protocol

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Data serves the Graph Store HTTP Protocol: ?default and ?graph=IRI name one
// graph, a path below the route names the graph with that IRI below the base
// (direct identification, §4.1); nothing of these means the whole dataset
// (TriG, N-Quads, JSON-LD), which may be read, replaced (PUT) and added to
// (POST). A graph posted to the whole becomes a new graph (§5.5). A request is
// one commit.
func (h *Handler) Data(w http.ResponseWriter, r *http.Request) {
	target, err := h.dataTarget(r)
	if err != nil {
		Fail(w, http.StatusBadRequest, err)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		h.readData(w, r, target)
	case http.MethodPut, http.MethodPost:
		h.writeData(w, r, target)
	case http.MethodDelete:
		h.deleteData(w, r, target)
	default:
		w.Header().Set("Allow", "GET, HEAD, PUT, POST, DELETE, OPTIONS")
		Fail(w, http.StatusMethodNotAllowed, fmt.Errorf("method %s is not allowed here", r.Method))
	}
}

// dataTarget is what a graph store request is about.
type dataTarget struct {
	whole  bool
	create bool     // POST of one graph to the whole: a new graph
	graph  rdf.Term // zero: the default graph
}

// DataPath is where the graph store is served.
const DataPath = "/data"

func (h *Handler) dataTarget(r *http.Request) (dataTarget, error) {
	q := r.URL.Query()
	names, isDefault := q["graph"], q.Has("default")
	direct, below := strings.CutPrefix(r.URL.EscapedPath(), DataPath+"/")
	if below = below && direct != ""; below {
		names = append(names, strings.TrimPrefix(DataPath, "/")+"/"+direct)
	}
	switch {
	case len(names) > 1 || len(names) == 1 && isDefault:
		return dataTarget{}, errors.New("give either ?default or one ?graph=IRI, not both")
	case len(names) == 1:
		iri, err := rdf.ResolveIRI(h.opt.Base, names[0])
		if err == nil {
			err = rdf.CheckIRI(iri)
		}
		if err != nil {
			return dataTarget{}, fmt.Errorf("graph=%q: %w", names[0], err)
		}
		return dataTarget{graph: rdf.IRI(iri)}, nil
	}
	return dataTarget{whole: !isDefault}, nil
}

func (h *Handler) readData(w http.ResponseWriter, r *http.Request, target dataTarget) {
	query := r.URL.Query()
	format, ok := negotiateGraph(r.Header.Get("Accept"), query.Get("format"), target.whole)
	if !ok {
		Fail(w, http.StatusNotAcceptable, errors.New("none of the accepted formats can hold this: "+offered(target.whole)))
		return
	}
	snapshot, ok := h.Snapshot(w, r, query.Get)
	if !ok {
		return
	}
	defer snapshot.Close()
	pattern := graph.Pattern{}
	if !target.whole {
		id, err := graph.GraphID(snapshot, target.graph)
		if err != nil {
			Fail(w, StatusOf(err), err)
			return
		}
		pattern[graph.G] = id
		exists, err := h.graphExists(snapshot, target.graph, pattern)
		if err != nil || !exists {
			if err == nil {
				err = fmt.Errorf("no graph <%s>", target.graph.Value())
			}
			Fail(w, http.StatusNotFound, err)
			return
		}
	}
	w.Header().Set("Content-Type", versioned(format.MediaType()+charset(format), announces12(r, query.Get(versionParam))))
	w.Header().Set("Vary", "Accept, Origin")
	tag := h.tag(h.versionKey(r, snapshot, query.Get("reasoning"), request{params: query, text: "graph " + target.String()}), format.String())
	setTag(w, tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	out, end := newCompressed(w, r)
	err := h.writeQuads(out, r, snapshot, pattern, format, target.whole)
	if cerr := end(err == nil); err == nil {
		err = cerr
	}
	if err != nil {
		h.failData(w, r, err)
	}
}

// failData answers what could not be written: with a status if nothing was
// sent yet.
func (h *Handler) failData(w http.ResponseWriter, r *http.Request, err error) {
	var predicate *rdf.PredicateError
	var term *rdf.TermError
	if errors.As(err, &predicate) || errors.As(err, &term) {
		w.Header().Del("ETag")
		w.Header().Del("Content-Encoding")
		Fail(w, http.StatusNotAcceptable, err) // a no-op on the status if something was sent
		return
	}
	h.abort(r, err)
}

// String names the target.
func (t dataTarget) String() string {
	switch {
	case t.whole:
		return "all"
	case t.graph.IsZero():
		return "default"
	}
	return t.graph.String()
}

// graphExists: a named graph exists while it has quads; the default graph
// always does.
func (h *Handler) graphExists(src graph.Source, name rdf.Term, p graph.Pattern) (bool, error) {
	if name.IsZero() {
		return true, nil
	}
	if p[graph.G] == graph.None {
		return false, nil
	}
	n, err := src.Count(p)
	return n > 0, err
}

func (h *Handler) writeQuads(w io.Writer, r *http.Request, src graph.Source, p graph.Pattern, f rdf.Format, whole bool) error {
	out := rdf.NewWriter(w, f, rdf.WriterOptions{Prefixes: h.Prefixes()})
	quads, err := h.ordered(r.Context(), src, p, f)
	if err != nil {
		return err
	}
	for q, err := range quads {
		if err != nil {
			return err
		}
		if !whole {
			q.G = rdf.Term{}
		}
		if err := out.Write(q); err != nil {
			return err
		}
	}
	return out.Close()
}

// maxSorted is how many quads are sorted to be easy to read.
const maxSorted = 200_000

// ordered yields what p matches: by graph, then subject, in the formats that
// people read, as long as that fits in memory; else as the store has it.
func (h *Handler) ordered(ctx context.Context, src graph.Source, p graph.Pattern, f rdf.Format) (iter.Seq2[rdf.Quad, error], error) {
	stored := graph.ExportQuads(ctx, src, p)
	if f != rdf.Turtle && f != rdf.TriG {
		return stored, nil
	}
	if n, err := src.Count(p); err != nil || n > maxSorted {
		return stored, err
	}
	var all []rdf.Quad
	for q, err := range stored {
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b rdf.Quad) int {
		return cmp.Or(rdf.Compare(a.G, b.G), rdf.Compare(a.S, b.S), rdf.Compare(a.P, b.P), rdf.Compare(a.O, b.O))
	})
	return func(yield func(rdf.Quad, error) bool) {
		for _, q := range all {
			if !yield(q, nil) {
				return
			}
		}
	}, nil
}

// writeData adds to or replaces what the target holds by the documents of the
// body, which are parsed while they come: as one commit, or none.
func (h *Handler) writeData(w http.ResponseWriter, r *http.Request, target dataTarget) {
	target, err := h.created(r, target)
	existed := true
	if err == nil && !target.whole {
		existed, err = h.exists(target.graph, r.URL.Query().Get("branch"))
	}
	if err == nil {
		if target.create {
			w.Header().Set("Location", target.graph.Value())
		}
		err = h.loadData(w, r, target)
	}
	switch {
	case err != nil:
		w.Header().Del("Location")
		Fail(w, bodyStatus(err), err)
	case existed:
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusCreated)
	}
}

// loadData loads the body and tells in headers what came of it.
func (h *Handler) loadData(w http.ResponseWriter, r *http.Request, target dataTarget) error {
	o := graph.LoadOptions{Branch: r.URL.Query().Get("branch"), Note: "data " + strings.ToLower(r.Method)}
	if r.Method == http.MethodPut {
		o.ClearAll = target.whole
		if !target.whole {
			o.ClearGraphs = []rdf.Term{target.graph}
		}
	}
	var err error
	if o.Expected, err = expected(r); err != nil {
		return err
	}
	load, err := graph.NewLoad(r.Context(), h.opt.Store, o)
	if err != nil {
		return err
	}
	quads, err := h.readBody(w, r, target, load)
	if err != nil {
		return errors.Join(err, load.Abort())
	}
	started := h.opt.Now()
	commit, err := load.Commit(r.Context())
	h.opt.Observe("data", h.opt.Now().Sub(started), int(commit.Adds+commit.Deletes), err)
	if err != nil {
		return errors.Join(err, load.Abort())
	}
	for name, n := range map[string]uint64{"Commit": uint64(commit.Seq), "Quads": quads, "Adds": commit.Adds, "Deletes": commit.Deletes} {
		w.Header().Set("Nettwin-"+name, strconv.FormatUint(n, 10))
	}
	return nil
}

func (h *Handler) deleteData(w http.ResponseWriter, r *http.Request, target dataTarget) {
	batch := &graph.Batch{Branch: r.URL.Query().Get("branch"), Note: "data delete"}
	if target.whole {
		Fail(w, http.StatusBadRequest, errors.New("name what to delete: ?default or ?graph=IRI"))
		return
	}
	batch.ClearGraphs = []rdf.Term{target.graph}
	existed, err := h.exists(target.graph, batch.Branch)
	if err == nil && !existed {
		Fail(w, http.StatusNotFound, fmt.Errorf("no graph <%s>", target.graph.Value()))
		return
	}
	if err == nil {
		err = h.commit(w, r, batch)
	}
	if err != nil {
		Fail(w, StatusOf(err), err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// commit applies a batch; If-Match with a commit number makes it conditional.
func (h *Handler) commit(w http.ResponseWriter, r *http.Request, batch *graph.Batch) error {
	var err error
	if batch.Expected, err = expected(r); err != nil {
		return err
	}
	started := h.opt.Now()
	commit, err := h.opt.Store.Commit(r.Context(), batch)
	h.opt.Observe("data", h.opt.Now().Sub(started), int(commit.Adds+commit.Deletes), err)
	if err == nil {
		w.Header().Set("Nettwin-Commit", strconv.FormatUint(uint64(commit.Seq), 10))
	}
	return err
}

// expected returns the commit that If-Match names; nil if it names none.
func expected(r *http.Request) (*graph.CommitSeq, error) {
	match := strings.Trim(r.Header.Get("If-Match"), `"`)
	if match == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(match, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: If-Match %q is not a commit number", graph.ErrConflict, match)
	}
	seq := graph.CommitSeq(n)
	return &seq, nil
}

func (h *Handler) exists(name rdf.Term, branch string) (bool, error) {
	snapshot, err := h.opt.Store.Snapshot(graph.At{Branch: branch})
	if err != nil {
		return false, err
	}
	defer snapshot.Close()
	id, err := graph.GraphID(snapshot, name)
	if err != nil {
		return false, err
	}
	return h.graphExists(snapshot, name, graph.Pattern{graph.G: id})
}

// bodyError is a request body that cannot be used.
type bodyError struct {
	status int
	err    error
}

func (e *bodyError) Error() string { return e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

func bodyStatus(err error) int {
	var body *bodyError
	if errors.As(err, &body) {
		return body.status
	}
	return StatusOf(err)
}

// created gives a graph that is posted to the whole a name of its own.
func (h *Handler) created(r *http.Request, target dataTarget) (dataTarget, error) {
	if !target.whole || r.Method != http.MethodPost {
		return target, nil
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return target, nil // readBody refuses it
	}
	if format, ok := rdf.FormatByMediaType(mediaType); !ok && mediaType != typeMultipart || ok && format.Graphs() {
		return target, nil
	}
	iri, err := rdf.ResolveIRI(h.opt.Base, strings.TrimPrefix(DataPath, "/")+"/"+randomID()+randomID())
	return dataTarget{create: true, graph: rdf.IRI(iri)}, err
}

const typeMultipart = "multipart/form-data"

// readBody adds the documents of the body to a load and returns how many quads
// they hold.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request, target dataTarget, load graph.Load) (uint64, error) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return 0, &bodyError{http.StatusUnsupportedMediaType, errors.New("Content-Type is missing or malformed; " + offered(target.whole))}
	}
	body, end, err := decoded(w, r, h.opt.MaxDataBytes)
	if err != nil {
		return 0, err
	}
	defer end()
	if mediaType == typeMultipart {
		return h.readParts(r.Context(), multipart.NewReader(body, params["boundary"]), target, load)
	}
	return h.readDocument(r.Context(), body, mediaType, target, load)
}

// maxParts bounds the documents of one multipart body.
const maxParts = 1000

// readParts adds the documents of a multipart/form-data body (§5.5).
func (h *Handler) readParts(ctx context.Context, parts *multipart.Reader, target dataTarget, load graph.Load) (quads uint64, err error) {
	for range maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return quads, nil
		}
		if err != nil {
			if isTooLarge(err) {
				return quads, err
			}
			return quads, &bodyError{http.StatusBadRequest, fmt.Errorf("multipart body: %w", err)}
		}
		mediaType, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			return quads, &bodyError{http.StatusUnsupportedMediaType, fmt.Errorf("part %q: Content-Type is missing or malformed", part.FormName())}
		}
		n, err := h.readDocument(ctx, part, mediaType, target, load)
		if quads += n; err != nil {
			return quads, fmt.Errorf("part %q: %w", part.FormName(), err)
		}
	}
	return quads, &bodyError{http.StatusRequestEntityTooLarge, fmt.Errorf("more than %d parts", maxParts)}
}

// readDocument adds the quads of one document.
func (h *Handler) readDocument(ctx context.Context, body io.Reader, mediaType string, target dataTarget, load graph.Load) (uint64, error) {
	format, ok := rdf.FormatByMediaType(mediaType)
	if !ok {
		return 0, &bodyError{http.StatusUnsupportedMediaType, fmt.Errorf("media type %s cannot be read; %s", mediaType, offered(target.whole))}
	}
	if format.Graphs() && !target.whole && format != rdf.JSONLD {
		return 0, &bodyError{http.StatusUnsupportedMediaType, fmt.Errorf("%s holds several graphs; send it to the dataset, without ?graph or ?default", mediaType)}
	}
	o := graph.DocumentOptions{
		ReaderOptions: rdf.ReaderOptions{Base: h.opt.Base, BNodeScope: "b" + randomID()}, Graph: target.graph, Triples: !target.whole,
	}
	if !target.graph.IsZero() {
		o.Base = target.graph.Value() // Graph Store Protocol §5.5
	}
	n, err := graph.AddDocument(ctx, load, body, format, o)
	if errors.Is(err, graph.ErrNamedGraph) {
		err = &bodyError{http.StatusUnsupportedMediaType, fmt.Errorf("%w; send it to the dataset, without ?graph or ?default", err)}
	}
	return n, err
}

// abort ends a connection in the middle of an answer, so that no client takes
// what it has for the whole.
func (h *Handler) abort(r *http.Request, err error) {
	if r.Context().Err() == nil {
		h.opt.Log.Error("answer cut off", "path", r.URL.Path, "err", err)
	}
	panic(http.ErrAbortHandler)
}
