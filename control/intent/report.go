package intent

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// State is how an intent stands, as its lifecycleStatus tells.
type State string

// The states. Accepted is an intent that shapes let pass and of which no rule
// has said anything yet.
const (
	Accepted  State = "Accepted"
	Compliant State = "Compliant"
	Degraded  State = "Degraded"
	Rejected  State = "Rejected"
)

// Limits of reports.
const (
	MaxReports     = 100 // of one intent; older ones leave the current version
	MaxReasons     = 50  // of one report
	MaxReasonItems = 20  // of one reason
)

// Reason is why an intent is in a state, with the names of the items in which
// the facts came that it rests on.
type Reason struct {
	Message string   `json:"message"`
	About   []string `json:"about,omitempty"`
	Items   []string `json:"items,omitempty"`
}

// Report is one step of an intent's ladder.
type Report struct {
	Intent  string // id
	Number  int    // from 1
	State   State
	Time    time.Time
	Reasons []Reason
}

// ID is the report's id within its intent.
func (r *Report) ID() string { return strconv.Itoa(r.Number) }

// next is the number of the report after the others.
func next(reports []Report) int {
	if len(reports) == 0 {
		return 1
	}
	return reports[len(reports)-1].Number + 1
}

// latest is the newest report; an intent that has none was taken, and no more
// is known.
func latest(reports []Report) *Report {
	if len(reports) == 0 {
		return &Report{State: Accepted}
	}
	return &reports[len(reports)-1]
}

// same tells whether a report says no more than the one before it.
func (r *Report) same(state State, reasons []Reason) bool {
	return r.State == state && slices.EqualFunc(r.Reasons, reasons, func(a, b Reason) bool { return a.Message == b.Message })
}

// append adds a report to a batch, and takes out those that are too old.
func (k *Keeper) append(batch *graph.Batch, previous []Report, report *Report) {
	report.Reasons = report.Reasons[:min(len(report.Reasons), MaxReasons)]
	batch.Adds = append(batch.Adds, report.quads(k)...)
	for i := range max(0, len(previous)+1-MaxReports) {
		batch.Deletes = append(batch.Deletes, previous[i].quads(k)...)
	}
}

// quads are what the provenance graph says of a report.
func (r *Report) quads(k *Keeper) []rdf.Quad {
	iri := naming.ThingIRI(k.opt.Base, "intent", r.Intent, "report", r.ID())
	list := []rdf.Triple{
		{S: iri, P: termType, O: classReport}, {S: iri, P: termAbout, O: k.iri(r.Intent)},
		{S: iri, P: termNumber, O: rdf.Literal(r.ID(), rdf.XSDInteger)}, {S: iri, P: termState, O: rdf.String(string(r.State))},
		{S: iri, P: termGenerated, O: instant(r.Time)},
	}
	for n, reason := range r.Reasons {
		part := naming.ThingIRI(k.opt.Base, "intent", r.Intent, "report", r.ID(), "reason", strconv.Itoa(n+1))
		list = append(list, rdf.Triple{S: iri, P: termBecause, O: part}, rdf.Triple{S: part, P: termMessage, O: rdf.String(reason.Message)})
		for _, about := range reason.About {
			list = append(list, rdf.Triple{S: part, P: termAbout, O: rdf.IRI(about)})
		}
		for _, item := range reason.Items {
			if n, err := naming.Parse(item); err == nil {
				list = append(list, rdf.Triple{S: part, P: termItem, O: naming.ItemIRI(k.opt.Base, n)})
			}
		}
	}
	quads := make([]rdf.Quad, len(list))
	for i, t := range list {
		quads[i] = t.In(k.prov)
	}
	return quads
}

// reports reads an intent's reports of one version, oldest first.
func (k *Keeper) reports(ctx context.Context, src graph.Source, id string) ([]Report, error) {
	var list []Report
	prefix := naming.ThingIRI(k.opt.Base, "intent", id, "report", "").Value()
	err := read.Scan(ctx, src, rdf.Quad{P: termAbout, O: k.iri(id), G: k.prov}, func(q rdf.Quad) error {
		text, ok := strings.CutPrefix(q.S.Value(), prefix)
		n, err := strconv.Atoi(text)
		if !ok || err != nil {
			return nil
		}
		r, err := k.readReport(ctx, src, q.S)
		r.Intent, r.Number = id, n
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("intent %s: reports: %w", id, err)
	}
	slices.SortFunc(list, func(a, b Report) int { return a.Number - b.Number })
	return list, nil
}

func (k *Keeper) readReport(ctx context.Context, src graph.Source, iri rdf.Term) (Report, error) {
	var r Report
	parts := map[int]Reason{}
	err := read.Scan(ctx, src, rdf.Quad{S: iri, G: k.prov}, func(q rdf.Quad) (err error) {
		switch q.P {
		case termState:
			r.State = State(q.O.Value())
		case termGenerated:
			r.Time, err = time.Parse(time.RFC3339, q.O.Value())
		case termBecause:
			n, _ := strconv.Atoi(q.O.Value()[strings.LastIndexByte(q.O.Value(), '/')+1:])
			parts[n], err = k.readReason(ctx, src, q.O)
		}
		return err
	})
	for n := 1; n <= len(parts); n++ {
		r.Reasons = append(r.Reasons, parts[n])
	}
	return r, err
}

func (k *Keeper) readReason(ctx context.Context, src graph.Source, part rdf.Term) (Reason, error) {
	var reason Reason
	err := read.Scan(ctx, src, rdf.Quad{S: part, G: k.prov}, func(q rdf.Quad) error {
		switch q.P {
		case termMessage:
			reason.Message = q.O.Value()
		case termAbout:
			reason.About = append(reason.About, q.O.Value())
		case termItem:
			if n, err := naming.ParseItemIRI(k.opt.Base, q.O); err == nil {
				reason.Items = append(reason.Items, n.String())
			}
		}
		return nil
	})
	slices.Sort(reason.About)
	slices.Sort(reason.Items)
	return reason, err
}

// Reports lists an intent's reports, oldest first. Errors: ErrNoIntent.
func (k *Keeper) Reports(ctx context.Context, id string) ([]Report, error) {
	head, err := k.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return nil, fmt.Errorf("intent %s: %w", id, err)
	}
	defer head.Close()
	is, err := read.Holds(head, rdf.Quad{S: k.iri(id), P: termType, O: classIntent, G: k.intended})
	if err != nil {
		return nil, fmt.Errorf("intent %s: %w", id, err)
	}
	if !is {
		return nil, fmt.Errorf("%w: %s", ErrNoIntent, id)
	}
	return k.reports(ctx, head, id)
}

// Report returns one report. Errors: ErrNoIntent, ErrNoReport.
func (k *Keeper) Report(ctx context.Context, id, report string) (Report, error) {
	list, err := k.Reports(ctx, id)
	if err != nil {
		return Report{}, err
	}
	i := slices.IndexFunc(list, func(r Report) bool { return r.ID() == report })
	if i < 0 {
		return Report{}, fmt.Errorf("%w: report %s of intent %s", ErrNoReport, report, id)
	}
	return list[i], nil
}
