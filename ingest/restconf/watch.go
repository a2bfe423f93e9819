package restconf

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"nettwin/ingest"
)

// DefaultWatchGap keeps a device that tells much from being read all the time.
const DefaultWatchGap = time.Second

// The waits of Watch before it connects again double from the first to the
// longest.
const (
	firstReconnect   = time.Second
	longestReconnect = 5 * time.Minute
)

// Limits of an event stream.
const (
	maxEventBytes = 4 << 20
	// quietLimit ends a stream of which nothing was heard: servers send
	// comments, and connections die without a word.
	quietLimit = 15 * time.Minute
	// usualStream is preferred where a device has several (RFC 8040 §9.3).
	usualStream = "NETCONF"
)

// quiet are the events that speak of sessions and of the stream itself (RFC
// 6470 §2.1, RFC 5277 §4), by their local names.
var quiet = []string{"netconf-session-start", "netconf-session-end", "replayComplete", "notificationComplete"}

// Watch follows an event stream of a device and calls changed after each event
// that may mean a change, and after each new connection, because events may
// have been missed before. Calls do not overlap, and events within
// Options.WatchGap of a call share the next one.
//
// Watch returns when ctx ends, with its error, or when trying again cannot
// help: ingest.ErrAuth, or the device has no event streams (ErrUnsupported).
// Else it connects again, after waits that double.
func (c *Collector) Watch(ctx context.Context, t ingest.Target, changed func()) error {
	wait := firstReconnect
	for {
		connected, err := c.watch(ctx, t, changed)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err = contract(err); errors.Is(err, ingest.ErrAuth) || errors.Is(err, ErrUnsupported) {
			return fmt.Errorf("restconf: %s: %w", deviceName(t), err)
		}
		if connected {
			wait = firstReconnect
		}
		c.opts.Log.Warn("device not watched", "device", deviceName(t), "error", err, "again", wait)
		if err := c.opts.Clock.Sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, longestReconnect)
	}
}

// watch follows one stream to its end.
func (c *Collector) watch(ctx context.Context, t ingest.Target, changed func()) (connected bool, err error) {
	cl, err := c.dial(t)
	if err != nil {
		return false, err
	}
	defer cl.close()
	path, err := cl.findStream(ctx)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	response, err := cl.send(ctx, path, "text/event-stream", "")
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBytes)) // the status says enough
		return false, statusError(path, response.StatusCode, body)
	}
	events := make(chan struct{}, 1)
	done := make(chan struct{})
	var why error
	go func() {
		defer close(done)
		why = follow(ctx, response.Body, cancel, events)
	}()
	c.call(ctx, events, done, changed)
	cancel()
	response.Body.Close()
	<-done
	return true, why
}

// findStream finds the location of the event stream.
func (c *client) findStream(ctx context.Context) (string, error) {
	if err := c.discover(ctx); err != nil {
		return "", err
	}
	device, err := c.describe(ctx)
	if err != nil {
		return "", err
	}
	slices.SortStableFunc(device.streams, func(a, b eventStream) int {
		return boolOrder(b.Name == usualStream) - boolOrder(a.Name == usualStream)
	})
	for _, s := range device.streams {
		for _, encoding := range []string{"json", "xml"} {
			for _, a := range s.Access {
				if strings.TrimSpace(a.Encoding) == encoding {
					return c.own(a.Location)
				}
			}
		}
	}
	return "", fmt.Errorf("%w: it has no event streams", ErrUnsupported)
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// call calls changed at once and after events, until the stream or ctx ends.
func (c *Collector) call(ctx context.Context, events <-chan struct{}, done <-chan struct{}, changed func()) {
	for {
		changed()
		if c.opts.Clock.Sleep(ctx, c.opts.WatchGap) != nil {
			return
		}
		select {
		case <-events:
		case <-done:
			return
		}
	}
}

// follow reads server-sent events and notes that one came that may mean a
// change. It ends with the stream, with ctx, or when nothing was heard for
// quietLimit, by giveUp.
func follow(ctx context.Context, from io.Reader, giveUp func(), events chan<- struct{}) error {
	timer := time.AfterFunc(quietLimit, giveUp)
	defer timer.Stop()
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxEventBytes)
	var data strings.Builder
	for lines.Scan() {
		timer.Reset(quietLimit)
		line := lines.Text()
		text, isData := strings.CutPrefix(line, "data:")
		switch {
		case isData && data.Len()+len(text) > maxEventBytes:
			return fmt.Errorf("%w: an event of more than %d bytes", ErrTooLarge, maxEventBytes)
		case isData:
			data.WriteString(strings.TrimPrefix(text, " ") + "\n")
		case line == "" && data.Len() > 0:
			if !slices.Contains(quiet, eventName(data.String())) {
				select {
				case events <- struct{}{}:
				default: // one is waiting: a reading sees what both mean
				}
			}
			data.Reset()
		}
	}
	switch err := lines.Err(); {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%w: a line of an event of more than %d bytes", ErrTooLarge, maxEventBytes)
	case err != nil:
		return fmt.Errorf("the event stream ends: %w", err)
	}
	return errors.New("the device ended the event stream")
}

// eventName is the local name of what a notification (RFC 8040 §6.4) holds; ""
// of what is none, which may mean anything.
func eventName(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "<") {
		return eventNameXML(text)
	}
	var n struct {
		Notification map[string]json.RawMessage `json:"ietf-restconf:notification"`
	}
	if json.Unmarshal([]byte(text), &n) != nil {
		return ""
	}
	for name := range n.Notification {
		if _, local, ok := strings.Cut(name, ":"); ok {
			return local
		}
	}
	return ""
}

func eventNameXML(text string) string {
	decoder := xml.NewDecoder(strings.NewReader(text))
	depth := 0
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth == 1 && token.Name.Local != "eventTime" {
				return token.Name.Local
			}
			depth++
		case xml.EndElement:
			depth--
		}
	}
}
