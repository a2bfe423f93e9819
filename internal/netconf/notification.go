package netconf

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Notification is one event (RFC 5277 §4).
type Notification struct {
	Time     time.Time // eventTime, as the device states it
	Received time.Time
	Name     xml.Name // of the event's element
	XML      []byte   // the whole message
}

// notices is the queue of notifications.
type notices struct {
	queue   chan Notification
	dropped atomic.Uint64
}

// Notifications delivers what the session's subscription brings, in order. It
// is closed when the session has ended; what was queued can still be read.
func (s *Session) Notifications() <-chan Notification { return s.notices.queue }

// Dropped counts notifications that found the queue full, were too large or
// could not be read.
func (s *Session) Dropped() uint64 { return s.notices.dropped.Load() }

// notify queues a notification. It never waits for the consumer.
func (s *Session) notify(h *header, m *message) error {
	raw, err := collect(h.bytes, m, s.cfg.MaxMessageBytes)
	if fatal := transportError(err); fatal != nil {
		return fatal
	}
	var n Notification
	if err == nil {
		n, err = parseNotification(raw)
	}
	if err == nil {
		n.Received = s.cfg.Clock.Now()
		select {
		case s.notices.queue <- n:
			return nil
		default:
			err = fmt.Errorf("the queue of %d is full", cap(s.notices.queue))
		}
	}
	if total := s.notices.dropped.Add(1); total&(total-1) == 0 { // the 1st, 2nd, 4th, 8th, …
		s.cfg.Log.Warn("notification dropped", "device", s.peer, "session", s.hello.sessionID, "error", err, "dropped", total)
	}
	return nil
}

// parseNotification reads time and name of an event.
func parseNotification(raw []byte) (Notification, error) {
	n := Notification{XML: raw}
	d := xml.NewDecoder(bytes.NewReader(raw))
	depth := 0
	for {
		t, err := d.Token()
		if err != nil {
			return n, fmt.Errorf("%w: notification: %w", ErrProtocol, unexpected(err))
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth != 2 {
				continue
			}
			if t.Name != (xml.Name{Space: notificationNS, Local: "eventTime"}) {
				if n.Name.Local == "" {
					n.Name = t.Name
				}
				continue
			}
			var text string
			if err := d.DecodeElement(&text, &t); err != nil {
				return n, fmt.Errorf("%w: notification: %w", ErrProtocol, unexpected(err))
			}
			depth--
			if n.Time, err = time.Parse(time.RFC3339, strings.TrimSpace(text)); err != nil {
				return n, fmt.Errorf("%w: notification: eventTime: %w", ErrProtocol, err)
			}
		case xml.EndElement:
			if depth--; depth > 0 {
				continue
			}
			if n.Time.IsZero() || n.Name.Local == "" {
				return n, fmt.Errorf("%w: notification without eventTime or event (RFC 5277 §4)", ErrProtocol)
			}
			return n, nil
		}
	}
}
