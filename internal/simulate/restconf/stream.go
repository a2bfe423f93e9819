package restconf

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
	"nettwin/internal/simulate/yangjson"
)

// streamName is the one event stream.
const streamName = "NETCONF"

// stream is one client's event stream.
type stream struct{ events chan netconf.Event }

// stream serves server-sent events (RFC 8040 §6.3) until client or server end.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, name string) {
	if name != streamName+"-json" && name != streamName+"-xml" {
		s.fail(w, r, http.StatusNotFound, "protocol", "invalid-value", fmt.Sprintf("there is no stream %q", name))
		return
	}
	c := &stream{events: make(chan netconf.Event, streamQueue)}
	s.mu.Lock()
	room := len(s.streams) < maxStreams
	if room {
		s.streams[c] = true
	}
	s.mu.Unlock()
	if !room {
		s.fail(w, r, http.StatusServiceUnavailable, "application", "resource-denied", "there are too many event streams")
		return
	}
	defer s.drop(c)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	for out.Flush() == nil {
		select {
		case <-s.done.Done():
			return
		case <-r.Context().Done():
			return
		case e, ok := <-c.events:
			if !ok {
				return
			}
			text := s.notification(e)
			if name == streamName+"-json" {
				text = s.notificationJSON(e)
			}
			for line := range bytes.SplitSeq(text, []byte("\n")) {
				fmt.Fprintf(w, "data: %s\n", line)
			}
			fmt.Fprint(w, "\n")
		}
	}
}

func (s *Server) drop(c *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, c)
}

// tell hands an event to all streams; one that is full ends.
func (s *Server) tell(e netconf.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.streams {
		select {
		case c.events <- e:
		default:
			delete(s.streams, c)
			close(c.events)
		}
	}
}

// watchRunning tells of changes of the running configuration that came by
// another protocol.
func (s *Server) watchRunning() {
	tick := time.NewTicker(s.options.Tick)
	defer tick.Stop()
	before := s.options.Device.Running()
	for {
		select {
		case <-s.done.Done():
			return
		case <-tick.C:
		}
		if now := s.options.Device.Running(); now != before {
			if changes := config.Diff(before, now); len(changes) > 0 {
				s.tell(netconf.Event{Time: time.Now(), Changes: changes})
			}
			before = now
		}
	}
}

// content is what an event says.
func content(e netconf.Event) *xmltree.Node {
	if e.Changes == nil {
		return e.Content
	}
	leaf := func(name, value string) *xmltree.Node { return xmltree.Leaf(eventSpace, name, value) }
	n := xmltree.New(eventSpace, "netconf-config-change", xmltree.New(eventSpace, "changed-by", xmltree.New(eventSpace, "server")), leaf("datastore", "running"))
	for _, c := range e.Changes {
		target := leaf("target", c.Path.Text)
		target.Decls = c.Path.Decls
		n.Children = append(n.Children, xmltree.New(eventSpace, "edit", target, leaf("operation", string(c.Operation))))
	}
	return n
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }

func (s *Server) notification(e netconf.Event) []byte {
	const space = "urn:ietf:params:xml:ns:netconf:notification:1.0"
	return xmltree.New(space, "notification", xmltree.Leaf(space, "eventTime", stamp(e.Time)), content(e)).Append(nil)
}

func (s *Server) notificationJSON(e netconf.Event) []byte {
	x := content(e)
	encoder, schema := s.own.json, s.own.set.Child(x.Name)
	name := encoder.Name(x.Name, "")
	if schema == nil { // an event of the device, whose module may be unknown
		encoder = yangjson.New(&yang.Set{Modules: []*yang.Module{{Name: "events", Namespace: x.Name.Space}}})
		name = encoder.Name(x.Name, "")
	}
	out := fmt.Appendf(nil, `{"ietf-restconf:notification":{"eventTime":%q,%q:`, stamp(e.Time), name)
	return append(encoder.Values(out, schema, []*xmltree.Node{x}), "}}"...)
}
