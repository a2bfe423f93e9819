package ingest

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// maxRefusals bounds the newest refusals that are kept.
const maxRefusals = 50

// Refusal is what a listener did not take of one sender for one reason.
type Refusal struct {
	Sender string    `json:"sender"` // device, or the address
	Reason string    `json:"reason"`
	Detail string    `json:"detail"` // of the last time
	Count  uint64    `json:"count"`
	Last   time.Time `json:"last"`
}

// Refusals counts what is refused, by reason, and keeps the newest. The zero
// value is ready. Safe for concurrent use.
type Refusals struct {
	mu       sync.Mutex // guards what follows
	byReason map[string]uint64
	newest   []Refusal // the last is the newest
}

// Add counts a refusal. Reasons are few; the newest stand for sender and
// reason.
func (r *Refusals) Add(sender, reason, detail string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byReason == nil {
		r.byReason = map[string]uint64{}
	}
	r.byReason[reason]++
	entry := Refusal{Sender: sender, Reason: reason, Detail: detail, Count: 1, Last: at}
	i := slices.IndexFunc(r.newest, func(o Refusal) bool { return o.Sender == sender && o.Reason == reason })
	switch {
	case i >= 0:
		entry.Count += r.newest[i].Count
		r.newest = slices.Delete(r.newest, i, i+1)
	case len(r.newest) >= maxRefusals:
		r.newest = slices.Delete(r.newest, 0, 1)
	}
	r.newest = append(r.newest, entry)
}

// Counts returns copies of the counts by reason and of the newest refusals.
func (r *Refusals) Counts() (byReason map[string]uint64, newest []Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	byReason = maps.Clone(r.byReason)
	if byReason == nil {
		byReason = map[string]uint64{}
	}
	return byReason, slices.Clone(r.newest)
}
