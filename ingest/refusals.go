package ingest

import (
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// maxRefusals bounds the newest refusals that are kept.
	maxRefusals = 50
	// Of one sender and reason a refusal is worth a line of the log once in
	// tellPeriod, of all together maxTold are.
	tellPeriod = time.Minute
	maxTold    = 50
)

// Refusal is what a listener did not take of one sender for one reason.
type Refusal struct {
	Sender string    `json:"sender"` // device, or the address
	Reason string    `json:"reason"`
	Detail string    `json:"detail"` // of the last time
	Count  uint64    `json:"count"`
	Last   time.Time `json:"last"`
	told   time.Time // of the last that was worth a line
}

// Refusals counts what is refused, by reason, and keeps the newest. The zero
// value is ready. Safe for concurrent use.
type Refusals struct {
	mu       sync.Mutex // guards what follows
	byReason map[string]uint64
	newest   []Refusal // the last is the newest
	period   time.Time // when the period of told began
	told     int
}

// Add counts a refusal. Reasons are few; the newest stand for sender and
// reason. tell is whether it is worth a line of the log: who sends a flood of
// what is refused shall not fill the disk with it.
func (r *Refusals) Add(sender, reason, detail string, at time.Time) (tell bool) {
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
		entry.told = r.newest[i].told
		r.newest = slices.Delete(r.newest, i, i+1)
	case len(r.newest) >= maxRefusals:
		r.newest = slices.Delete(r.newest, 0, 1)
	}
	if tell = r.worth(entry.told, at); tell {
		entry.told = at
	}
	r.newest = append(r.newest, entry)
	return tell
}

// worth decides for one that was told last at a time. Called with mu held.
func (r *Refusals) worth(told, at time.Time) bool {
	if at.Sub(r.period).Abs() >= tellPeriod {
		r.period, r.told = at, 0
	}
	if at.Sub(told).Abs() < tellPeriod || r.told >= maxTold {
		return false
	}
	r.told++
	return true
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
