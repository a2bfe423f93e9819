package flow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"nettwin/ingest"
	"nettwin/ontology/ipfix"
)

// Sink takes samples; *ingest.Pipeline is one.
type Sink interface {
	Apply(ctx context.Context, s *ingest.Sample) (ingest.Report, error)
}

// Options make a Collector. Address, Tables, Sink and Resolve are required;
// the zero value of the others means their default.
type Options struct {
	Address string // of the UDP socket, such as "192.0.2.1:4739"; port 0 takes a free one
	Tables  *ipfix.Tables
	Sink    Sink
	// Resolve names the device that an exporter belongs to; false if none. It
	// is called for each datagram, by one goroutine.
	Resolve func(from netip.AddrPort) (device string, ok bool)
	// Ready tells whether a device may be stated; nil means always. Flow
	// messages carry no key of identity, so that a device of which the graph
	// hears by them first is named after its configuration for ever: whoever
	// reads it by another protocol too lets that come first. The window of a
	// device that is not ready stays open.
	Ready func(device string) bool
	// StateFile keeps templates, and what options told, over a restart; ""
	// means that nothing is kept. Its folder must exist.
	StateFile string
	// Window is how long records are summed before the graph hears of them;
	// Idle after what silence a conversation has ended.
	Window, Idle time.Duration
	// Top is how many conversations of a device are stated, Conversations how
	// many are told apart.
	Top, Conversations int
	// Queue bounds the datagrams that wait.
	Queue int
	// TemplateLife is how long an unused template is kept.
	TemplateLife time.Duration
	Clock        func() time.Time // nil means time.Now
	Log          *slog.Logger     // nil means no log
}

// complete checks the options and fills in defaults.
func (o *Options) complete() error {
	switch {
	case o.Tables == nil:
		return errors.New("Options.Tables is missing")
	case o.Sink == nil:
		return errors.New("Options.Sink is missing")
	case o.Resolve == nil:
		return errors.New("Options.Resolve is missing")
	case o.Address == "":
		return errors.New("Options.Address is missing")
	}
	o.Window, o.Idle = cmp.Or(o.Window, DefaultWindow), cmp.Or(o.Idle, DefaultIdle)
	o.Top, o.Conversations = cmp.Or(o.Top, DefaultTop), cmp.Or(o.Conversations, DefaultConversations)
	o.Queue = cmp.Or(o.Queue, DefaultQueue)
	o.TemplateLife = cmp.Or(o.TemplateLife, DefaultTemplateLife)
	if o.Window < 0 || o.Idle < 0 || o.Top < 0 || o.Conversations < 0 || o.Queue < 0 || o.TemplateLife < 0 {
		return errors.New("a limit is negative")
	}
	if o.Conversations < o.Top {
		return fmt.Errorf("Options.Conversations is %d, at least Options.Top, %d", o.Conversations, o.Top)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
