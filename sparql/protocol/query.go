package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"nettwin/sparql"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
)

// Streaming: the first rows after a moment, then every so many rows or so often.
const (
	flushRows     = 1000
	flushInterval = 100 * time.Millisecond
)

// parsed is a query that was parsed before.
type parsed struct {
	*sparql.Query
	steady bool
}

// parse parses a query, or remembers it.
func (h *Handler) parse(text string) (parsed, error) {
	if q, ok := h.parses.get(text); ok {
		return q, nil
	}
	query, err := sparql.Parse(text, h.opt.Base)
	if err != nil {
		return parsed{}, err
	}
	q := parsed{query, query.Steady()}
	h.parses.put(text, q, int64(len(text))*parsedBytesPerByte)
	return q, nil
}

// parsedBytesPerByte is what a parsed query takes in memory for each byte of the
// text, roughly.
const parsedBytesPerByte = 40

// Query answers a SPARQL query; without one, it describes the service.
func (h *Handler) Query(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	params := r.URL.Query()
	if r.Method != http.MethodPost && !params.Has("query") && !params.Has("update") {
		h.Describe(w, r)
		return
	}
	p, err := h.readRequest(w, r, params, "query", typeQuery)
	if err != nil {
		Fail(w, bodyStatus(err), err)
		return
	}
	h.answer(w, r, p)
}

// answer answers a query whose text and parameters are known.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, p request) {
	query, err := h.parse(p.text)
	if err != nil {
		Fail(w, StatusOf(err), err)
		return
	}
	opt, err := h.options(p, "default-graph-uri", "named-graph-uri")
	if err != nil {
		Fail(w, http.StatusBadRequest, err)
		return
	}
	if p.params.Has("explain") {
		h.explain(w, r, p, query, opt)
		return
	}
	format, err := chooseFormat(r.Header.Get("Accept"), p.get("format"), query.Form())
	if err != nil {
		Fail(w, http.StatusNotAcceptable, err)
		return
	}
	snapshot, view, ok := h.open(w, r, p.get)
	if !ok {
		return
	}
	defer snapshot.Close()
	key := h.versionKey(r, snapshot, view, p)
	w.Header().Set("Content-Type", versioned(format.ContentType(), announces12(r, p.get(versionParam))))
	w.Header().Add("Vary", "Accept")
	tag := ""
	if query.steady {
		tag = h.tag(key, format.String())
		setTag(w, tag)
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	out, end := newCompressed(w, r)
	if body, ok := h.kept(r, tag); ok {
		h.opt.Observe("query", 0, body.rows, nil)
		if _, err := out.Write(body.bytes); err == nil {
			_ = end(true) // an error means that the client went away
		}
		return
	}
	ctx, run := h.begin(r, w, "query", p.text)
	defer run.end()
	opt.Plan, opt.Planned = h.plan(h.planKey(r, view, p), snapshot, len(p.text))
	rows := 0
	result, err := query.Run(ctx, snapshot, opt)
	if err == nil {
		rows, err = h.stream(ctx, out, format, result, tag)
	}
	if cerr := end(err == nil); err == nil {
		err = cerr
	}
	run.finished(rows, err)
	if err != nil {
		h.failQuery(ctx, w, r, err)
	}
}

// chooseFormat: format= wins over Accept.
func chooseFormat(accept, name string, form algebra.Form) (results.Format, error) {
	kind := results.Bindings
	switch form {
	case algebra.Ask:
		kind = results.Boolean
	case algebra.Construct, algebra.Describe:
		kind = results.Graph
	}
	f, ok := results.Negotiate(accept, kind)
	if name != "" {
		f, ok = results.FormatByName(name)
		switch {
		case kind == results.Graph && f == results.XML:
			f = results.RDFXML
		case kind == results.Graph && f == results.JSON:
			f = results.JSONLD
		}
		ok = ok && f.Supports(kind)
	}
	if !ok {
		var types []string
		for _, f := range results.Formats(kind) {
			types = append(types, f.MediaType())
		}
		return 0, fmt.Errorf("no acceptable format for %s: use one of %s", kind, strings.Join(types, ", "))
	}
	return f, nil
}

// tracked counts rows and tells whether anything was sent.
type tracked struct {
	http.ResponseWriter
	sent bool
}

func (t *tracked) Write(b []byte) (int, error) {
	t.sent = true
	return t.ResponseWriter.Write(b)
}

// errSent wraps an error after which the status line is gone.
type errSent struct{ error }

func (e errSent) Unwrap() error { return e.error }

// kept returns an answer that was given before, unless the client wants none
// such (RFC 9111 §5.2.1.4).
func (h *Handler) kept(r *http.Request, tag string) (answerBody, bool) {
	if tag == "" || strings.Contains(r.Header.Get("Cache-Control"), "no-cache") {
		return answerBody{}, false
	}
	return h.results.get(tag)
}

// keeper keeps what is written, as long as it is small.
type keeper struct {
	io.Writer
	kept []byte
	full bool
}

// maxKeptBytes bounds an answer that is kept for the next who asks the same.
const maxKeptBytes = 1 << 20

func (k *keeper) Write(b []byte) (int, error) {
	if !k.full {
		if len(k.kept)+len(b) > maxKeptBytes {
			k.kept, k.full = nil, true
		} else {
			k.kept = append(k.kept, b...)
		}
	}
	return k.Writer.Write(b)
}

func (h *Handler) stream(ctx context.Context, w http.ResponseWriter, f results.Format, result *results.Result, tag string) (int, error) {
	result.Prefixes = h.opt.Prefixes
	count := counted(result)
	out := &tracked{ResponseWriter: w}
	keep := &keeper{Writer: out, full: tag == "" || h.opt.ResultCacheBytes < 0}
	control := http.NewResponseController(w)
	err := results.Write(ctx, keep, f, result, results.WriteOptions{
		Flush: control.Flush, FlushRows: flushRows, FlushInterval: flushInterval,
	})
	if err != nil && out.sent {
		err = errSent{err}
	}
	if err == nil && !keep.full {
		h.results.put(tag, answerBody{keep.kept, count()}, int64(cap(keep.kept)))
	}
	return count(), err
}

// answerBody is a whole answer, before compression.
type answerBody struct {
	bytes []byte
	rows  int
}

// retryAfterSeconds is when to ask again after too many asked at once (RFC 9110
// §10.2.3).
const retryAfterSeconds = "2"

// failQuery answers a failed execution: with a status if nothing was sent
// yet, else by cutting the connection.
func (h *Handler) failQuery(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(context.Cause(ctx), ErrCancelled) {
		err = fmt.Errorf("%w (%w)", ErrCancelled, err)
	}
	var sent errSent
	if errors.As(err, &sent) {
		h.abort(r, err)
	}
	status := StatusOf(err)
	w.Header().Del("ETag")
	if errors.Is(err, ErrCancelled) {
		status = http.StatusServiceUnavailable
	}
	var busy *sparql.BusyError
	if errors.As(err, &busy) {
		w.Header().Set("Retry-After", retryAfterSeconds)
	}
	if status == http.StatusInternalServerError {
		h.opt.Log.Error("query failed", "err", err)
	}
	Fail(w, status, err)
}

// Update runs a SPARQL update: one request, one commit.
func (h *Handler) Update(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	p, err := h.readRequest(w, r, r.URL.Query(), "update", typeUpdate)
	if err != nil {
		Fail(w, bodyStatus(err), err)
		return
	}
	update, err := sparql.ParseUpdate(p.text, h.opt.Base)
	if err != nil {
		Fail(w, StatusOf(err), err)
		return
	}
	opt, err := h.options(p, "using-graph-uri", "using-named-graph-uri")
	if err != nil {
		Fail(w, http.StatusBadRequest, err)
		return
	}
	if len(opt.DefaultGraphs)+len(opt.NamedGraphs) > 0 && update.HasDataset() {
		Fail(w, http.StatusBadRequest, errors.New("using-graph-uri and using-named-graph-uri cannot stand beside USING or WITH in the update (SPARQL 1.1 Protocol §2.2.3)"))
		return
	}
	ctx, run := h.begin(r, w, "update", p.text)
	defer run.end()
	commit, err := update.Run(ctx, h.opt.Store, sparql.UpdateOptions{Options: opt, Branch: p.get("branch"), Load: h.opt.Load})
	run.finished(int(commit.Adds+commit.Deletes), err)
	if err != nil {
		h.failQuery(ctx, w, r, err)
		return
	}
	w.Header().Set("Nettwin-Commit", fmt.Sprint(commit.Seq))
	w.WriteHeader(http.StatusNoContent)
}

// run is one query or update while it runs.
type run struct {
	h       *Handler
	kind    string
	text    string
	id      string
	client  string
	started time.Time
	end     func()
}

// begin notes that a query runs; call end when it is over.
func (h *Handler) begin(r *http.Request, w http.ResponseWriter, kind, text string) (context.Context, *run) {
	n := &run{h: h, kind: kind, text: text, client: r.RemoteAddr, started: h.opt.Now()}
	ctx, id, end := h.Running.Begin(r.Context(), kind, text, r.RemoteAddr, n.started)
	n.id, n.end = id, end
	w.Header().Set("Nettwin-Query", id)
	return ctx, n
}

// finished tells what came of it, and logs it if it was slow.
func (n *run) finished(rows int, err error) {
	took := n.h.opt.Now().Sub(n.started)
	n.h.opt.Observe(n.kind, took, rows, err)
	if took < n.h.opt.SlowQuery {
		return
	}
	text := n.text
	if len(text) > MaxShownText {
		text = strings.ToValidUTF8(text[:MaxShownText], "") + "…"
	}
	n.h.opt.Log.Warn("slow query", "kind", n.kind, "id", n.id, "took", took, "rows", rows, "client", n.client, "text", text, "err", err)
}
