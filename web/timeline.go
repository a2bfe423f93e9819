package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"nettwin/control"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// Limits of the time line.
const (
	// timelineBlock is how many commit numbers are read and kept together.
	timelineBlock = 512
	// maxTimelineBlocks bounds the blocks that one request looks at; the answer
	// then says where to go on.
	maxTimelineBlocks = 10
	// maxTimelineKept bounds the blocks that are kept in memory.
	maxTimelineKept = 100
	// maxTimelineGap bounds how many commits of other branches may follow one
	// another.
	maxTimelineGap = 100_000
	// maxTimelineListed bounds each list of an entry.
	maxTimelineListed = 50
)

// timelineEntry is what one commit did to the network's state, or one step of
// a plan.
type timelineEntry struct {
	Kind string    `json:"kind"` // "commit" or "step"
	Time time.Time `json:"time"`

	// Of a commit.
	Seq      graph.CommitSeq  `json:"seq,omitempty"`
	Note     string           `json:"note,omitempty"`
	Adds     uint64           `json:"adds,omitempty"`
	Deletes  uint64           `json:"deletes,omitempty"`
	Touched  *timelineTouched `json:"touched,omitempty"`
	Appeared []timelineThing  `json:"appeared,omitempty"` // findings, needs, events: what has a message
	Gone     []timelineThing  `json:"gone,omitempty"`
	Changed  []timelineValue  `json:"changed,omitempty"` // values of the default and the derived graph
	Classes  []timelineClass  `json:"classes,omitempty"` // things of the default graph that came or went
	More     bool             `json:"truncated,omitempty"`

	// Of a plan's step.
	Plan   string `json:"plan,omitempty"`
	Need   string `json:"message,omitempty"` // of the plan's need
	Step   string `json:"step,omitempty"`
	Device string `json:"device,omitempty"`
	By     string `json:"by,omitempty"`
	Detail string `json:"detail,omitempty"`
	// State is what the plan came to, of its last step.
	State control.State `json:"state,omitempty"`
}

// timelineTouched counts a commit's changes by the kind of their graph.
type timelineTouched struct {
	Default    int `json:"default"`
	Derived    int `json:"derived"`
	Source     int `json:"source"`
	Provenance int `json:"provenance"`
	Other      int `json:"other"`
}

// timelineThing is a finding, a need or an event.
type timelineThing struct {
	IRI     string   `json:"iri"`
	Graph   string   `json:"graph,omitempty"` // "" is the default graph
	Classes []string `json:"classes,omitempty"`
	Message string   `json:"message"`
	About   []string `json:"about,omitempty"`
	Devices []string `json:"devices,omitempty"`
}

// timelineValue is a property whose only value was exchanged.
type timelineValue struct {
	Thing    string `json:"thing"`
	Property string `json:"property"`
	From     string `json:"from"`
	To       string `json:"to"`
}

type timelineClass struct {
	Class   string `json:"class"`
	Added   int    `json:"added,omitempty"`
	Deleted int    `json:"deleted,omitempty"`
}

// quiet tells whether a commit changed only what sources say and when they
// were asked: no view of the network differs.
func (e *timelineEntry) quiet() bool {
	return e.Touched.Default+e.Touched.Derived+e.Touched.Other == 0 && len(e.Appeared)+len(e.Gone) == 0
}

// timelineAnswer is one page, newest first.
type timelineAnswer struct {
	Begin   time.Time       `json:"begin"` // the first instant that asOf= answers
	Now     time.Time       `json:"now"`
	Head    graph.CommitSeq `json:"head"`
	Entries []timelineEntry `json:"entries"`
	// Before is the next page's parameter, 0 if this is the last.
	Before graph.CommitSeq `json:"before,omitempty"`
}

// timelineQuery is what a request asks for.
type timelineQuery struct {
	from, to      time.Time // zero: open
	after, before graph.CommitSeq
	limit         int
	all           bool // quiet commits too
}

func readTimelineQuery(r *http.Request) (timelineQuery, error) {
	q := timelineQuery{all: r.URL.Query().Get("all") == "true"}
	var err error
	if q.limit, err = number(r, "limit", defaultPage, maxPage); err != nil {
		return q, err
	}
	for key, to := range map[string]*graph.CommitSeq{"after": &q.after, "before": &q.before} {
		n, err := number(r, key, 0, 0)
		if err != nil {
			return q, err
		}
		*to = graph.CommitSeq(n)
	}
	for key, to := range map[string]*time.Time{"from": &q.from, "to": &q.to} {
		text := r.URL.Query().Get(key)
		if text == "" {
			continue
		}
		if *to, err = time.Parse(time.RFC3339Nano, strings.Replace(text, " ", "+", 1)); err != nil {
			return q, fmt.Errorf("parameter %s=%q must be a dateTime such as 2026-11-22T10:00:00Z", key, text)
		}
	}
	return q, nil
}

// timeline answers what happened to the network: commits of the main branch
// with the findings, needs and events that came or went and the values that
// changed, and the steps of plans between them, newest first.
func (s *Server) timeline(w http.ResponseWriter, r *http.Request) {
	q, err := readTimelineQuery(r)
	if err != nil {
		s.fail(w, http.StatusBadRequest, err)
		return
	}
	head, err := s.opt.Store.Snapshot(graph.At{})
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	defer head.Close()
	now := s.opt.Now()
	page := timelineAnswer{Begin: s.opt.Store.Info().Created, Now: now, Head: head.Commit().Seq, Entries: []timelineEntry{}}
	walk := timelineWalk{server: s, head: head, query: q}
	newest, err := walk.newest(r.Context(), now)
	if err == nil && newest != 0 {
		err = walk.run(r.Context(), newest)
	}
	if err != nil {
		s.fail(w, 0, err)
		return
	}
	page.Entries, page.Before = append(page.Entries, walk.entries...), walk.next
	if s.opt.Control != nil {
		page.Entries = append(page.Entries, walk.steps(s.opt.Control.Plans())...)
	}
	slices.SortStableFunc(page.Entries, func(a, b timelineEntry) int { return b.Time.Compare(a.Time) })
	s.answer(w, page)
}

// timelineWalk goes back from commit to commit of the main branch.
type timelineWalk struct {
	server  *Server
	head    graph.Snapshot
	query   timelineQuery
	entries []timelineEntry
	next    graph.CommitSeq // 0: the walk came to its end
	// What the page covers: steps of plans in [low, high) belong to it.
	low, high time.Time
}

// newest is the commit at which the walk begins, 0 if there is none.
func (t *timelineWalk) newest(ctx context.Context, now time.Time) (graph.CommitSeq, error) {
	switch {
	case t.query.before != 0:
		block, err := t.block(ctx, (t.query.before-1)/timelineBlock)
		if err != nil {
			return 0, err
		}
		i := slices.IndexFunc(block, func(e *timelineEntry) bool { return e.Seq == t.query.before })
		if i < 0 {
			return 0, fmt.Errorf("commit %d on branch %q: %w", t.query.before, graph.Main, graph.ErrNoVersion)
		}
		t.high = block[i].Time
		return t.query.before - 1, nil
	case !t.query.to.IsZero() && t.query.to.Before(now):
		t.high = t.query.to.Add(1)
	default:
		return t.head.Commit().Seq, nil
	}
	snapshot, err := t.server.opt.Store.Snapshot(graph.At{Time: t.query.to})
	if errors.Is(err, graph.ErrNoVersion) {
		return 0, nil // before the store was made
	}
	if err != nil {
		return 0, err
	}
	defer snapshot.Close()
	return snapshot.Commit().Seq, nil
}

// run walks from a commit number back until the query is answered, history
// ends, or enough was looked at.
func (t *timelineWalk) run(ctx context.Context, from graph.CommitSeq) error {
	number := (from - 1) / timelineBlock
	for range maxTimelineBlocks {
		block, err := t.block(ctx, number)
		if errors.Is(err, graph.ErrNoVersion) {
			t.next = 0 // no longer retained
			return nil
		}
		if err != nil {
			return err
		}
		for _, e := range slices.Backward(block) {
			switch {
			case e.Seq > from:
				continue
			case e.Seq <= t.query.after || e.Time.Before(t.query.from):
				t.next = 0
				return nil
			case len(t.entries) == t.query.limit:
				return nil
			}
			t.low, t.next = e.Time, e.Seq
			if t.query.all || !e.quiet() {
				t.entries = append(t.entries, *e)
			}
		}
		if number == 0 {
			t.next = 0
			return nil
		}
		number--
	}
	return nil
}

// steps lists what was done with plans while the page's commits were made.
func (t *timelineWalk) steps(plans []control.Plan) []timelineEntry {
	if t.query.after != 0 { // who follows by commits asks for plans itself
		return nil
	}
	var list []timelineEntry
	low := t.low
	if t.next == 0 {
		low = t.query.from
	}
	for _, p := range plans {
		for i, step := range p.Steps {
			if step.Time.Before(low) || !t.high.IsZero() && !step.Time.Before(t.high) {
				continue
			}
			e := timelineEntry{Kind: "step", Time: step.Time, Plan: p.ID, Need: p.Need.Message,
				Step: step.Name, Device: step.Device, By: step.By, Detail: step.Detail}
			if i == len(p.Steps)-1 && p.State.Final() {
				e.State = p.State
			}
			list = append(list, e)
		}
	}
	return list
}

// timelineCache keeps blocks of entries: commits never change.
type timelineCache struct {
	mu     sync.Mutex
	blocks map[graph.CommitSeq][]*timelineEntry
}

func (c *timelineCache) get(number graph.CommitSeq) []*timelineEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocks[number]
}

func (c *timelineCache) put(number graph.CommitSeq, block []*timelineEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks == nil || len(c.blocks) >= maxTimelineKept {
		c.blocks = map[graph.CommitSeq][]*timelineEntry{}
	}
	c.blocks[number] = block
}

// block reads the main branch's commits number*timelineBlock+1 and on, up to
// timelineBlock of them, oldest first. The entries are shared.
func (t *timelineWalk) block(ctx context.Context, number graph.CommitSeq) ([]*timelineEntry, error) {
	kept := t.server.told.get(number)
	start, last := number*timelineBlock, min((number+1)*timelineBlock, t.head.Commit().Seq)
	if n := len(kept); n > 0 {
		start = kept[n-1].Seq
	}
	feed, err := t.feed(start)
	if err != nil {
		return nil, err
	}
	defer feed.Close()
	block := slices.Clip(kept) // others read what is kept
	for start < last {
		next, err := feed.Next(ctx)
		if err != nil {
			return nil, err
		}
		if next.Commit.Seq > last {
			break
		}
		start = next.Commit.Seq
		if start <= number*timelineBlock {
			continue
		}
		e, err := newTimelineEntry(t.head, t.server.opt.Base, next)
		if err != nil {
			return nil, err
		}
		block = append(block, e)
	}
	if len(block) > len(kept) {
		t.server.told.put(number, block)
	}
	return block, nil
}

// feed follows the main branch after the newest of its commits that is not
// newer than seq: between them are commits of other branches.
func (t *timelineWalk) feed(seq graph.CommitSeq) (graph.Feed, error) {
	for n := range graph.CommitSeq(maxTimelineGap) {
		feed, err := t.server.opt.Store.Feed(graph.Main, seq-min(n, seq))
		if err == nil || !errors.Is(err, graph.ErrNoVersion) || n >= seq {
			return feed, err
		}
	}
	return nil, fmt.Errorf("commit %d and those before it: %w", seq, graph.ErrNoVersion)
}

// timelineReader turns the changes of one commit into an entry.
type timelineReader struct {
	terms   graph.TermReader
	base    string
	derived rdf.Term
	entry   *timelineEntry
	things  map[timelineKey]*timelineThing
	values  map[[2]rdf.Term]*[2][]rdf.Term
	order   [][2]rdf.Term
	class   map[string]*timelineClass
}

type timelineKey struct {
	iri, graph rdf.Term
	gone       bool
}

var (
	termRDFType  = rdf.IRI(rdf.RDFType)
	termMessage  = rdf.IRI(naming.Twin + "message")
	termAbout    = rdf.IRI(naming.Twin + "about")
	termOnDevice = rdf.IRI(naming.Twin + "onDevice")
)

func newTimelineEntry(terms graph.TermReader, base string, c graph.CommitChanges) (*timelineEntry, error) {
	r := timelineReader{
		terms: terms, base: base, derived: naming.DerivedGraph(base),
		entry: &timelineEntry{Kind: "commit", Time: c.Commit.Time, Seq: c.Commit.Seq, Note: c.Commit.Note,
			Adds: c.Commit.Adds, Deletes: c.Commit.Deletes, Touched: &timelineTouched{}},
		things: map[timelineKey]*timelineThing{}, values: map[[2]rdf.Term]*[2][]rdf.Term{}, class: map[string]*timelineClass{},
	}
	quads := make([]rdf.Quad, len(c.Changes))
	for i, change := range c.Changes {
		q, err := graph.Resolve(terms, change.Quad)
		if err != nil {
			return nil, err
		}
		quads[i] = q
		r.count(q, change.Delete)
	}
	for i, change := range c.Changes {
		r.describe(quads[i], change.Delete)
	}
	r.finish()
	return r.entry, nil
}

// count sees a quad for the first time: whose graph it is, and whether it says
// that something with a message came or went.
func (r *timelineReader) count(q rdf.Quad, gone bool) {
	g := q.G.Value()
	t := r.entry.Touched
	switch {
	case q.G.IsZero():
		t.Default++
	case q.G == r.derived:
		t.Derived++
	case g == naming.ProvenanceGraph(r.base).Value():
		t.Provenance++
	case strings.HasPrefix(g, r.base+"graph/source/"):
		t.Source++
	default:
		t.Other++
	}
	if q.P == termMessage {
		key := timelineKey{q.S, q.G, gone}
		r.things[key] = &timelineThing{IRI: q.S.Value(), Graph: g, Message: q.O.Value()}
	}
}

// describe sees it again and takes what is told of things.
func (r *timelineReader) describe(q rdf.Quad, gone bool) {
	if thing := r.things[timelineKey{q.S, q.G, gone}]; thing != nil {
		switch q.P {
		case termRDFType:
			thing.Classes = append(thing.Classes, q.O.Value())
		case termAbout:
			thing.About = append(thing.About, q.O.Value())
		case termOnDevice:
			thing.Devices = append(thing.Devices, q.O.Value())
		}
		return
	}
	if !q.G.IsZero() && q.G != r.derived {
		return
	}
	if q.P == termRDFType {
		if q.G.IsZero() {
			r.countClass(q.O.Value(), gone)
		}
		return
	}
	if q.O.IsLiteral() {
		key := [2]rdf.Term{q.S, q.P}
		if r.values[key] == nil {
			r.values[key] = &[2][]rdf.Term{}
			r.order = append(r.order, key)
		}
		way := 1
		if gone {
			way = 0
		}
		r.values[key][way] = append(r.values[key][way], q.O)
	}
}

func (r *timelineReader) countClass(class string, gone bool) {
	c := r.class[class]
	if c == nil {
		c = &timelineClass{Class: class}
		r.class[class] = c
	}
	if gone {
		c.Deleted++
	} else {
		c.Added++
	}
}

// finish puts what was read into the entry, in a fixed order, within limits.
func (r *timelineReader) finish() {
	e := r.entry
	for key, thing := range r.things {
		slices.Sort(thing.Classes)
		slices.Sort(thing.About)
		slices.Sort(thing.Devices)
		if key.gone {
			e.Gone = append(e.Gone, *thing)
		} else {
			e.Appeared = append(e.Appeared, *thing)
		}
	}
	for _, key := range r.order {
		if v := r.values[key]; len(v[0]) == 1 && len(v[1]) == 1 {
			e.Changed = append(e.Changed, timelineValue{Thing: key[0].Value(), Property: key[1].Value(), From: v[0][0].Value(), To: v[1][0].Value()})
		}
	}
	for _, c := range r.class {
		e.Classes = append(e.Classes, *c)
	}
	byIRI := func(a, b timelineThing) int { return strings.Compare(a.IRI+"\n"+a.Graph, b.IRI+"\n"+b.Graph) }
	slices.SortFunc(e.Appeared, byIRI)
	slices.SortFunc(e.Gone, byIRI)
	slices.SortStableFunc(e.Changed, func(a, b timelineValue) int { return strings.Compare(a.Thing+"\n"+a.Property, b.Thing+"\n"+b.Property) })
	slices.SortFunc(e.Classes, func(a, b timelineClass) int { return strings.Compare(a.Class, b.Class) })
	e.Appeared, e.Gone = cut(e, e.Appeared), cut(e, e.Gone)
	e.Changed, e.Classes = cut(e, e.Changed), cut(e, e.Classes)
}

func cut[T any](e *timelineEntry, list []T) []T {
	if len(list) > maxTimelineListed {
		e.More = true
		return slices.Clone(list[:maxTimelineListed])
	}
	return list
}
