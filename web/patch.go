package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/graph/rdf/patch"
	"nettwin/internal/auth"
	"nettwin/sparql/protocol"
)

// maxPatchBytes bounds what one request applies.
const maxPatchBytes = 4 << 30

// patchExport streams the commits of a branch after since as RDF Patch, each as
// a patch with a transaction, as soon as each is read; wait=seconds waits for
// the next one if there is none yet. A client goes on with since= the header
// "commit" of the last transaction that it got whole.
func (s *Server) patchExport(w http.ResponseWriter, r *http.Request) {
	o, err := patchOptions(r)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	ctx, end := s.untilStop(r)
	defer end()
	control := http.NewResponseController(w)
	out := &firstWrite{w: w, header: func(h http.Header) {
		h.Set("Content-Type", patch.MediaType+"; charset=utf-8")
		h.Set("Cache-Control", "no-store")
	}}
	o.Wrote = func(graph.Commit) error { return control.Flush() }
	_, _, err = patch.Export(ctx, s.opt.Store, out, o)
	switch {
	case err != nil && !out.begun:
		s.fail(w, 0, err)
	case err != nil:
		s.opt.Log.Debug("patches cut off", "err", err)
		panic(http.ErrAbortHandler)
	default:
		_, _ = out.Write(nil) // the header, if there was nothing
	}
}

func patchOptions(r *http.Request) (o patch.ExportOptions, err error) {
	text := r.URL.Query().Get("since")
	since, err := strconv.ParseUint(text, 10, 64)
	if text != "" && err != nil {
		return o, fmt.Errorf("parameter since=%q must be a commit number", text)
	}
	o.Branch, o.Since = r.URL.Query().Get("branch"), graph.CommitSeq(since)
	if o.Limit, err = number(r, "limit", 0, 0); err != nil {
		return o, err
	}
	seconds, err := number(r, "wait", 0, int(maxFeedWait/time.Second))
	o.Wait = time.Duration(seconds) * time.Second
	return o, err
}

// patchApply makes a commit of each transaction of a patch log. What was
// applied before an error stays: the answer to one says how much that is.
func (s *Server) patchApply(w http.ResponseWriter, r *http.Request) {
	body := http.MaxBytesReader(w, r.Body, maxPatchBytes)
	done, err := patch.Apply(r.Context(), s.opt.Store, body, patch.ApplyOptions{
		Branch: r.URL.Query().Get("branch"), Note: "patch by " + auth.FromContext(r.Context()).Name})
	if err != nil {
		s.fail(w, patchStatus(err), fmt.Errorf("%w; %d transactions before it were applied", err, done.Transactions))
		return
	}
	w.Header().Set("Nettwin-Commit", strconv.FormatUint(uint64(done.Head), 10))
	s.answer(w, done)
}

// patchStatus is the status of what is wrong with a patch.
func patchStatus(err error) int {
	var row *patch.SyntaxError
	var quad *rdf.SyntaxError
	switch {
	case errors.As(err, &row), errors.As(err, &quad), errors.Is(err, io.ErrUnexpectedEOF):
		return http.StatusBadRequest
	case errors.Is(err, patch.ErrBroken):
		return http.StatusConflict
	}
	return protocol.StatusOf(err)
}
