package intent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"nettwin/control"
	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/reasoning/rules"
)

// branchPrefix begins the branches on which intents are tried.
const branchPrefix = "intent-"

// ItemStore keeps items; *items.Store is one.
type ItemStore interface {
	// Put returns when the items are on stable storage.
	Put(ctx context.Context, batch []items.Item) ([]naming.Name, error)
	Get(name naming.Name) (items.Item, error)
}

// Options are what a Keeper works with. Store, Rules, Items, Base, Knowledge and
// NewID are required.
type Options struct {
	Store     graph.Store
	Rules     *rules.Engine // of main; used by OnBranch
	Items     ItemStore
	Base      string
	Knowledge fs.FS         // folder shapes; read at each change
	NewID     func() string // ids of intents, never the same twice
	Now       func() time.Time
	Log       *slog.Logger // nil means no log
}

// Keeper keeps intents. Its methods are safe for concurrent use.
type Keeper struct {
	opt                     Options
	intended, derived, prov rdf.Term
	mu                      sync.Mutex // one change of intents or reports at a time
	listeners
}

// New returns a keeper of the intents that the store has.
func New(opt Options) (*Keeper, error) {
	if opt.Store == nil || opt.Rules == nil || opt.Items == nil || opt.Base == "" || opt.Knowledge == nil || opt.NewID == nil {
		return nil, errors.New("intent: Store, Rules, Items, Base, Knowledge and NewID are required")
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{opt: opt, intended: naming.IntendedGraph(opt.Base), derived: naming.DerivedGraph(opt.Base), prov: naming.ProvenanceGraph(opt.Base)}, nil
}

func (k *Keeper) iri(id string) rdf.Term { return naming.ThingIRI(k.opt.Base, "intent", id) }

func (k *Keeper) drop(ctx context.Context, branch string) error {
	err := k.opt.Store.Drop(ctx, branch)
	if errors.Is(err, graph.ErrNoBranch) {
		return nil
	}
	return err
}

// operates refuses those who may not reach devices: an intent leads there.
func operates(by control.Principal, what string) error {
	if by.Operates() {
		return nil
	}
	return fmt.Errorf("%w: %s takes the role operator, %q has %q", control.ErrForbidden, what, by.Name, by.Role)
}

// Create takes an intent. Errors: control.ErrForbidden, ErrRequest, ErrTooMany,
// *ExpressionError, *ViolationError, *ConflictError, those of the store.
func (k *Keeper) Create(ctx context.Context, f *Fields, by control.Principal) (Intent, error) {
	if err := operates(by, "an intent"); err != nil {
		return Intent{}, err
	}
	if err := f.check(); err != nil {
		return Intent{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	ids, err := k.ids(ctx)
	if err != nil {
		return Intent{}, err
	}
	if len(ids) >= MaxIntents {
		return Intent{}, fmt.Errorf("%w: %d are kept: delete some first", ErrTooMany, MaxIntents)
	}
	now := k.now()
	r := &record{ID: k.opt.NewID(), Created: now, LastUpdate: now, By: by.Name, Fields: *f}
	return k.put(ctx, r, nil, nil, "created")
}

// now is in milliseconds, as TMF writes dates.
func (k *Keeper) now() time.Time { return k.opt.Now().UTC().Truncate(time.Millisecond) }

// put checks and stores a record in the place of quads that are there. k.mu is
// held.
func (k *Keeper) put(ctx context.Context, r *record, old []rdf.Quad, previous []Report, outcome string) (Intent, error) {
	if err := r.inForce(k.opt.Now()); err != nil {
		return Intent{}, err
	}
	triples, err := r.Expression.triples(k.opt.Base)
	if err != nil {
		return Intent{}, err
	}
	if triples, err = name(triples, k.opt.Base, r.ID); err != nil {
		return Intent{}, err
	}
	if r.Expression.Value, err = compact(r.Expression.Value); err != nil {
		return Intent{}, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	item, err := r.item()
	if err != nil {
		return Intent{}, err
	}
	subject := k.iri(r.ID)
	batch := &graph.Batch{Deletes: old, Note: fmt.Sprintf("intent: %s %s by %s", r.ID, outcome, r.By)}
	for _, t := range append(triples, rdf.Triple{S: subject, P: termType, O: classIntent}, rdf.Triple{S: subject, P: termName, O: rdf.String(r.Name)},
		rdf.Triple{S: subject, P: termItem, O: naming.ItemIRI(k.opt.Base, item.Name())}) {
		batch.Adds = append(batch.Adds, t.In(k.intended))
	}
	if err := k.check(ctx, r.ID, batch); err != nil {
		return Intent{}, err
	}
	if _, err := k.opt.Items.Put(ctx, []items.Item{item}); err != nil {
		return Intent{}, fmt.Errorf("intent %s: %w", r.ID, err)
	}
	report := Report{Intent: r.ID, Number: next(previous), State: Accepted, Time: k.now(), Reasons: []Reason{{Message: outcome + " by " + r.By}}}
	if err := k.write(ctx, batch, r.ID, item.Name(), r.By, outcome, previous, &report); err != nil {
		return Intent{}, err
	}
	k.tell(report)
	return k.answer(r, item.Name(), &report), nil
}

// write commits a change with its activity and the report of it.
func (k *Keeper) write(ctx context.Context, batch *graph.Batch, id string, item naming.Name, by, outcome string, previous []Report, report *Report) error {
	batch.Adds = append(batch.Adds, k.activity(id, item, by, outcome)...)
	if report != nil {
		k.append(batch, previous, report)
	}
	if _, err := k.opt.Store.Commit(ctx, batch); err != nil {
		return fmt.Errorf("intent %s: %w", id, err)
	}
	return nil
}

// activity says in the provenance graph who did what and when.
func (k *Keeper) activity(id string, item naming.Name, by, outcome string) []rdf.Quad {
	now := k.now()
	a := naming.ThingIRI(k.opt.Base, "intent-activity", id, now.Format("20060102T150405.000Z"))
	who := naming.ThingIRI(k.opt.Base, "principal", by)
	var quads []rdf.Quad
	for _, t := range []rdf.Triple{
		{S: a, P: termType, O: termActivity}, {S: a, P: termEnded, O: instant(now)}, {S: a, P: termAbout, O: k.iri(id)},
		{S: a, P: termOutcome, O: rdf.String(outcome)}, {S: a, P: termUsed, O: naming.ItemIRI(k.opt.Base, item)}, {S: a, P: termAssociated, O: who},
		{S: who, P: termType, O: termAgent}, {S: who, P: termName, O: rdf.String(by)},
	} {
		quads = append(quads, t.In(k.prov))
	}
	return quads
}

// instant writes a time with its milliseconds where it has any.
func instant(t time.Time) rdf.Term {
	return rdf.Literal(t.UTC().Format("2006-01-02T15:04:05.999Z"), rdf.XSDDateTime)
}

func (r *record) item() (items.Item, error) {
	text, err := plainJSON(r)
	if err != nil {
		return items.Item{}, fmt.Errorf("intent %s: %w", r.ID, err)
	}
	return items.Item{Kind: items.KindRaw, Codec: naming.CodecRaw, Bytes: text}, nil
}

func (k *Keeper) answer(r *record, item naming.Name, last *Report) Intent {
	return Intent{ID: r.ID, Href: Path + "/" + naming.EncodeSegment(r.ID), Created: r.Created, LastUpdate: r.LastUpdate,
		Status: last.State, StatusDate: last.Time, Fields: r.Fields, IRI: k.iri(r.ID).Value(), Item: item.String()}
}

// ids lists the ids of the intents, sorted.
func (k *Keeper) ids(ctx context.Context) ([]string, error) {
	head, err := k.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return nil, fmt.Errorf("intent: %w", err)
	}
	defer head.Close()
	return k.idsIn(ctx, head)
}

func (k *Keeper) idsIn(ctx context.Context, src graph.Source) ([]string, error) {
	var ids []string
	prefix := k.iri("").Value()
	err := read.Scan(ctx, src, rdf.Quad{P: termType, O: classIntent, G: k.intended}, func(q rdf.Quad) error {
		if id, ok := strings.CutPrefix(q.S.Value(), prefix); ok && id != "" && !strings.Contains(id, "/") {
			ids = append(ids, id)
		}
		return nil
	})
	slices.Sort(ids)
	return ids, err
}

// load reads an intent and its reports of one version. Errors: ErrNoIntent.
func (k *Keeper) load(ctx context.Context, src graph.Source, id string) (*record, naming.Name, []Report, error) {
	list, err := read.Objects(ctx, src, k.iri(id), termItem, k.intended)
	if err != nil {
		return nil, naming.Name{}, nil, fmt.Errorf("intent %s: %w", id, err)
	}
	if len(list) != 1 {
		return nil, naming.Name{}, nil, fmt.Errorf("%w: %s", ErrNoIntent, id)
	}
	name, err := naming.ParseItemIRI(k.opt.Base, list[0])
	if err != nil {
		return nil, name, nil, fmt.Errorf("intent %s: %w", id, err)
	}
	item, err := k.opt.Items.Get(name)
	if err != nil {
		return nil, name, nil, fmt.Errorf("intent %s: record %s: %w", id, name, err)
	}
	r := &record{}
	if err := json.Unmarshal(item.Bytes, r); err != nil {
		return nil, name, nil, fmt.Errorf("intent %s: record %s: %w", id, name, err)
	}
	reports, err := k.reports(ctx, src, id)
	return r, name, reports, err
}

// Get returns an intent. Errors: ErrNoIntent.
func (k *Keeper) Get(ctx context.Context, id string) (Intent, error) {
	head, err := k.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return Intent{}, fmt.Errorf("intent %s: %w", id, err)
	}
	defer head.Close()
	return k.get(ctx, head, id)
}

func (k *Keeper) get(ctx context.Context, src graph.Source, id string) (Intent, error) {
	r, item, reports, err := k.load(ctx, src, id)
	if err != nil {
		return Intent{}, err
	}
	return k.answer(r, item, latest(reports)), nil
}

// List returns all intents of one version, oldest first.
func (k *Keeper) List(ctx context.Context) ([]Intent, error) {
	head, err := k.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return nil, fmt.Errorf("intent: %w", err)
	}
	defer head.Close()
	ids, err := k.idsIn(ctx, head)
	if err != nil {
		return nil, fmt.Errorf("intent: %w", err)
	}
	list := make([]Intent, 0, len(ids))
	for _, id := range ids {
		one, err := k.get(ctx, head, id)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b Intent) int { return a.Created.Compare(b.Created) })
	return list, nil
}

// Update merges a patch into an intent (RFC 7396). Errors: those of Create,
// ErrNoIntent.
func (k *Keeper) Update(ctx context.Context, id string, patch []byte, by control.Principal) (Intent, error) {
	if err := operates(by, "changing intent "+id); err != nil {
		return Intent{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r, _, reports, old, err := k.current(ctx, id)
	if err != nil {
		return Intent{}, err
	}
	merged, err := r.Merge(patch)
	if err != nil {
		return Intent{}, err
	}
	changed := &record{ID: id, Created: r.Created, LastUpdate: k.now(), By: by.Name, Fields: *merged}
	return k.put(ctx, changed, old, reports, "changed")
}

// current reads an intent and the quads of it.
func (k *Keeper) current(ctx context.Context, id string) (*record, naming.Name, []Report, []rdf.Quad, error) {
	head, err := k.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return nil, naming.Name{}, nil, nil, fmt.Errorf("intent %s: %w", id, err)
	}
	defer head.Close()
	r, item, reports, err := k.load(ctx, head, id)
	if err != nil {
		return nil, item, nil, nil, err
	}
	quads, err := k.quads(ctx, head, id)
	return r, item, reports, quads, err
}

// quads lists what graph/intended says of an intent and its parts.
func (k *Keeper) quads(ctx context.Context, src graph.Source, id string) ([]rdf.Quad, error) {
	var list []rdf.Quad
	intent := k.iri(id).Value()
	err := read.Scan(ctx, src, rdf.Quad{G: k.intended}, func(q rdf.Quad) error {
		if within(q.S.Value(), intent) {
			list = append(list, q)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("intent %s: %w", id, err)
	}
	return list, nil
}

// Delete removes an intent with its reports; history keeps both. Errors:
// control.ErrForbidden, ErrNoIntent.
func (k *Keeper) Delete(ctx context.Context, id string, by control.Principal) error {
	if err := operates(by, "deleting intent "+id); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, item, reports, old, err := k.current(ctx, id)
	if err != nil {
		return err
	}
	batch := &graph.Batch{Deletes: old, Note: fmt.Sprintf("intent: %s deleted by %s", id, by.Name)}
	for i := range reports {
		batch.Deletes = append(batch.Deletes, reports[i].quads(k)...)
	}
	return k.write(ctx, batch, id, item, by.Name, "deleted", nil, nil)
}
