package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"nettwin/sparql"
	"nettwin/sparql/algebra"
	"nettwin/sparql/plan"
	"nettwin/sparql/results"
)

// explanation is the answer to explain=plan and explain=profile.
type explanation struct {
	Query   string          `json:"query"`
	Algebra string          `json:"algebra"`
	Plan    *plan.Explained `json:"plan"`
	Rows    *int            `json:"rows,omitempty"`   // profile
	Took    *float64        `json:"tookMs,omitempty"` // profile

	text string
}

// explain answers explain=plan, which does not run the query, and
// explain=profile, which runs it and reads its answer to the end. JSON if
// format=json or Accept asks for it, else text.
func (h *Handler) explain(w http.ResponseWriter, r *http.Request, p request, query parsed, opt sparql.Options) {
	kind := p.get("explain")
	switch kind {
	case "true", "":
		kind = "plan"
	case "plan", "profile":
	default:
		Fail(w, http.StatusBadRequest, fmt.Errorf("explain=%q is neither plan nor profile", kind))
		return
	}
	snapshot, _, ok := h.open(w, r, p.get)
	if !ok {
		return
	}
	defer snapshot.Close()
	ctx, run := h.begin(r, w, "explain", p.text)
	defer run.end()
	out := explanation{Query: p.text, Algebra: algebra.String(query.Algebra().Op)}
	if kind == "plan" {
		made, err := query.Plan(ctx, snapshot, opt)
		if err != nil {
			h.failQuery(ctx, w, r, err)
			return
		}
		out.Plan, out.text = made.Explain(), made.String()
	} else {
		opt.Explain = func(ran *plan.Plan) { out.Plan, out.text = ran.Explain(), ran.Profile() }
		started := h.opt.Now()
		result, err := query.Run(ctx, snapshot, opt)
		rows := 0
		if err == nil {
			rows, err = drain(r, result)
		}
		run.finished(rows, err)
		if err != nil {
			h.failQuery(ctx, w, r, err)
			return
		}
		took := float64(h.opt.Now().Sub(started)) / float64(time.Millisecond)
		out.Rows, out.Took = &rows, &took
	}
	writeExplanation(w, r, p, out)
}

func writeExplanation(w http.ResponseWriter, r *http.Request, p request, out explanation) {
	w.Header().Add("Vary", "Accept")
	if p.get("format") == "json" || strings.Contains(r.Header.Get("Accept"), "json") {
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		_ = enc.Encode(out) // an error means that the client went away
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprint(w, out.text)
	if out.Rows != nil {
		fmt.Fprintf(w, "%d rows in %.3f ms\n", *out.Rows, *out.Took)
	}
}

// drain reads an answer to its end and tells the number of its rows.
func drain(r *http.Request, result *results.Result) (int, error) {
	count := counted(result)
	var err error
	switch {
	case result.Rows != nil:
		for err == nil {
			_, err = result.Rows.Next(r.Context())
		}
	case result.Triples != nil:
		for err == nil {
			_, err = result.Triples.Next(r.Context())
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if cerr := result.Close(); err == nil {
		err = cerr
	}
	return count(), err
}
