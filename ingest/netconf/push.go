package netconf

import (
	"context"
	"errors"
	"strings"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/telemetry"
	client "nettwin/internal/netconf"
)

// Namespaces of subscriptions (RFC 8639) and of YANG-push (RFC 8641).
const (
	subscribedNS = "urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications"
	pushNS       = "urn:ietf:params:xml:ns:yang:ietf-yang-push"
	datastoresNS = "urn:ietf:params:xml:ns:yang:ietf-datastores"
)

// A device is asked what it can push once it was read; firstReading is how long
// that is waited for.
const (
	firstReading = time.Minute
	readingPause = 200 * time.Millisecond
)

// subscribePush subscribes to what the device's roots hold, on change. It is
// false where the device does not push, cannot be read, or refuses.
func (c *Collector) subscribePush(ctx context.Context, s *client.Session, t ingest.Target, changed func()) (bool, error) {
	if c.opts.Pushed == nil {
		return false, nil
	}
	m := c.models.Latest(deviceKey(t))
	if m == nil {
		changed() // has it read
	}
	for end := c.opts.Clock.Now().Add(firstReading); m == nil && c.opts.Clock.Now().Before(end); m = c.models.Latest(deviceKey(t)) {
		if err := c.opts.Clock.Sleep(ctx, readingPause); err != nil {
			return false, err
		}
	}
	if m == nil || m.Modules[pushNS] == "" || len(m.Roots) == 0 {
		return false, nil
	}
	var op strings.Builder
	op.WriteString(`<establish-subscription xmlns="` + subscribedNS + `"><datastore xmlns="` + pushNS + `" xmlns:ds="` + datastoresNS +
		`">ds:operational</datastore><datastore-subtree-filter xmlns="` + pushNS + `">`)
	_, asked, _ := selected(m, t.Want)
	if len(asked) == 0 {
		return false, nil
	}
	for _, q := range asked {
		op.WriteString(q.filter)
	}
	op.WriteString(`</datastore-subtree-filter><on-change xmlns="` + pushNS + `"/></establish-subscription>`)
	_, err := s.RPC(ctx, op.String())
	var refused client.RPCErrors
	if errors.As(err, &refused) {
		c.opts.Log.Info("device does not push on change", "device", deviceName(t), "error", err)
		return false, nil
	}
	return err == nil, err
}

// pushed takes what was pushed; false asks for a reading, since it cannot be
// known what changed.
func (c *Collector) pushed(t ingest.Target, e client.Notification) bool {
	if e.Name.Space != pushNS {
		return false
	}
	address, _ := client.Endpoint(t.Address)
	err := c.opts.Pushed.Take(telemetry.Message{Device: t.Name, Received: e.Received, Label: e.Name.Local, Raw: e.XML, Body: e.XML,
		Format: telemetry.XML, Transport: "YANG-push over NETCONF " + address})
	if err != nil {
		c.opts.Log.Warn("pushed data not taken: the device is read", "device", deviceName(t), "error", err)
	}
	return err == nil
}

// deviceKey names a device among the models.
func deviceKey(t ingest.Target) string {
	if t.Name != "" {
		return t.Name
	}
	return t.Address
}
