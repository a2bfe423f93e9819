package rules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/reasoning/model"
)

// Limits of the engine.
const (
	// MaxSolutions bounds the solutions of one rule.
	MaxSolutions = 2_000_000
	// RuleTimeout bounds one run of one rule.
	RuleTimeout = 2 * time.Minute
)

// notePrefix marks the engine's own commits, which do not start it again.
const notePrefix = "rules: "

// Options are what an Engine works on.
type Options struct {
	Store     graph.Store
	Base      string // the store's base IRI, ending in "/"
	Derived   string // IRI of the derived graph
	Knowledge fs.FS  // folders align and rules; read by Reload
	Branch    string // whose facts are kept true; "" means graph.Main
	Log       *slog.Logger
	Now       func() time.Time
	Models    []model.Model // that rules may name; nil means Models
}

// Engine keeps what rules derive on one branch true. Its methods are
// safe for concurrent use; runs happen one at a time.
type Engine struct {
	opt   Options
	terms terms

	runMu sync.Mutex // one run at a time; taken before mu; guards known and remembered
	// known are the solutions behind what is recorded of rules, by rule name;
	// a rule that has none runs in full.
	known      map[string]*solutions
	remembered int  // solutions in known
	verifyAll  bool // tests: every restricted evaluation is compared with a full one
	restricted int  // evaluations that were not of the whole WHERE

	mu     sync.Mutex // guards what is below
	set    *Set
	texts  map[string]string // rule name → text of its last complete run
	status map[string]Status
}

// Status is what is known of one rule's last run.
type Status struct {
	Rule        string        `json:"rule"`
	File        string        `json:"file"`
	Target      Target        `json:"target"`
	Comment     string        `json:"comment"`
	Citation    string        `json:"citation"`
	Derivations int           `json:"derivations"`
	Duration    time.Duration `json:"durationNanoseconds"`
	LastRun     time.Time     `json:"lastRun"`
	Error       string        `json:"error,omitempty"`
}

// New returns an engine without rules; Reload reads them.
func New(opt Options) *Engine {
	return &Engine{
		opt:    opt,
		terms:  terms{base: opt.Base, derived: rdf.IRI(opt.Derived)},
		set:    &Set{},
		texts:  map[string]string{},
		status: map[string]Status{},
		known:  map[string]*solutions{},
	}
}

// OnBranch returns an engine with the same rules for another branch: Apply
// runs them on what a scenario says there.
func (e *Engine) OnBranch(branch string) *Engine {
	opt := e.opt
	opt.Branch = branch
	other := New(opt)
	other.set = e.Set()
	return other
}

// Set returns the rules in use. It is not changed afterwards.
func (e *Engine) Set() *Set {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.set
}

// Status lists the rules with their last runs, by name, broken files included.
func (e *Engine) Status() []Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := slices.Collect(maps.Values(e.status))
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Rule, b.Rule) })
	return list
}

// Reload reads the knowledge folder, removes what deleted rules derived, and
// runs rules whose text changed. Files that cannot be used are logged and
// keep their last facts; the error is about the folder or the store.
func (e *Engine) Reload(ctx context.Context) error {
	e.runMu.Lock()
	defer e.runMu.Unlock()
	set, err := LoadSet(e.opt.Knowledge, e.opt.Base)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.set = set
	changed := map[string]bool{}
	for _, r := range set.Rules() {
		changed[r.Name] = e.texts[r.Name] != r.Text
	}
	e.noteBroken(set)
	e.mu.Unlock()
	for name := range e.known {
		if set.Rule(name) == nil || changed[name] {
			e.forget(name)
		}
	}
	removed, err := e.removeDeleted(ctx, set)
	if err != nil {
		return err
	}
	return e.run(ctx, set, removed, func(r *Rule) bool { return changed[r.Name] })
}

// noteBroken puts unusable files into the status. Called with mu held.
func (e *Engine) noteBroken(set *Set) {
	for name := range e.status {
		if set.Rule(name) == nil {
			delete(e.status, name)
			delete(e.texts, name)
		}
	}
	for name, err := range set.Broken {
		e.opt.Log.Error("rule file cannot be used; what it derived before stays", "rule", name, "err", err)
		e.status[name] = Status{Rule: name, Error: err.Error()}
	}
}

// Apply runs the rules that a change touches, and those that depend on what
// they change; a nil delta runs all. One rule's failure leaves its facts as
// they are and does not stop the others: the errors are joined.
func (e *Engine) Apply(ctx context.Context, changed *Delta) error {
	e.runMu.Lock()
	defer e.runMu.Unlock()
	if changed == nil {
		changed = everything()
	}
	own := &Delta{} // run adds to it
	own.Merge(changed)
	if err := e.distrust(ctx, own); err != nil {
		return err
	}
	return e.run(ctx, e.Set(), own, func(*Rule) bool { return false })
}

// RunTimeDependent runs the rules that read the clock.
func (e *Engine) RunTimeDependent(ctx context.Context) error {
	e.runMu.Lock()
	defer e.runMu.Unlock()
	return e.run(ctx, e.Set(), &Delta{}, func(r *Rule) bool { return r.timeDependent })
}

// run goes through the strata: one commit each, if anything changed.
func (e *Engine) run(ctx context.Context, set *Set, changed *Delta, force func(*Rule) bool) error {
	var failures []error
	for _, stratum := range set.Strata {
		var due []*Rule
		for _, r := range stratum {
			if force(r) || changed.touches(r) {
				due = append(due, r)
			}
		}
		if len(due) == 0 {
			continue
		}
		delta, err := e.runStratum(ctx, due, changed, force)
		if err != nil {
			failures = append(failures, err)
		}
		if ctx.Err() != nil {
			for name := range e.known { // rules of later strata miss the change
				e.forget(name)
			}
			return errors.Join(failures...)
		}
		changed.Merge(delta)
	}
	return errors.Join(failures...)
}

func (e *Engine) runStratum(ctx context.Context, due []*Rule, changed *Delta, force func(*Rule) bool) (*Delta, error) {
	forgetAll := func() {
		for _, r := range due {
			e.forget(r.Name)
		}
	}
	snapshot, err := e.opt.Store.Snapshot(graph.At{Branch: e.opt.Branch})
	if err != nil {
		forgetAll()
		return &Delta{}, fmt.Errorf("rules: %w", err)
	}
	defer snapshot.Close()
	ch := newChange(e.terms, snapshot, e.opt.Branch)
	var failures []error
	ran := map[string]Status{}
	for _, r := range due {
		started := e.opt.Now()
		since := changed
		if force(r) || changed.great {
			since = nil
		}
		count, err := e.evaluate(ctx, r, since, snapshot, ch)
		status := Status{Rule: r.Name, File: r.File, Target: r.Target, Comment: r.Comment, Citation: r.Citation,
			Derivations: count, LastRun: started, Duration: e.opt.Now().Sub(started)}
		if err != nil {
			e.forget(r.Name)
			failures = append(failures, fmt.Errorf("rule %s: %w", r.Name, err))
			status.Error = err.Error()
		}
		ran[r.Name] = status
	}
	delta, err := ch.commit(ctx, e.opt.Store, notePrefix+names(due))
	if err != nil {
		forgetAll()
		return &Delta{}, errors.Join(append(failures, fmt.Errorf("rules: %w", err))...)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range due {
		e.status[r.Name] = ran[r.Name]
		if ran[r.Name].Error == "" {
			e.texts[r.Name] = r.Text
		}
	}
	return delta, errors.Join(failures...)
}

// removeDeleted takes away the derivations of rules that have no file any
// more, and the facts that rested on them alone.
func (e *Engine) removeDeleted(ctx context.Context, set *Set) (*Delta, error) {
	snapshot, err := e.opt.Store.Snapshot(graph.At{Branch: e.opt.Branch})
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	defer snapshot.Close()
	keep := map[rdf.Term]bool{}
	for _, r := range set.Rules() {
		keep[e.terms.rule(r.Name)] = true
	}
	for name := range set.Broken {
		keep[e.terms.rule(name)] = true
	}
	ch := newChange(e.terms, snapshot, e.opt.Branch)
	var gone []string
	err = match(ctx, snapshot, rdf.Quad{P: rdfType, O: termRuleClass, G: e.terms.derived}, func(q rdf.Quad) error {
		if keep[q.S] {
			return nil
		}
		gone = append(gone, strings.TrimPrefix(q.S.Value(), e.terms.rule("").Value()))
		return ch.removeRule(ctx, q.S)
	})
	if err != nil || len(gone) == 0 {
		return &Delta{}, err
	}
	return ch.commit(ctx, e.opt.Store, notePrefix+"removed "+strings.Join(gone, ", "))
}
