package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"

	"nettwin/internal/simulate/device"
	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmp"
)

// maxQueued bounds the events that wait to be sent; more are dropped.
const maxQueued = 1024

// Options say where notifications go. At least one sink is needed.
type Options struct {
	TrapSink   string // "host:port"; empty for no traps
	SyslogSink string // "host:port"; empty for no messages
	Sources    map[string]Source
	// Skip leaves out events; nil tells all. It is called with the events'
	// source locked: it neither blocks nor calls the network.
	Skip func(device.Event) bool
	Log  *slog.Logger // may be nil
}

// A Subscriber hands out events; device.Network is one.
type Subscriber interface {
	Subscribe(f func(device.Event)) (cancel func())
}

// A Notifier tells events by traps and messages.
type Notifier struct {
	options Options
	cancel  func()
	queue   chan device.Event
	done    chan struct{}
	once    sync.Once
	wg      sync.WaitGroup
	next    int32 // request-id; of the sending goroutine

	traps, messages, dropped, failed atomic.Int64
}

// Stats counts what was sent.
type Stats struct{ Traps, Messages, Dropped, Failed int64 }

// Start tells the events of from until Close or until ctx is done.
func Start(ctx context.Context, from Subscriber, options Options) (*Notifier, error) {
	for _, sink := range []string{options.TrapSink, options.SyslogSink} {
		if _, _, err := net.SplitHostPort(sink); sink != "" && err != nil {
			return nil, fmt.Errorf("start notifications: %w", err)
		}
	}
	if options.TrapSink == "" && options.SyslogSink == "" {
		return nil, errors.New("start notifications: no sink")
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	n := &Notifier{options: options, queue: make(chan device.Event, maxQueued), done: make(chan struct{})}
	n.cancel = from.Subscribe(n.enter)
	n.wg.Go(func() { n.run(ctx) })
	return n, nil
}

// enter queues an event without waiting.
func (n *Notifier) enter(e device.Event) {
	if n.options.Skip != nil && n.options.Skip(e) {
		return
	}
	select {
	case n.queue <- e:
	default:
		n.dropped.Add(1)
	}
}

// Stats returns the counts so far.
func (n *Notifier) Stats() Stats {
	return Stats{n.traps.Load(), n.messages.Load(), n.dropped.Load(), n.failed.Load()}
}

// Close ends the notifier and waits for it. Further calls do nothing.
func (n *Notifier) Close() error {
	n.once.Do(func() {
		n.cancel()
		close(n.done)
	})
	n.wg.Wait()
	return nil
}

func (n *Notifier) run(ctx context.Context) {
	out := newSenders(n.options.Sources)
	defer func() {
		if err := out.close(); err != nil {
			n.options.Log.Debug("notifier sockets", "error", err)
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.done:
			return
		case e := <-n.queue:
			n.tell(ctx, out, e)
		}
	}
}

func (n *Notifier) tell(ctx context.Context, out *senders, e device.Event) {
	if n.options.TrapSink != "" {
		n.next++
		n.count(&n.traps, out.send(ctx, e.Device, n.options.TrapSink, n.trap(e).Append(nil)))
	}
	if text := message(e); n.options.SyslogSink != "" && text != "" {
		n.count(&n.messages, out.send(ctx, e.Device, n.options.SyslogSink, []byte(text)))
	}
}

func (n *Notifier) count(sent *atomic.Int64, err error) {
	if err != nil {
		n.failed.Add(1)
		n.options.Log.Debug("notification not sent", "error", err)
		return
	}
	sent.Add(1)
}

// Names and variables of notifications: IF-MIB linkDown and linkUp (RFC 2863),
// OSPF-TRAP-MIB ospfNbrStateChange (RFC 4750), LLDP-MIB lldpRemTablesChange
// (IEEE 802.1AB).
var (
	linkDown           = smi.NewOID(1, 3, 6, 1, 6, 3, 1, 1, 5, 3)
	linkUp             = smi.NewOID(1, 3, 6, 1, 6, 3, 1, 1, 5, 4)
	ifEntry            = smi.NewOID(1, 3, 6, 1, 2, 1, 2, 2, 1)
	ospfNbrStateChange = smi.NewOID(1, 3, 6, 1, 2, 1, 14, 16, 2, 2)
	ospfRouterID       = smi.NewOID(1, 3, 6, 1, 2, 1, 14, 1, 1, 0)
	ospfNbrEntry       = smi.NewOID(1, 3, 6, 1, 2, 1, 14, 10, 1)
	lldpRemTables      = smi.NewOID(1, 0, 8802, 1, 1, 2, 0, 0, 1)
	lldpStats          = smi.NewOID(1, 0, 8802, 1, 1, 2, 1, 2)
	snmpTrapAddress    = smi.NewOID(1, 3, 6, 1, 6, 3, 18, 1, 3, 0)
)

// trap is an event as a trap.
func (n *Notifier) trap(e device.Event) snmp.Trap {
	source := n.options.Sources[e.Device]
	t := snmp.Trap{Community: cmp.Or(source.Community, "public"), RequestID: n.next, Uptime: e.Uptime}
	switch e.Kind {
	case device.LinkDown, device.LinkUp:
		t.OID = linkUp
		if e.Kind == device.LinkDown {
			t.OID = linkDown
		}
		index := e.Interface.Index
		t.Binds = []smi.Varbind{
			{OID: ifEntry.Append(1, index), Value: smi.Integer(int32(index))},
			{OID: ifEntry.Append(7, index), Value: status(e.Interface.Admin)},
			{OID: ifEntry.Append(8, index), Value: status(e.Interface.Up)},
		}
	case device.RemoteChange:
		t.OID = lldpRemTables // lldpd names the scalars without their instance 0
		for i, count := range []uint32{e.Remote.Inserts, e.Remote.Deletes, e.Remote.Drops, e.Remote.Ageouts} {
			t.Binds = append(t.Binds, smi.Varbind{OID: lldpStats.Append(uint32(i) + 2), Value: smi.Gauge32(count)})
		}
	default:
		const down, full = 1, 8
		state := int32(down)
		if e.Kind == device.NeighbourUp {
			state = full
		}
		t.OID = ospfNbrStateChange
		a := e.Neighbour.As4()
		index := []uint32{uint32(a[0]), uint32(a[1]), uint32(a[2]), uint32(a[3]), 0}
		t.Binds = []smi.Varbind{
			{OID: ospfRouterID, Value: smi.IPAddress(e.RouterID.As4())},
			{OID: ospfNbrEntry.Append(1).Append(index...), Value: smi.IPAddress(a)},
			{OID: ospfNbrEntry.Append(3).Append(index...), Value: smi.IPAddress(e.NeighbourID.As4())},
			{OID: ospfNbrEntry.Append(6).Append(index...), Value: smi.Integer(state)},
		}
	}
	if source.Address.Is4() {
		t.Binds = append(t.Binds, smi.Varbind{OID: snmpTrapAddress, Value: smi.IPAddress(source.Address.As4())})
	}
	return t
}

func status(up bool) smi.Value {
	if up {
		return smi.Integer(1)
	}
	return smi.Integer(2)
}
