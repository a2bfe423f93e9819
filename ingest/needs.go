package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// The kinds of those who ask.
const (
	AskedByRule         = "rule"
	AskedByQuery        = "query"
	AskedByConfig       = "configuration"
	AskedBySubscription = "subscription"
	AskedForIdentity    = "identity"
)

// Limits of needs.
const (
	MaxNeeds     = 10_000
	MaxNeedTerms = 10_000
)

// Errors of needs.
var (
	// ErrTooManyNeeds: the book or one need is full.
	ErrTooManyNeeds = errors.New("ingest: too many needs")
	// ErrNoNeed: there is no need with this kind and name.
	ErrNoNeed = errors.New("ingest: no such need")
)

// Need says who wants what of which devices, and how old it may be.
type Need struct {
	Kind string `json:"kind"` // one of the kinds of those who ask
	Name string `json:"name"` // of who asks, unique for its kind
	// Terms are those of Want; none means that sources have nothing of what is
	// asked for.
	Terms []string `json:"terms"`
	// Devices are configured names; none means all.
	Devices []string `json:"devices,omitempty"`
	// Age is how old what is wanted may be; 0: as old as the period makes it by
	// which the device is configured to be read.
	Age time.Duration `json:"-"`
	// Until is when the need ends by itself; the zero time: when it is removed.
	Until time.Time `json:"until,omitzero"`
}

func (n Need) of(device string) bool {
	return len(n.Devices) == 0 || slices.Contains(n.Devices, device)
}

// Needs is the book of all needs. It is safe for concurrent use.
type Needs struct {
	now func() time.Time

	mu      sync.Mutex // guards what follows
	list    map[[2]string]Need
	changed []func()
}

// NewNeeds returns an empty book.
func NewNeeds(now func() time.Time) *Needs {
	return &Needs{now: now, list: map[[2]string]Need{}}
}

// OnChange has f called after needs came or went; it must not block.
func (b *Needs) OnChange(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed = append(b.changed, f)
}

// Set makes list all needs of a kind. Errors: ErrTooManyNeeds, and then nothing
// has changed.
func (b *Needs) Set(kind string, list []Need) error {
	b.mu.Lock()
	next := maps.Clone(b.list)
	for key := range next {
		if key[0] == kind {
			delete(next, key)
		}
	}
	for _, n := range list {
		n.Kind = kind
		if err := put(next, n); err != nil {
			b.mu.Unlock()
			return err
		}
	}
	return b.become(next)
}

// Add adds a need, or replaces the one with its kind and name. Errors:
// ErrTooManyNeeds.
func (b *Needs) Add(n Need) error {
	b.mu.Lock()
	next := maps.Clone(b.list)
	if err := put(next, n); err != nil {
		b.mu.Unlock()
		return err
	}
	return b.become(next)
}

// Remove removes a need. Errors: ErrNoNeed.
func (b *Needs) Remove(kind, name string) error {
	b.mu.Lock()
	if _, ok := b.list[[2]string{kind, name}]; !ok {
		b.mu.Unlock()
		return fmt.Errorf("%w: %s %s", ErrNoNeed, kind, name)
	}
	next := maps.Clone(b.list)
	delete(next, [2]string{kind, name})
	return b.become(next)
}

func put(list map[[2]string]Need, n Need) error {
	n.Terms = slices.Compact(slices.Sorted(slices.Values(n.Terms)))
	list[[2]string{n.Kind, n.Name}] = n
	if len(list) > MaxNeeds || len(n.Terms) > MaxNeedTerms {
		return fmt.Errorf("%w: %s %s: %d needs, %d terms, at most %d of %d", ErrTooManyNeeds, n.Kind, n.Name, len(list), len(n.Terms), MaxNeeds, MaxNeedTerms)
	}
	return nil
}

// become is called with mu locked, and unlocks it.
func (b *Needs) become(next map[[2]string]Need) error {
	b.list = next
	tell := slices.Clone(b.changed)
	b.mu.Unlock()
	for _, f := range tell {
		f()
	}
	return nil
}

// List returns the needs that have not ended, by kind and name.
func (b *Needs) List() []Need {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	var list []Need
	for key, n := range b.list {
		if !n.Until.IsZero() && !now.Before(n.Until) {
			delete(b.list, key)
			continue
		}
		list = append(list, n)
	}
	slices.SortFunc(list, func(x, y Need) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Name, y.Name))
	})
	return list
}

// Reading is one term that is read of a device, and for whom.
type Reading struct {
	Term string
	// Age is the least that an asker wants; 0: the configured period.
	Age time.Duration
	For []string // kind and name of each need
	// Always: it tells what device answers, and is part of each reading.
	Always bool
}

// Of returns what is read of a device where each is read every period, by
// terms: needs that overlap share a reading, and the least age counts.
func (b *Needs) Of(device string, period time.Duration) []Reading {
	found := map[string]*Reading{}
	for _, n := range b.List() {
		if !n.of(device) {
			continue
		}
		age := cmp.Or(n.Age, period)
		for _, t := range n.Terms {
			r := found[t]
			if r == nil {
				r = &Reading{Term: t, Age: age}
				found[t] = r
			}
			r.Age = min(r.Age, age)
			r.Always = r.Always || n.Kind == AskedForIdentity
			r.For = append(r.For, n.Kind+" "+n.Name)
		}
	}
	list := make([]Reading, 0, len(found))
	for _, t := range slices.Sorted(maps.Keys(found)) {
		list = append(list, *found[t])
	}
	return list
}

// dueShare is the part of an age after which a value is read again: periods
// have jitter, and one that is a little early must not skip a turn.
const dueShare = 0.8

// turn remembers when what was read of one target.
type turn struct {
	read map[string]time.Time // by term
	idle bool                 // nothing is wanted, and that was noted
}

// want divides what is read of a target into what is due and what is not.
func (u *turn) want(readings []Reading, now time.Time, all bool) *Want {
	var due, later []string
	for _, r := range readings {
		last, ok := u.read[r.Term]
		if all || r.Always || !ok || now.Sub(last) >= time.Duration(float64(r.Age)*dueShare) {
			due = append(due, r.Term)
		} else {
			later = append(later, r.Term)
		}
	}
	return NewWant(due, later)
}

// done notes what was read, and forgets what nobody wants.
func (u *turn) done(w *Want, at time.Time) {
	next := map[string]time.Time{}
	for t, ok := range w.later {
		if ok {
			next[t] = u.read[t]
		}
	}
	for t := range w.due {
		next[t] = at
	}
	u.read = next
}

// shortest is the least age of readings, or period if there are none.
func shortest(readings []Reading, period time.Duration) time.Duration {
	least := time.Duration(0)
	for _, r := range readings {
		if least == 0 || r.Age < least {
			least = r.Age
		}
	}
	return cmp.Or(least, period)
}
