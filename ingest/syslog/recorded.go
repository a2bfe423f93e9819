package syslog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"nettwin/ingest"
	"nettwin/internal/clock"
)

// Reader takes recorded messages in. Options.Knowledge and Events.Pipeline are
// required; sockets and senders are not used.
type Reader struct {
	log   *ingest.EventLog
	rules *table
	max   int
	clock clock.Clock
}

// NewReader returns a reader; Run must run while messages are taken.
func NewReader(opts Options) (*Reader, error) {
	if opts.Knowledge == nil {
		return nil, errors.New("syslog: new reader: Options.Knowledge is missing")
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.MaxMessage == 0 {
		opts.MaxMessage = DefaultMaxMessage
	}
	opts.Events.Collector, opts.Events.Class = Collector, classMessage
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	opts.Events.Clock = opts.Clock
	if opts.Events.Log == nil {
		opts.Events.Log = opts.Log
	}
	rules, err := loadTable(opts.Knowledge, tableFile)
	if err != nil {
		return nil, err
	}
	events, err := ingest.NewEventLog(opts.Events)
	if err != nil {
		return nil, err
	}
	return &Reader{log: events, rules: rules, max: opts.MaxMessage, clock: opts.Clock}, nil
}

// Run writes what is taken; it returns when ctx ends and all is written.
func (r *Reader) Run(ctx context.Context) error { return r.log.Run(ctx) }

// Take takes a message that was recorded at a time; origin says where. It
// waits for room. The same octets once more are no second event.
func (r *Reader) Take(ctx context.Context, device string, at time.Time, message []byte, origin string) error {
	if len(message) > r.max {
		return fmt.Errorf("syslog: %w: %d octets, at most %d", ErrTooLong, len(message), r.max)
	}
	m, err := Parse(message, at)
	if err != nil {
		return err
	}
	e := r.rules.event(m)
	e.Received, e.Raw, e.Confirmed = at, ingest.RawItem{Label: "recorded message", Bytes: message}, true
	e.Transport, e.Read = "recording "+origin, ""
	e.Key = string(message) // counted repetitions would grow with each reading
	for {
		err := r.log.Add(device, e)
		if !errors.Is(err, ingest.ErrEventsFull) {
			return err
		}
		if err := r.clock.Sleep(ctx, fullPause); err != nil {
			return err
		}
	}
}

// fullPause is how long a reader waits for events to be written.
const fullPause = 20 * time.Millisecond
