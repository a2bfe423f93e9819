package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Limits of an explanation.
const (
	MaxExplainDepth = 32
	MaxExplainNodes = 2000
)

// ErrNoFact: the quad to explain is not in the snapshot.
var ErrNoFact = errors.New("explain: no such fact")

// Explanation is a fact with all that it rests on.
type Explanation struct {
	Fact      string       `json:"fact"` // N-Quads
	Asserted  bool         `json:"asserted,omitempty"`
	Because   []Derived    `json:"because,omitempty"`
	Source    *SourceTrace `json:"source,omitempty"`
	Truncated bool         `json:"truncated,omitempty"` // a limit was reached below
	Repeated  bool         `json:"repeated,omitempty"`  // explained where the tree first has it
}

// Derived is one way in which a rule made a fact.
type Derived struct {
	Rule       string         `json:"rule"`
	Name       string         `json:"name"`
	Comment    string         `json:"comment"`
	Citation   string         `json:"citation"`
	Derivation string         `json:"derivation"`
	Premises   []*Explanation `json:"premises"`
}

// SourceTrace leads from a source quad to the device, the time and the items.
type SourceTrace struct {
	Graph         string    `json:"graph"`
	Device        string    `json:"device,omitempty"`
	Collector     string    `json:"collector,omitempty"`
	Thing         string    `json:"thing"`
	KnowledgeItem string    `json:"knowledgeItem,omitempty"`
	Activity      string    `json:"activity,omitempty"`
	Started       time.Time `json:"started,omitzero"`
	Ended         time.Time `json:"ended,omitzero"`
	RawItems      []string  `json:"rawItems,omitempty"`
	Envelope      string    `json:"envelope,omitempty"`
	Commit        *CommitID `json:"commit,omitempty"`
}

// CommitID is a commit as explanations and the API show it.
type CommitID struct {
	Seq  graph.CommitSeq `json:"seq"`
	Time time.Time       `json:"time"`
}

// Explainer explains facts of one snapshot.
type Explainer struct {
	Source     graph.Source
	Derived    string // IRI of the derived graph
	Provenance string // IRI of the provenance graph
	// CommitOf finds the commit that brought an activity which ended at an
	// instant; may be nil.
	CommitOf func(ctx context.Context, activity rdf.Term, ended time.Time) (CommitID, bool)
}

// Explain gives the tree of a fact. The graph of a quad without one is the
// default graph, then the derived graph. Errors: ErrNoFact, ctx.Err(),
// storage errors.
func (x *Explainer) Explain(ctx context.Context, fact rdf.Quad) (*Explanation, error) {
	if fact.G.IsZero() {
		present, err := contains(x.Source, fact)
		if err != nil {
			return nil, err
		}
		if !present {
			fact.G = rdf.IRI(x.Derived)
		}
	}
	present, err := contains(x.Source, fact)
	if err != nil {
		return nil, err
	}
	if !present {
		fact.G = rdf.Term{}
		return nil, fmt.Errorf("%w: %s", ErrNoFact, fact)
	}
	walk := explainWalk{Explainer: x, explained: map[string]bool{}, activities: map[string]*SourceTrace{}}
	return walk.explain(ctx, fact, 0)
}

type explainWalk struct {
	*Explainer
	nodes      int
	explained  map[string]bool         // each fact once: trees share most of their leaves
	activities map[string]*SourceTrace // read once: many leaves come from few activities
}

func (w *explainWalk) explain(ctx context.Context, fact rdf.Quad, depth int) (*Explanation, error) {
	text := fact.String()
	node := &Explanation{Fact: text}
	w.nodes++
	if depth > MaxExplainDepth || w.nodes > MaxExplainNodes {
		node.Truncated = true
		return node, nil
	}
	var err error
	if node.Source, err = w.source(ctx, fact); err != nil {
		return nil, err
	}
	if w.explained[text] {
		node.Repeated = node.Source == nil
		return node, nil
	}
	w.explained[text] = true
	derivations, err := w.subjects(ctx, rdf.Quad{P: termDerives, O: rdf.String(text), G: rdf.IRI(w.Derived)})
	if err != nil {
		return nil, err
	}
	for _, iri := range derivations {
		because, err := w.derivation(ctx, iri, depth)
		if err != nil {
			return nil, err
		}
		node.Because = append(node.Because, because)
	}
	asserted, err := count(w.Source, rdf.Quad{P: termFoundAsserted, O: rdf.String(text), G: rdf.IRI(w.Derived)})
	node.Asserted = asserted > 0 || len(node.Because) == 0 && node.Source == nil
	return node, err
}

func (w *explainWalk) derivation(ctx context.Context, iri rdf.Term, depth int) (Derived, error) {
	derived := rdf.IRI(w.Derived)
	d := Derived{Derivation: iri.Value()}
	var err error
	if d.Rule, err = w.object(ctx, iri, termRule, derived); err != nil {
		return d, err
	}
	for property, into := range map[rdf.Term]*string{rdfsLabel: &d.Name, rdfsComment: &d.Comment, termCitation: &d.Citation} {
		if *into, err = w.object(ctx, rdf.IRI(d.Rule), property, derived); err != nil {
			return d, err
		}
	}
	premises, err := w.objects(ctx, iri, termPremise, derived)
	if err != nil {
		return d, err
	}
	for _, text := range premises {
		quad, err := parseQuad(text)
		if err != nil {
			return d, err
		}
		child, err := w.explain(ctx, quad, depth+1)
		if err != nil {
			return d, err
		}
		d.Premises = append(d.Premises, child)
	}
	return d, nil
}

// Provenance terms (PROV-O and ontology/twin.ttl).
var (
	termSourceGraph = rdf.IRI(twin + "sourceGraph")
	termDeviceName  = rdf.IRI(twin + "deviceName")
	termCollector   = rdf.IRI(twin + "collector")
	termEnvelope    = rdf.IRI(twin + "envelope")
	provGenerated   = rdf.IRI("http://www.w3.org/ns/prov#generated")
	provUsed        = rdf.IRI("http://www.w3.org/ns/prov#used")
	provStarted     = rdf.IRI("http://www.w3.org/ns/prov#startedAtTime")
	provEnded       = rdf.IRI("http://www.w3.org/ns/prov#endedAtTime")
)

// source traces a quad of a source graph; nil for other graphs.
func (w *explainWalk) source(ctx context.Context, fact rdf.Quad) (*SourceTrace, error) {
	if fact.G.IsZero() {
		return nil, nil
	}
	name, err := w.object(ctx, fact.G, termDeviceName, fact.G)
	if err != nil || name == "" {
		return nil, err
	}
	provenance := rdf.IRI(w.Provenance)
	t := &SourceTrace{Graph: fact.G.Value(), Device: name, Thing: fact.S.Value()}
	if t.Collector, err = w.object(ctx, fact.G, termCollector, fact.G); err != nil {
		return nil, err
	}
	if t.KnowledgeItem, err = w.object(ctx, fact.S, termItem, provenance); err != nil || t.KnowledgeItem == "" {
		return t, err
	}
	activities, err := w.subjects(ctx, rdf.Quad{P: provGenerated, O: rdf.IRI(t.KnowledgeItem), G: provenance})
	if err != nil || len(activities) == 0 {
		return t, err
	}
	return t, w.activity(ctx, activities, t)
}

// activity fills in the newest activity of this source that made the item.
func (w *explainWalk) activity(ctx context.Context, activities []rdf.Term, t *SourceTrace) error {
	provenance := rdf.IRI(w.Provenance)
	for _, activity := range activities {
		sourceGraph, err := w.object(ctx, activity, termSourceGraph, provenance)
		if err != nil {
			return err
		}
		ended, err := w.time(ctx, activity, provEnded)
		if err != nil {
			return err
		}
		if sourceGraph == t.Graph && !ended.Before(t.Ended) {
			t.Activity, t.Ended = activity.Value(), ended
		}
	}
	if t.Activity == "" {
		return nil
	}
	known, err := w.read(ctx, rdf.IRI(t.Activity), t.Ended)
	if err != nil {
		return err
	}
	t.Started, t.RawItems, t.Envelope, t.Commit = known.Started, known.RawItems, known.Envelope, known.Commit
	return nil
}

// read gathers what is the same for all leaves of one activity.
func (w *explainWalk) read(ctx context.Context, activity rdf.Term, ended time.Time) (*SourceTrace, error) {
	if known := w.activities[activity.Value()]; known != nil {
		return known, nil
	}
	provenance := rdf.IRI(w.Provenance)
	t := &SourceTrace{}
	var err error
	if t.Started, err = w.time(ctx, activity, provStarted); err != nil {
		return nil, err
	}
	if t.RawItems, err = w.objects(ctx, activity, provUsed, provenance); err != nil {
		return nil, err
	}
	if t.Envelope, err = w.object(ctx, activity, termEnvelope, provenance); err != nil {
		return nil, err
	}
	if w.CommitOf != nil {
		if commit, ok := w.CommitOf(ctx, activity, ended); ok {
			t.Commit = &commit
		}
	}
	w.activities[activity.Value()] = t
	return t, nil
}

func (w *explainWalk) time(ctx context.Context, s, p rdf.Term) (time.Time, error) {
	text, err := w.object(ctx, s, p, rdf.IRI(w.Provenance))
	if err != nil || text == "" {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, nil // a time in another form is shown nowhere rather than wrongly
	}
	return t, nil
}

func (w *explainWalk) object(ctx context.Context, s, p, g rdf.Term) (string, error) {
	all, err := w.objects(ctx, s, p, g)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

func (w *explainWalk) objects(ctx context.Context, s, p, g rdf.Term) ([]string, error) {
	var all []string
	err := match(ctx, w.Source, rdf.Quad{S: s, P: p, G: g}, func(q rdf.Quad) error {
		all = append(all, q.O.Value())
		return nil
	})
	slices.Sort(all)
	return all, err
}

func (w *explainWalk) subjects(ctx context.Context, q rdf.Quad) ([]rdf.Term, error) {
	var all []rdf.Term
	err := match(ctx, w.Source, q, func(q rdf.Quad) error {
		all = append(all, q.S)
		return nil
	})
	slices.SortFunc(all, func(a, b rdf.Term) int { return strings.Compare(a.Value(), b.Value()) })
	return all, err
}
