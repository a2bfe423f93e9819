package intent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/reasoning/rules"
)

// Rules answer one change by several commits, stratum by stratum: what stands
// between them is no state of the network. Intents are looked at when no commit
// came for settlePause, and after settleLimit whatever comes.
const (
	settlePause = 250 * time.Millisecond
	settleLimit = 2 * time.Second
)

// retryPause is after a version of the graph could not be read or written.
const retryPause = time.Second

// stated are the states that rules state, worst first: it is what an intent is
// in of which more than one is said.
var stated = []State{Rejected, Degraded, Compliant}

// Follow looks at the intents after each commit of main and writes reports of
// those whose state or reasons have changed, until ctx ends, which is no error.
func (k *Keeper) Follow(ctx context.Context) error {
	after := k.opt.Store.Info().Head
	feed, err := k.opt.Store.Feed(graph.Main, after)
	if err != nil {
		return fmt.Errorf("intent: %w", err)
	}
	defer feed.Close()
	for {
		if err := k.Assure(ctx); err != nil && ctx.Err() == nil {
			k.opt.Log.Error("intents", "err", err)
			pause(ctx, retryPause)
		}
		if err := k.await(ctx, feed); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("intent: %w", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// await waits for a commit, and then until those that follow from it are there.
func (k *Keeper) await(ctx context.Context, feed graph.Feed) error {
	if _, err := feed.Next(ctx); err != nil {
		return err
	}
	limit, end := context.WithTimeout(ctx, settleLimit)
	defer end()
	for {
		pause, cancel := context.WithTimeout(limit, settlePause)
		_, err := feed.Next(pause)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Assure looks at all intents once. One that cannot be read does not stop the
// others.
func (k *Keeper) Assure(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	head, err := k.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return fmt.Errorf("intent: %w", err)
	}
	defer head.Close()
	ids, err := k.idsIn(ctx, head)
	if err != nil {
		return fmt.Errorf("intent: %w", err)
	}
	var failures []error
	for _, id := range ids {
		failures = append(failures, k.assure(ctx, head, id))
	}
	return errors.Join(failures...)
}

// assure reports on one intent if there is something new.
func (k *Keeper) assure(ctx context.Context, head graph.Snapshot, id string) error {
	state, err := k.state(ctx, head, id)
	if err != nil || state == "" {
		return err
	}
	reasons, err := k.reasons(ctx, head, id)
	if err != nil {
		return err
	}
	if state == Compliant && len(reasons) > 0 {
		return nil // rules are at work: they have found a reason and not yet the state
	}
	previous, err := k.reports(ctx, head, id)
	if err != nil || latest(previous).same(state, reasons) {
		return err
	}
	if err := k.trace(ctx, head, id, reasons); err != nil {
		return err
	}
	report := Report{Intent: id, Number: next(previous), State: state, Time: k.now(), Reasons: reasons}
	batch := &graph.Batch{Note: fmt.Sprintf("intent: %s is %s", id, state)}
	k.append(batch, previous, &report)
	if _, err := k.opt.Store.Commit(ctx, batch); err != nil {
		return fmt.Errorf("intent %s: %w", id, err)
	}
	k.opt.Log.Info("intent", "intent", id, "state", state, "report", report.Number)
	k.tell(report)
	return nil
}

// state reads what rules say of an intent; "" is nothing.
func (k *Keeper) state(ctx context.Context, src graph.Source, id string) (State, error) {
	list, err := read.Objects(ctx, src, k.iri(id), termState, k.derived)
	if err != nil {
		return "", fmt.Errorf("intent %s: state: %w", id, err)
	}
	for _, s := range stated {
		if slices.ContainsFunc(list, func(t rdf.Term) bool { return t == rdf.String(string(s)) }) {
			return s, nil
		}
	}
	return "", nil
}

// reasons reads why an intent is in its state, by message: the sentences of the
// rules, each with the findings that they name.
func (k *Keeper) reasons(ctx context.Context, src graph.Source, id string) ([]Reason, error) {
	messages, err := read.Objects(ctx, src, k.iri(id), termReason, k.derived)
	if err != nil {
		return nil, fmt.Errorf("intent %s: reasons: %w", id, err)
	}
	slices.SortFunc(messages, rdf.Compare)
	var list []Reason
	for _, m := range messages[:min(len(messages), MaxReasons)] {
		list = append(list, Reason{Message: m.Value()})
	}
	return list, nil
}

// trace names the findings and the items on which each reason rests.
func (k *Keeper) trace(ctx context.Context, src graph.Source, id string, reasons []Reason) error {
	x := &rules.Explainer{Source: src, Derived: k.derived.Value(), Provenance: k.prov.Value()}
	findings, err := read.Objects(ctx, src, k.iri(id), termBecause, k.derived)
	if err != nil {
		return fmt.Errorf("intent %s: reasons: %w", id, err)
	}
	for i := range reasons {
		tree, err := x.Explain(ctx, rdf.Quad{S: k.iri(id), P: termReason, O: rdf.String(reasons[i].Message), G: k.derived})
		if err != nil {
			return fmt.Errorf("intent %s: reasons: %w", id, err)
		}
		subjects, items := k.spokenOf(tree)
		for _, f := range findings {
			if subjects[f.String()] {
				reasons[i].About = append(reasons[i].About, f.Value())
			}
		}
		slices.Sort(reasons[i].About)
		slices.Sort(items)
		reasons[i].Items = items
	}
	return nil
}

// spokenOf lists the subjects of an explanation's facts, in N-Quads, and the
// names of the knowledge items that the facts of sources came in, those that
// are the fewest steps away, at most MaxReasonItems.
func (k *Keeper) spokenOf(tree *rules.Explanation) (subjects map[string]bool, items []string) {
	subjects = map[string]bool{}
	for level := []*rules.Explanation{tree}; len(level) > 0; {
		var below []*rules.Explanation
		for _, x := range level {
			subject, _, _ := strings.Cut(x.Fact, " ")
			subjects[subject] = true
			if x.Source != nil && x.Source.KnowledgeItem != "" {
				n, err := naming.ParseItemIRI(k.opt.Base, rdf.IRI(x.Source.KnowledgeItem))
				if err == nil && len(items) < MaxReasonItems && !slices.Contains(items, n.String()) {
					items = append(items, n.String())
				}
			}
			for _, why := range x.Because {
				below = append(below, why.Premises...)
			}
		}
		level = below
	}
	return subjects, items
}
