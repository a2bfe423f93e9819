package gnmi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/openconfig/gnmi/proto/gnmi"

	"nettwin/ingest"
)

// poll is a subscription by POLL that stays open between readings.
type poll struct {
	*session
	want   string // what was wanted when it was opened
	sub    gnmi.GNMI_SubscribeClient
	cancel context.CancelFunc
}

func (p *poll) close() {
	p.cancel()
	p.client.close()
}

// poll reads a device by its open subscription, or opens one (gNMI
// specification §3.5.1.5.3).
func (c *Collector) poll(ctx context.Context, t ingest.Target, what What) (*ingest.Sample, error) {
	c.mu.Lock()
	p := c.polls[key(t)]
	delete(c.polls, key(t)) // it is ours; one that fails is not put back
	c.mu.Unlock()
	started := c.opts.Clock.Now()
	if p != nil && p.want != wantKey(t) {
		p.close()
		p = nil
	}
	if p != nil {
		err := p.again(ctx)
		if err == nil {
			return c.polled(p, t, what, started)
		}
		p.close()
		if ctx.Err() != nil {
			return nil, err
		}
	}
	p, err := c.openPoll(ctx, t, what)
	if err != nil {
		return nil, err
	}
	return c.polled(p, t, what, started)
}

// polled maps what was read and keeps the subscription for the next time.
func (c *Collector) polled(p *poll, t ingest.Target, what What, started time.Time) (*ingest.Sample, error) {
	sample, err := c.sample(p.received, t, what, started)
	c.mu.Lock()
	keep := err == nil && !c.closed && c.polls[key(t)] == nil
	if keep {
		c.polls[key(t)] = p
	}
	c.mu.Unlock()
	if !keep {
		p.close()
	}
	return sample, err
}

// wantKey is equal for targets of which the same is wanted.
func wantKey(t ingest.Target) string {
	if t.Want == nil {
		return ""
	}
	return "of " + strings.Join(t.Want.All(), " ")
}

func (c *Collector) openPoll(ctx context.Context, t ingest.Target, what What) (*poll, error) {
	cl, err := c.dial(t)
	if err != nil {
		return nil, err
	}
	s, err := c.prepare(ctx, cl, t, what)
	if err != nil {
		cl.close()
		return nil, err
	}
	s.label = "subscribe poll"
	// The subscription outlives this reading.
	long, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &poll{session: s, want: wantKey(t), cancel: cancel}
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	if len(s.paths) == 0 {
		return p, nil // the device has nothing of what is wanted
	}
	if p.sub, err = s.subscribe(long, gnmi.SubscriptionList_POLL, s.paths, 0); err == nil {
		err = p.again(ctx)
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	return p, nil
}

// again asks for all data anew.
func (p *poll) again(ctx context.Context) error {
	if p.sub == nil {
		return nil
	}
	p.tree, p.raw, p.rawLost = newTree(p.tree.model, p.tree.max), nil, false
	if err := p.client.meter.Request(ctx); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, p.cancel)
	defer stop()
	if err := p.sub.Send(&gnmi.SubscribeRequest{Request: &gnmi.SubscribeRequest_Poll{Poll: &gnmi.Poll{}}}); err != nil {
		return p.why(ctx, err)
	}
	return p.untilSync(ctx, p.sub)
}
