package flow

import (
	"cmp"
	"slices"
	"time"

	"nettwin/ingest"
)

// conversation is what one device told of one key.
type conversation struct {
	key        string
	path       string // of its thing; made when it is first stated
	window     [maxCounters]tally
	total      [maxCounters]tally // of windows in which it was stated
	last       [maxCounters]tally // running totals of the exporter
	start, end time.Time
	lastStart  time.Time // of the last record
	seen       time.Time
	sampling   ratio
	score      float64
	reverse    bool // both directions were told
	stated     bool
}

// device aggregates what one device tells.
type device struct {
	name          string
	conversations map[string]*conversation
	rest          remainder

	raw        []ingest.RawItem
	rawBytes   int
	rawDropped int
	meters     meters
	exporters  map[domainID]bool // of the window
	first      time.Time         // datagram of the window
	latest     time.Time         // datagram
	records    uint64            // of the window
	unmapped   int
	warnings   []string
	moving     bool // the last sample had deltas that were not zero
	changed    bool // a stated conversation went
	owed       bool // the graph may hold conversations of a former process
	graph      string
	lastError  string
}

// remainder sums what is not stated.
type remainder struct {
	window, total [maxCounters]tally
	flows         int // in the window
}

func newDevice(name string) *device {
	return &device{name: name, conversations: map[string]*conversation{}, exporters: map[domainID]bool{}}
}

// heard notes a datagram.
func (dev *device) heard(g *datagram) {
	if dev.first.IsZero() {
		dev.first = g.at
	}
	dev.latest = g.at
}

// add takes a record in. limit bounds the conversations of the device; what
// is beyond goes to the remainder.
func (dev *device) add(m *message, r *record, limit int) {
	dev.records++
	dev.unmapped += r.unmapped
	dev.exporters[m.domain.domainID] = true
	c := dev.conversations[string(r.key)]
	if c == nil {
		if len(dev.conversations) >= limit {
			for i := range r.counts {
				dev.rest.window[i].add(r.scaled(i, r.totals[i]))
			}
			dev.rest.flows++
			return
		}
		c = &conversation{key: string(r.key)}
		dev.conversations[c.key] = c
		dev.keepRaw(m.datagram)
	}
	c.add(m, r)
}

// scaled is the count of slot i with the running total's increase, by the
// sampling of the record.
func (r *record) scaled(i int, increase tally) tally {
	return tally{r.sampling.scale(r.counts[i].forward + increase.forward), r.sampling.scale(r.counts[i].reverse + increase.reverse)}
}

func (c *conversation) add(m *message, r *record) {
	fresh := !r.start.Equal(c.lastStart)
	for i := range c.window {
		increase := tally{}
		if r.hasTotal {
			increase = r.totals[i]
			if !fresh {
				increase = tally{since(c.last[i].forward, increase.forward), since(c.last[i].reverse, increase.reverse)}
			}
			c.last[i] = r.totals[i]
		}
		c.window[i].add(r.scaled(i, increase))
	}
	c.reverse = c.reverse || r.hasReverse
	c.seen = m.received
	c.lastStart = r.start
	if c.start.IsZero() || !r.start.IsZero() && r.start.Before(c.start) {
		c.start = r.start
	}
	if r.end.After(c.end) {
		c.end = r.end
	}
	if r.sampling.sampled() {
		c.sampling = r.sampling
	}
}

// since is the increase of a running total, which begins anew at times.
func since(before, now uint64) uint64 {
	if now < before {
		return now
	}
	return now - before
}

// keepRaw keeps a datagram that opened a conversation.
func (dev *device) keepRaw(g *datagram) {
	if g == nil || g.kept {
		return
	}
	g.kept = true
	if len(dev.raw) >= maxRawItems || dev.rawBytes+len(g.payload) > maxRawBytes {
		dev.rawDropped++
		return
	}
	dev.rawBytes += len(g.payload)
	dev.raw = append(dev.raw, ingest.RawItem{Label: "datagram", Bytes: g.payload})
}

func (dev *device) warn(text string) {
	if len(dev.warnings) < maxWarnings && !slices.Contains(dev.warnings, text) {
		dev.warnings = append(dev.warnings, text)
	}
}

// close ends a window: it chooses the conversations to state, moves the
// counts of the window to the totals of these and of the remainder, and
// returns the stated ones by path. The counts of the window stay until open.
func (dev *device) close(now time.Time, idle time.Duration, top int, path func(key string) string) []*conversation {
	var candidates []*conversation
	for key, c := range dev.conversations {
		if c.ended(now, idle) {
			delete(dev.conversations, key)
			dev.changed = dev.changed || c.stated
			continue
		}
		c.score = c.score/2 + float64(c.window[0].sum())
		candidates = append(candidates, c)
	}
	slices.SortFunc(candidates, func(a, b *conversation) int {
		if a.score != b.score {
			return cmp.Compare(b.score, a.score)
		}
		if a.stated != b.stated {
			if a.stated {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.key, b.key)
	})
	chosen := candidates[:min(top, len(candidates))]
	for _, c := range candidates[len(chosen):] {
		dev.rest.take(c)
		dev.changed = dev.changed || c.stated
		c.stated = false
	}
	for i := range dev.rest.total {
		dev.rest.total[i].add(dev.rest.window[i])
	}
	for _, c := range chosen {
		c.stated = true
		if c.path == "" {
			c.path = path(c.key)
		}
		for i := range c.total {
			c.total[i].add(c.window[i])
		}
	}
	slices.SortFunc(chosen, func(a, b *conversation) int { return cmp.Compare(a.path, b.path) })
	return chosen
}

// ended tells whether nothing was heard of a conversation for so long, by a
// clock that may have been set back. What the window counted is told first: it
// may be older than that if the window is late.
func (c *conversation) ended(now time.Time, idle time.Duration) bool {
	return now.Sub(c.seen).Abs() > idle && c.window == [maxCounters]tally{}
}

// take adds a conversation that is not stated.
func (rest *remainder) take(c *conversation) {
	if c.window != [maxCounters]tally{} {
		rest.flows++
	}
	for i := range rest.window {
		rest.window[i].add(c.window[i])
	}
	c.window = [maxCounters]tally{}
}

// open begins the next window.
func (dev *device) open(stated []*conversation) {
	dev.moving = dev.rest.window != [maxCounters]tally{}
	for _, c := range stated {
		dev.moving = dev.moving || c.window != [maxCounters]tally{}
		c.window = [maxCounters]tally{}
	}
	dev.rest.window, dev.rest.flows = [maxCounters]tally{}, 0
	dev.raw, dev.rawBytes, dev.rawDropped = nil, 0, 0
	dev.first, dev.records, dev.unmapped, dev.warnings = time.Time{}, 0, 0, nil
	dev.changed = false
	dev.meters.next()
	clear(dev.exporters)
}
