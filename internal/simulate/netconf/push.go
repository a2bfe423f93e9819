package netconf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// Namespaces of subscriptions (RFC 8639), YANG-push (RFC 8641) and edits
// (RFC 8072).
const (
	subscribedSpace = "urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications"
	pushSpace       = "urn:ietf:params:xml:ns:yang:ietf-yang-push"
)

// pushing is what a session is pushed. Only the pusher changes it.
type pushing struct {
	id      uint32
	filters []*xmltree.Node // nil for all
	sent    bool            // before was pushed
	before  []*xmltree.Node
}

// establishSubscription answers establish-subscription (RFC 8639 §2.4.2) to the
// operational datastore on change (RFC 8641 §3.3); periods are not supported.
func (c *session) establishSubscription(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	s := c.server
	switch {
	case !s.options.YANGPush:
		return nil, one(config.Protocol, "operation-not-supported", `there is no operation "establish-subscription"`, config.Info("bad-element", op.Name.Local))
	case c.subscribed.Load() != nil:
		return nil, one(config.Protocol, "operation-failed", "the session has a subscription")
	case op.Child(pushSpace, "datastore") == nil:
		return nil, missing(op, "datastore")
	case op.Child(pushSpace, "on-change") == nil:
		return nil, one(config.Application, "operation-failed", "period-unsupported: subscribe on change")
	}
	sub := &subscription{push: &pushing{id: s.lastSubscription.Add(1)}}
	if f := op.Child(pushSpace, "datastore-subtree-filter"); f != nil {
		sub.push.filters = f.Children
	}
	c.subscribed.Store(sub)
	s.poke()
	return []*xmltree.Node{xmltree.Leaf(subscribedSpace, "id", strconv.FormatUint(uint64(sub.push.id), 10))}, nil
}

// poke has the pusher look for changes.
func (s *Server) poke() {
	select {
	case s.pokes <- struct{}{}:
	default:
	}
}

// push sends what changed to the sessions that are pushed, until the server
// stops.
func (s *Server) push() {
	for {
		select {
		case <-s.done:
			return
		case <-s.pokes:
		}
		for _, c := range s.list() {
			if sub := c.subscribed.Load(); sub != nil && sub.push != nil {
				s.pushTo(c, sub.push)
			}
		}
	}
}

func (s *Server) pushTo(c *session, p *pushing) {
	data := s.everything()
	if p.filters != nil {
		data = s.filter(data, p.filters)
	}
	id := xmltree.Leaf(pushSpace, "id", strconv.FormatUint(uint64(p.id), 10))
	var content *xmltree.Node
	if !p.sent {
		content = xmltree.New(pushSpace, "push-update", id, xmltree.New(pushSpace, "datastore-contents", data...))
	} else {
		d := differ{server: s}
		d.compare("", "", nil, p.before, data)
		if len(d.edits) == 0 {
			return
		}
		patch := xmltree.New(pushSpace, "yang-patch", append([]*xmltree.Node{xmltree.Leaf(pushSpace, "patch-id", "0")}, d.edits...)...)
		content = xmltree.New(pushSpace, "push-change-update", id, xmltree.New(pushSpace, "datastore-changes", patch))
	}
	p.sent, p.before = true, data
	n := xmltree.New(notificationSpace, "notification", xmltree.Leaf(notificationSpace, "eventTime", stamp(s.options.Clock.Now())), content)
	if !c.out.offer(c.frame(n)) {
		c.hangUp()
	}
}

// differ finds the edits that lead from one content to another.
type differ struct {
	server *Server
	edits  []*xmltree.Node
}

// compare compares the elements below one path, whose namespace is given.
func (d *differ) compare(path, space string, schema *yang.Node, before, after []*xmltree.Node) {
	match := func(list []*xmltree.Node, x *xmltree.Node) *xmltree.Node {
		at := slices.IndexFunc(list, func(o *xmltree.Node) bool {
			return o.Name == x.Name && d.segment(space, d.child(schema, o), o) == d.segment(space, d.child(schema, x), x)
		})
		if at < 0 {
			return nil
		}
		return list[at]
	}
	for _, b := range before {
		if match(after, b) == nil {
			d.edit("delete", path+"/"+d.segment(space, d.child(schema, b), b), nil)
		}
	}
	for _, a := range after {
		node := d.child(schema, a)
		target := path + "/" + d.segment(space, node, a)
		switch b := match(before, a); {
		case b == nil:
			d.edit("create", target, a)
		case len(a.Children) == 0 && len(b.Children) == 0:
			if a.Value() != b.Value() {
				d.edit("replace", target, a)
			}
		default:
			d.compare(target, a.Name.Space, node, b.Children, a.Children)
		}
	}
}

func (d *differ) child(schema *yang.Node, x *xmltree.Node) *yang.Node {
	if schema == nil {
		return d.server.schema.Child(x.Name)
	}
	return schema.Child(x.Name)
}

// segment writes one step of a data path (RFC 8040 §3.5.3).
func (d *differ) segment(space string, node *yang.Node, x *xmltree.Node) string {
	name := x.Name.Local
	if x.Name.Space != space {
		for _, m := range d.server.schema.Modules {
			if m.Namespace == x.Name.Space && !m.Submodule {
				name = m.Name + ":" + name
				break
			}
		}
	}
	if node == nil {
		return name
	}
	switch node.Kind {
	case yang.LeafList:
		return name + "=" + percent(x.Value())
	case yang.List:
		var keys []string
		for _, k := range node.Keys {
			if c := x.Child(x.Name.Space, k); c != nil {
				keys = append(keys, percent(c.Value()))
			}
		}
		return name + "=" + strings.Join(keys, ",")
	}
	return name
}

// percent encodes all but unreserved characters.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func (d *differ) edit(operation, target string, value *xmltree.Node) {
	leaf := func(name, text string) *xmltree.Node { return xmltree.Leaf(pushSpace, name, text) }
	e := xmltree.New(pushSpace, "edit", leaf("edit-id", strconv.Itoa(len(d.edits)+1)), leaf("operation", operation), leaf("target", target))
	if value != nil {
		e.Children = append(e.Children, xmltree.New(pushSpace, "value", value))
	}
	d.edits = append(d.edits, e)
}
