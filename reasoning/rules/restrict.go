package rules

import (
	"context"
	"fmt"
	"slices"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/internal/invariant"
	"nettwin/reasoning/model"
	"nettwin/sparql/algebra"
)

// Limits of restricted evaluation: beyond them a rule runs in full, since that
// is faster.
const (
	// MaxBindings bounds the bindings that a WHERE is restricted to.
	MaxBindings = 4096
	// fewBindings are always worth it; more only while they are less than
	// one for so many solutions.
	fewBindings      = 64
	solutionsPerBind = 4
)

// restrictions returns, for each of the rule's keys, the bindings with which
// solutions that the change can make appear or vanish agree (I3); nil for keys
// that it does not touch. ok is false if the rule must run in full.
func (r *Rule) restrictions(changed *Delta, solutions int) (tables []*algebra.Table, ok bool) {
	limit := min(MaxBindings, max(fewBindings, solutions/solutionsPerBind))
	sets := make([]map[string][]rdf.Term, len(r.keys))
	bound := map[string]rdf.Term{}
	for i := range r.touched {
		t := &r.touched[i]
		for q := range changed.candidates(t) {
			if !t.match(q, bound) {
				continue
			}
			if t.key < 0 {
				return nil, false
			}
			if sets[t.key] == nil {
				sets[t.key] = map[string][]rdf.Term{}
			}
			row := values(bound, t.vars)
			sets[t.key][string(appendTerms(nil, row))] = row
		}
	}
	tables = make([]*algebra.Table, len(r.keys))
	total := 0
	for key, set := range sets {
		t := &algebra.Table{Vars: r.keys[key]}
		for _, row := range set {
			if !r.implied(key, row, sets) {
				t.Rows = append(t.Rows, row)
			}
		}
		if total += len(t.Rows); total > limit {
			return nil, false
		}
		if len(t.Rows) > 0 {
			tables[key] = t
		}
	}
	return tables, true
}

// implied tells whether solutions that agree with a row agree with one of
// fewer variables too.
func (r *Rule) implied(key int, row []rdf.Term, sets []map[string][]rdf.Term) bool {
	for other, set := range sets {
		if len(set) == 0 || len(r.keys[other]) >= len(r.keys[key]) || !subset(r.keys[other], r.keys[key]) {
			continue
		}
		part := project(&algebra.Table{Vars: r.keys[key], Rows: [][]rdf.Term{row}}, r.keys[other])
		if _, is := set[string(appendTerms(nil, part.Rows[0]))]; is {
			return true
		}
	}
	return false
}

// evaluateAt evaluates the WHERE where it agrees with the tables, compares
// with the solutions known that do, and leaves the difference in known and ch.
func (e *Engine) evaluateAt(ctx context.Context, r *Rule, tables []*algebra.Table, known *solutions, snapshot graph.Snapshot, ch *change) error {
	fresh, derivations, err := e.solveAt(ctx, r, tables, snapshot)
	if err != nil {
		return err
	}
	stale := map[int32]bool{}
	for key, t := range tables {
		if t == nil {
			continue
		}
		for _, slot := range known.agreeing(key, digestsOf(t)) {
			stale[slot] = true
		}
	}
	before := map[digest]bool{} // derivations that may come or go
	for slot := range stale {
		one := known.list[slot]
		before[one.derivation] = true
		if now, still := fresh[one.row]; still && now.derivation == one.derivation {
			delete(fresh, one.row)
			delete(stale, slot)
		}
	}
	for id := range derivations {
		before[id] = known.count[id] > 0
	}
	e.remembered += len(fresh) - len(stale)
	known.remove(stale)
	for _, one := range fresh {
		known.add(one)
	}
	if err := ch.replaceDerivations(ctx, before, known.count, derivations); err != nil {
		return err
	}
	if invariant.Sometimes(4) || e.verifyAll {
		return e.verify(ctx, r, tables, known, snapshot)
	}
	return nil
}

func digestsOf(t *algebra.Table) map[digest]bool {
	set := map[digest]bool{}
	for _, row := range t.Rows {
		set[digestOf(row)] = true
	}
	return set
}

// solveAt returns the solutions that agree with the tables, by row, and their
// derivations.
func (e *Engine) solveAt(ctx context.Context, r *Rule, tables []*algebra.Table, snapshot graph.Snapshot) (map[digest]solution, map[digest]derivation, error) {
	found, derivations := map[digest]solution{}, map[digest]derivation{}
	ruleIRI, row := e.terms.rule(r.Name), model.Row{}
	for _, t := range tables {
		if t == nil {
			continue
		}
		err := r.rows(ctx, snapshot, e.options(), narrow(r.Query.Op, t), r.rowVars, func() model.Row { return row }, func(model.Row) error {
			one := r.solutionOf(row)
			if _, twice := found[one.row]; twice {
				return nil
			}
			d, ok, err := e.derive(r, ruleIRI, row, []model.Row{row}, snapshot)
			if ok {
				one.derivation = d.id
				found[one.row], derivations[d.id] = one, d
			}
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return found, derivations, nil
}

// replaceDerivations takes away the derivations of before that have no
// solution any more and records those that had none. now counts solutions.
func (c *change) replaceDerivations(ctx context.Context, before map[digest]bool, now map[digest]int, found map[digest]derivation) error {
	for id, was := range before {
		var err error
		switch is := now[id] > 0; {
		case was && !is:
			err = c.remove(ctx, c.terms.derivation(id))
		case is && !was:
			err = c.keep(found[id], true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mend states facts of the rule again that somebody deleted though
// derivations for them stay (I1).
func (c *change) mend(ctx context.Context, r *Rule, changed *Delta) error {
	for fact := range changed.written(r) {
		present, err := contains(c.src, fact)
		if err != nil {
			return err
		}
		if present {
			continue
		}
		text := fact.String()
		err = match(ctx, c.src, rdf.Quad{P: termDerives, O: rdf.String(text), G: c.terms.derived}, func(q rdf.Quad) error {
			own, err := contains(c.src, rdf.Quad{S: q.S, P: termRule, O: c.terms.rule(r.Name), G: c.terms.derived})
			if own && !c.gone[q.S] {
				c.adds = append(c.adds, fact)
				c.added[text] = true
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// recordPredicates are those of derivations' records.
var recordPredicates = []rdf.Term{termRule, termDerives, termPremise}

// distrust forgets all solutions if a change that the rules did not make is
// one of their records.
func (e *Engine) distrust(ctx context.Context, changed *Delta) error {
	if changed.great || !slices.ContainsFunc(recordPredicates, func(p rdf.Term) bool { return len(changed.quads[p]) > 0 }) {
		return nil
	}
	snapshot, err := e.opt.Store.Snapshot(graph.At{Branch: e.opt.Branch})
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	defer snapshot.Close()
	for _, p := range recordPredicates {
		for _, q := range changed.quads[p] {
			as, err := e.asRecorded(snapshot, q)
			if err != nil {
				return err
			}
			if !as {
				for name := range e.known {
					e.forget(name)
				}
				return nil
			}
		}
	}
	return nil
}

// asRecorded tells whether a quad of a derivation's record is there exactly if
// a solution of its rule is known, or the rule's are not remembered.
func (e *Engine) asRecorded(src graph.Source, q rdf.Quad) (bool, error) {
	id, ok := e.terms.derivationID(q.S)
	if !ok || q.G != e.terms.derived {
		return true, nil
	}
	present, err := contains(src, q)
	if err != nil {
		return false, err
	}
	for name, known := range e.known {
		if known.count[id] > 0 {
			return present, nil
		}
		if present {
			own, err := contains(src, rdf.Quad{S: q.S, P: termRule, O: e.terms.rule(name), G: q.G})
			if err != nil || own {
				return false, err
			}
		}
	}
	return true, nil
}

// verify compares the known solutions with those of a full evaluation: the
// ones that agree with the tables or, where nothing else can have changed,
// all.
func (e *Engine) verify(ctx context.Context, r *Rule, tables []*algebra.Table, known *solutions, snapshot graph.Snapshot) error {
	sets := make([]map[digest]bool, len(tables))
	for key, t := range tables {
		if t != nil {
			sets[key] = digestsOf(t)
		}
	}
	agrees := func(one solution) bool {
		for key, set := range sets {
			if set[one.keys[key]] {
				return true
			}
		}
		return e.verifyAll
	}
	missing := 0
	for _, slot := range known.slots {
		if agrees(known.list[slot]) {
			missing++
		}
	}
	err := r.solve(ctx, snapshot, e.options(), e.opt.Models, func(row model.Row, uses []model.Row) error {
		d, ok, err := e.derive(r, e.terms.rule(r.Name), row, uses, snapshot)
		one := r.solutionOf(row)
		if !ok || !agrees(one) {
			return err
		}
		slot, is := known.slots[one.row]
		if !is || known.list[slot].derivation != d.id {
			return fmt.Errorf("invariant I3: restricted evaluation differs from a full one at %v", row)
		}
		missing--
		return nil
	})
	if err == nil && missing != 0 {
		err = fmt.Errorf("invariant I3: %d solutions known that a full evaluation does not have", missing)
	}
	return err
}
