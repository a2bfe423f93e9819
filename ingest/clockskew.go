package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

// clockTable is the file that names the properties by which devices tell their
// clock's time.
const clockTable = "map/clock.tsv"

// clockTolerance is how far an estimate may be off the stated one before the
// graph is changed: whole seconds and the way to the device make noise.
const clockTolerance = 2 * time.Second

// clockWindow is how many messages an estimate looks back.
const clockWindow = 64

var propClockAhead = rdf.IRI(naming.Twin + "clockAhead")

// ClockReading is how far a device's clock is ahead of ours, as one source of it
// tells; negative: behind. It is right within the uncertainty.
type ClockReading struct {
	Ahead, Uncertainty time.Duration
}

// Clock estimates how far a device's clock is ahead of ours from messages that
// bear its time. A message takes time to come, and may speak of what was long
// ago: of the newest, the one that came soonest after its own time counts.
type Clock struct {
	seen   [clockWindow]time.Duration
	next   int
	filled int
}

// Note takes the time of a message and when it was received.
func (c *Clock) Note(received, stamp time.Time) {
	if stamp.IsZero() {
		return
	}
	c.seen[c.next] = stamp.Sub(received)
	c.next = (c.next + 1) % clockWindow
	c.filled = min(c.filled+1, clockWindow)
}

// zoneStep is what the offsets of time zones are multiples of.
const zoneStep = 15 * time.Minute

// NoteLocal takes the time of a message that does not tell its zone, read as
// UTC: what is off by a whole number of zone steps may be the zone.
func (c *Clock) NoteLocal(received, stamp time.Time) {
	if off := stamp.Sub(received); !stamp.IsZero() {
		c.Note(received, received.Add(off-off.Round(zoneStep)))
	}
}

// Reading returns the estimate; nil before anything is known.
func (c *Clock) Reading() *ClockReading {
	if c.filled == 0 {
		return nil
	}
	return &ClockReading{Ahead: slices.Max(c.seen[:c.filled]), Uncertainty: time.Second}
}

// loadClocks reads the properties of clocks; without the table there are none.
// Each line is an IRI; lines that begin with # and empty ones say nothing.
func loadClocks(fsys fs.FS) (map[rdf.Term]bool, error) {
	clocks := map[rdf.Term]bool{}
	text, err := fs.ReadFile(fsys, clockTable)
	if errors.Is(err, fs.ErrNotExist) {
		return clocks, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ingest: clocks: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := rdf.CheckIRI(line); err != nil {
			return nil, fmt.Errorf("ingest: clocks: %s:%d: %w", clockTable, n, err)
		}
		clocks[rdf.IRI(line)] = true
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("ingest: clocks: %s: %w", clockTable, err)
	}
	return clocks, nil
}

// clockOf is what a sample tells of its device's clock: what the collector
// found, else a property of a clock, which was read between the beginning and
// the end.
func (p *Pipeline) clockOf(s *Sample) *ClockReading {
	if s.Clock != nil {
		return s.Clock
	}
	for _, f := range s.Facts {
		if !p.clocks[f.P] {
			continue
		}
		stamp, err := time.Parse(time.RFC3339Nano, f.O.Value())
		if err != nil {
			continue // it has no zone, or is no time
		}
		half := s.Ended.Sub(s.Started) / 2
		return &ClockReading{Ahead: stamp.Sub(s.Started.Add(half)), Uncertainty: half + time.Second}
	}
	return nil
}

// clock states how far the device's clock is ahead, in whole seconds. It stays
// as it was while the estimate differs by no more than it is uncertain.
func (u *update) clock(ctx context.Context) error {
	reading := u.clockOf(u.sample)
	if reading == nil {
		return nil
	}
	u.report.Clock = reading
	stated, err := u.objects(ctx, u.id.graph, propClockAhead, u.Pipeline.prov)
	if err != nil {
		return err
	}
	ahead := reading.Ahead
	if ahead.Abs() <= reading.Uncertainty {
		ahead = 0 // nothing tells that it is off
	}
	if len(stated) == 1 {
		old, err := strconv.ParseInt(stated[0].Value(), 10, 64)
		if err == nil && (ahead-time.Duration(old)*time.Second).Abs() <= max(clockTolerance, reading.Uncertainty) {
			return nil
		}
	}
	value := rdf.Literal(strconv.FormatInt(int64(ahead.Round(time.Second)/time.Second), 10), rdf.XSDInteger)
	return u.replace(ctx, &u.fresh, u.id.graph, propClockAhead, value, u.Pipeline.prov)
}
