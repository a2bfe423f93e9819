package netconf

import (
	"context"
	"encoding/xml"
	"errors"
	"time"

	"nettwin/ingest"
	client "nettwin/internal/netconf"
)

// DefaultWatchGap keeps a device that tells much from being read all the time.
const DefaultWatchGap = time.Second

// The waits of Watch before it connects again double from the first to the
// longest.
const (
	firstReconnect   = time.Second
	longestReconnect = 5 * time.Minute
)

// quiet are the events that speak of sessions, also of our own, and of the
// subscription itself (RFC 6470 §2.1, RFC 5277 §4); every other one may mean
// that something changed.
var quiet = map[xml.Name]bool{
	{Space: eventsNS, Local: "netconf-session-start"}:                                         true,
	{Space: eventsNS, Local: "netconf-session-end"}:                                           true,
	{Space: "urn:ietf:params:xml:ns:netmod:notification", Local: "replayComplete"}:            true,
	{Space: "urn:ietf:params:xml:ns:netmod:notification", Local: "notificationComplete"}:      true,
	{Space: "urn:ietf:params:xml:ns:netconf:notification:1.0", Local: "replayComplete"}:       true,
	{Space: "urn:ietf:params:xml:ns:netconf:notification:1.0", Local: "notificationComplete"}: true,
}

// eventsNS is the namespace of NETCONF's own events (RFC 6470).
const eventsNS = "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"

// Watch subscribes to a device's events and calls changed after each that may
// mean a change (netconf-config-change and whatever else the device tells of
// itself, but not the coming and going of sessions), and after each new
// connection, because events may have been missed before. Calls do not
// overlap, and events within Options.WatchGap of a call share the next one.
//
// A device that pushes its data on change (RFC 8641), once it was read and with
// Options.Pushed, is asked for that instead: what it pushes goes to the graph
// without a reading. It is read when what it pushed could not be taken.
//
// Watch returns when ctx ends, with its error, or when trying again cannot
// help: ingest.ErrAuth, or the device has no notifications
// (netconf.ErrUnsupported). Else it connects again, after waits that double.
func (c *Collector) Watch(ctx context.Context, t ingest.Target, changed func()) error {
	wait := firstReconnect
	for {
		subscribed, err := c.watch(ctx, t, changed)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if client.Classify(err) == client.Permanent {
			return contract(err)
		}
		if subscribed {
			wait = firstReconnect
		}
		c.opts.Log.Warn("device not watched", "device", deviceName(t), "error", err, "again", wait)
		if err := c.opts.Clock.Sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, longestReconnect)
	}
}

// watch follows one session to its end.
func (c *Collector) watch(ctx context.Context, t ingest.Target, changed func()) (subscribed bool, err error) {
	s, err := c.open(ctx, t)
	if err != nil {
		return false, err
	}
	defer s.Close()
	pushes, err := c.subscribePush(ctx, s, t, changed)
	if err == nil && !pushes {
		err = s.CreateSubscription(ctx, client.Subscription{})
	}
	if err != nil {
		return false, err
	}
	changed()
	for {
		select {
		case <-ctx.Done():
			return true, ctx.Err()
		case e, ok := <-s.Notifications():
			if !ok {
				return true, ended(s)
			}
			if quiet[e.Name] || pushes && c.pushed(t, e) {
				continue
			}
		}
		if err := c.opts.Clock.Sleep(ctx, c.opts.WatchGap); err != nil {
			return true, err
		}
		drain(s)
		changed()
	}
}

// drain takes the events that came meanwhile: the reading that follows sees
// what they mean.
func drain(s *client.Session) {
	for {
		select {
		case _, ok := <-s.Notifications():
			if !ok {
				return
			}
		default:
			return
		}
	}
}

// ended is why a session without our doing is over.
func ended(s *client.Session) error {
	<-s.Done()
	return errors.Join(client.ErrLost, s.Err())
}
