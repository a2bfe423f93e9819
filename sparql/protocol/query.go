package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nettwin/sparql"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
)

// Streaming: the first row at once, then every so many rows or so often.
const (
	flushRows     = 1000
	flushInterval = 100 * time.Millisecond
)

// Media types of requests (SPARQL 1.1 Protocol §2).
const (
	typeForm   = "application/x-www-form-urlencoded"
	typeQuery  = "application/sparql-query"
	typeUpdate = "application/sparql-update"
)

// request is one query or update with its parameters.
type request struct {
	text   string
	params url.Values
}

func (p request) get(key string) string { return p.params.Get(key) }

// readRequest reads a query or update by GET, by a posted form, or by a
// posted text. key is "query" or "update", textType the media type of a text.
func (h *Handler) readRequest(w http.ResponseWriter, r *http.Request, key, textType string) (request, error) {
	p := request{params: r.URL.Query()}
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.opt.MaxQueryBytes))
		if err != nil {
			return p, err
		}
		mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		switch {
		case err == nil && mediaType == typeForm:
			form, err := url.ParseQuery(string(body))
			if err != nil {
				return p, &bodyError{http.StatusBadRequest, fmt.Errorf("form body: %w", err)}
			}
			for name, values := range form {
				p.params[name] = append(p.params[name], values...)
			}
		case err == nil && mediaType == textType:
			p.text = string(body)
			return p, nil
		default:
			return p, &bodyError{http.StatusUnsupportedMediaType, fmt.Errorf("Content-Type %q: send %s or %s", r.Header.Get("Content-Type"), typeForm, textType)}
		}
	}
	switch texts := p.params[key]; len(texts) {
	case 1:
		p.text = texts[0]
		return p, nil
	case 0:
		return p, &bodyError{http.StatusBadRequest, fmt.Errorf("parameter %s is missing; for example /sparql?query=SELECT+*+{?s+?p+?o}+LIMIT+10", key)}
	}
	return p, &bodyError{http.StatusBadRequest, fmt.Errorf("parameter %s is given more than once", key)}
}

// options reads the parameters that shape an execution.
func (h *Handler) options(p request, defaultKey, namedKey string) (sparql.Options, error) {
	opt := sparql.Options{
		Timeout: h.opt.Timeout, MaxRows: h.opt.MaxRows, Now: h.opt.Now(),
		DefaultGraphs: p.params[defaultKey], NamedGraphs: p.params[namedKey],
	}
	switch union := p.get("union"); union {
	case "", "false":
	case "true":
		opt.Union = true
	default:
		return opt, fmt.Errorf("union=%q is neither true nor false", union)
	}
	if text := p.get("timeout"); text != "" {
		timeout, err := time.ParseDuration(text)
		if err != nil {
			timeout, err = time.ParseDuration(text + "s")
		}
		if err != nil || timeout <= 0 {
			return opt, fmt.Errorf("timeout=%q is no duration such as 5s or 500ms", text)
		}
		opt.Timeout = min(timeout, h.opt.MaxTimeout)
	}
	return opt, nil
}

// Query answers a SPARQL query.
func (h *Handler) Query(w http.ResponseWriter, r *http.Request) {
	p, err := h.readRequest(w, r, "query", typeQuery)
	if err != nil {
		Fail(w, bodyStatus(err), err)
		return
	}
	query, err := sparql.Parse(p.text, h.opt.Base)
	if err != nil {
		Fail(w, StatusOf(err), err)
		return
	}
	format, err := chooseFormat(r.Header.Get("Accept"), p.get("format"), query.Form())
	if err != nil {
		Fail(w, http.StatusNotAcceptable, err)
		return
	}
	opt, err := h.options(p, "default-graph-uri", "named-graph-uri")
	if err != nil {
		Fail(w, http.StatusBadRequest, err)
		return
	}
	snapshot, ok := h.Snapshot(w, r, p.get)
	if !ok {
		return
	}
	defer snapshot.Close()
	ctx, id, end := h.Running.Begin(r.Context(), "query", p.text, r.RemoteAddr, h.opt.Now())
	defer end()
	w.Header().Set("Nettwin-Query", id)
	started, rows := h.opt.Now(), 0
	result, err := query.Run(ctx, snapshot, opt)
	if err == nil {
		rows, err = h.stream(ctx, w, format, result)
	}
	h.opt.Observe("query", h.opt.Now().Sub(started), rows, err)
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

func (h *Handler) stream(ctx context.Context, w http.ResponseWriter, f results.Format, result *results.Result) (int, error) {
	w.Header().Set("Content-Type", f.ContentType())
	w.Header().Add("Vary", "Accept")
	result.Prefixes = h.opt.Prefixes
	count := counted(result)
	out := &tracked{ResponseWriter: w}
	control := http.NewResponseController(w)
	err := results.Write(ctx, out, f, result, results.WriteOptions{
		Flush: control.Flush, FlushRows: flushRows, FlushInterval: flushInterval, Now: h.opt.Now,
	})
	if err != nil && out.sent {
		err = errSent{err}
	}
	return count(), err
}

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
	if errors.Is(err, ErrCancelled) {
		status = http.StatusServiceUnavailable
	}
	if status == http.StatusInternalServerError {
		h.opt.Log.Error("query failed", "err", err)
	}
	Fail(w, status, err)
}

// Update runs a SPARQL update: one request, one commit.
func (h *Handler) Update(w http.ResponseWriter, r *http.Request) {
	p, err := h.readRequest(w, r, "update", typeUpdate)
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
	ctx, id, end := h.Running.Begin(r.Context(), "update", p.text, r.RemoteAddr, h.opt.Now())
	defer end()
	w.Header().Set("Nettwin-Query", id)
	started := h.opt.Now()
	commit, err := update.Run(ctx, h.opt.Store, sparql.UpdateOptions{Options: opt, Branch: p.get("branch")})
	h.opt.Observe("update", h.opt.Now().Sub(started), int(commit.Adds+commit.Deletes), err)
	if err != nil {
		h.failQuery(ctx, w, r, err)
		return
	}
	w.Header().Set("Nettwin-Commit", fmt.Sprint(commit.Seq))
	w.WriteHeader(http.StatusNoContent)
}
