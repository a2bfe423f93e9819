package netconf

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
)

// eventSpace is the namespace of ietf-netconf-notifications (RFC 6470).
const eventSpace = "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"

// A subscription is what a session asked to be told (RFC 5277 §2.1).
type subscription struct {
	filters []*xmltree.Node // nil for all
	all     bool
	push    *pushing // nil for events
}

func (c *session) createSubscription(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	if stream := op.Find("stream"); stream != nil && stream.Value() != "NETCONF" {
		return nil, invalid("stream", fmt.Sprintf("there is no stream %q", stream.Value()))
	}
	start, stop := op.Find("startTime"), op.Find("stopTime")
	switch {
	case start != nil:
		return nil, one(config.Protocol, "operation-failed", "the stream NETCONF has no replay", config.Info("bad-element", "startTime"))
	case stop != nil:
		return nil, missing(op, "startTime")
	case c.subscribed.Load() != nil:
		return nil, one(config.Protocol, "operation-failed", "the session has a subscription")
	}
	sub := &subscription{all: true}
	if f := op.Find("filter"); f != nil {
		if kind, _ := f.Attr("", "type"); kind != "" && kind != "subtree" {
			return nil, one(config.Protocol, "bad-attribute", fmt.Sprintf("filters of type %q are not supported", kind),
				config.Info("bad-attribute", "type"), config.Info("bad-element", "filter"))
		}
		sub.all, sub.filters = false, f.Children
	}
	c.subscribed.Store(sub)
	return nil, nil
}

// notify sends a notification to the sessions that asked for it. A session
// that does not take its messages is ended.
func (s *Server) notify(at time.Time, content *xmltree.Node) {
	for _, c := range s.list() {
		sub := c.subscribed.Load()
		if sub == nil || sub.push != nil {
			continue
		}
		selected := []*xmltree.Node{content}
		if !sub.all {
			selected = s.filter(selected, sub.filters)
		}
		if len(selected) == 0 {
			continue
		}
		n := xmltree.New(notificationSpace, "notification", xmltree.Leaf(notificationSpace, "eventTime", stamp(at)))
		n.Children = append(n.Children, selected...)
		if !c.out.offer(c.frame(n)) {
			s.log.Debug("netconf session ends: it does not take its notifications", "session", c.id)
			c.hangUp()
		}
	}
}

// stamp is a time as date-and-time (RFC 6991 §3).
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000Z") }

// changedBy says who changed something: a session, or the server itself.
func changedBy(c *session) *xmltree.Node {
	if c == nil {
		return xmltree.New(eventSpace, "changed-by", xmltree.New(eventSpace, "server"))
	}
	return xmltree.New(eventSpace, "changed-by", c.who()...)
}

// changed tells that a datastore changed (RFC 6470 netconf-config-change).
func (s *Server) changed(c *session, name datastore, before, after *config.Tree) {
	s.poke()
	if changes := config.Diff(before, after); len(changes) > 0 {
		s.notify(s.options.Clock.Now(), configChange(c, name, changes))
	}
}

func configChange(c *session, name datastore, changes []config.Change) *xmltree.Node {
	n := xmltree.New(eventSpace, "netconf-config-change", changedBy(c), xmltree.Leaf(eventSpace, "datastore", string(name)))
	for _, change := range changes {
		target := xmltree.Leaf(eventSpace, "target", change.Path.Text)
		target.Decls = change.Path.Decls
		n.Children = append(n.Children, xmltree.New(eventSpace, "edit", target, xmltree.Leaf(eventSpace, "operation", string(change.Operation))))
	}
	return n
}

// confirmEvent tells of a confirmed commit (RFC 6470 netconf-confirmed-commit).
// Timeout is for start and extend; who did it is not told of a timeout.
func (s *Server) confirmEvent(event string, c *session, timeout time.Duration) {
	if event == "" {
		return
	}
	n := xmltree.New(eventSpace, "netconf-confirmed-commit")
	if c != nil {
		n.Children = c.who()
	}
	n.Children = append(n.Children, xmltree.Leaf(eventSpace, "confirm-event", event))
	if timeout > 0 {
		n.Children = append(n.Children, xmltree.Leaf(eventSpace, "timeout", strconv.Itoa(int(timeout/time.Second))))
	}
	s.notify(s.options.Clock.Now(), n)
}

// sessionEvent tells that a session began or ended.
func (s *Server) sessionEvent(name string, c *session, more ...*xmltree.Node) {
	s.notify(s.options.Clock.Now(), xmltree.New(eventSpace, name, append(c.who(), more...)...))
}

// who are the elements that say which session it was.
func (c *session) who() []*xmltree.Node {
	who := []*xmltree.Node{
		xmltree.Leaf(eventSpace, "username", c.user),
		xmltree.Leaf(eventSpace, "session-id", strconv.FormatUint(uint64(c.id), 10)),
	}
	if host, _, err := net.SplitHostPort(c.peer); err == nil {
		who = append(who, xmltree.Leaf(eventSpace, "source-host", host))
	}
	return who
}
