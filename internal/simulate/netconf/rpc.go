package netconf

import (
	"fmt"
	"slices"
	"strconv"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
)

const (
	notificationSpace = "urn:ietf:params:xml:ns:netconf:notification:1.0"
	monitoringSpace   = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
)

// An operation answers an rpc: with data, or with neither data nor errors for
// ok. Params are its parameters by local name.
type operation struct {
	params []string
	run    func(c *session, op *xmltree.Node) ([]*xmltree.Node, []*config.Error)
}

var operations = map[string]map[string]operation{
	config.Base: {
		"get":             {[]string{"filter"}, (*session).get},
		"get-config":      {[]string{"source", "filter"}, (*session).getConfig},
		"edit-config":     {[]string{"target", "default-operation", "test-option", "error-option", "config", "url"}, (*session).editConfig},
		"copy-config":     {[]string{"target", "source"}, (*session).copyConfig},
		"delete-config":   {[]string{"target"}, (*session).deleteConfig},
		"lock":            {[]string{"target"}, (*session).lock},
		"unlock":          {[]string{"target"}, (*session).unlock},
		"validate":        {[]string{"source"}, (*session).validate},
		"commit":          {[]string{"confirmed", "confirm-timeout", "persist", "persist-id"}, (*session).commit},
		"cancel-commit":   {[]string{"persist-id"}, (*session).cancelCommit},
		"discard-changes": {nil, (*session).discardChanges},
		"close-session":   {nil, (*session).closeSession},
		"kill-session":    {[]string{"session-id"}, (*session).killSession},
	},
	monitoringSpace:   {"get-schema": {[]string{"identifier", "version", "format"}, (*session).getSchema}},
	subscribedSpace:   {"establish-subscription": {[]string{"datastore", "datastore-subtree-filter", "on-change", "periodic"}, (*session).establishSubscription}},
	notificationSpace: {"create-subscription": {[]string{"stream", "filter", "startTime", "stopTime"}, (*session).createSubscription}},
}

// dispatch runs the operation of an rpc.
func (c *session) dispatch(rpc *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	if _, ok := rpc.Attr("", "message-id"); !ok {
		return nil, one(config.RPC, "missing-attribute", "an rpc needs a message-id",
			config.Info("bad-attribute", "message-id"), config.Info("bad-element", "rpc"))
	}
	if len(rpc.Children) != 1 {
		return nil, one(config.RPC, "malformed-message", fmt.Sprintf("an rpc holds one operation, not %d", len(rpc.Children)))
	}
	op := rpc.Children[0]
	known, ok := operations[op.Name.Space][op.Name.Local]
	if !ok {
		return nil, one(config.Protocol, "operation-not-supported", fmt.Sprintf("there is no operation %q", op.Name.Local),
			config.Info("bad-element", op.Name.Local))
	}
	for _, p := range op.Children {
		own := p.Name.Space == op.Name.Space || op.Name.Space == subscribedSpace && p.Name.Space == pushSpace // an augment
		if !own || !slices.Contains(known.params, p.Name.Local) {
			return nil, one(config.Protocol, "unknown-element", fmt.Sprintf("%s has no parameter %q", op.Name.Local, p.Name.Local),
				config.Info("bad-element", p.Name.Local))
		}
	}
	return known.run(c, op)
}

// one returns a single error.
func one(layer, tag, message string, info ...*xmltree.Node) []*config.Error {
	return []*config.Error{{Type: layer, Tag: tag, Message: message, Info: info}}
}

func missing(op *xmltree.Node, param string) []*config.Error {
	return one(config.Protocol, "missing-element", fmt.Sprintf("%s needs %q", op.Name.Local, param), config.Info("bad-element", param))
}

func invalid(param, message string) []*config.Error {
	return one(config.Protocol, "invalid-value", message, config.Info("bad-element", param))
}

// filtered answers with data, reduced by the filter of the operation.
func (c *session) filtered(op *xmltree.Node, data []*xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	if f := op.Find("filter"); f != nil {
		kind, _ := f.Attr("", "type")
		if qualified, ok := f.Attr(config.Base, "type"); ok {
			kind = qualified
		}
		if kind != "" && kind != "subtree" {
			return nil, one(config.Protocol, "bad-attribute", fmt.Sprintf("filters of type %q are not supported", kind),
				config.Info("bad-attribute", "type"), config.Info("bad-element", "filter"))
		}
		data = c.server.filter(data, f.Children)
	}
	return []*xmltree.Node{xmltree.New(config.Base, "data", data...)}, nil
}

func (c *session) get(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	return c.filtered(op, c.server.everything())
}

func (c *session) getConfig(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	source, errs := c.server.name(op, "source")
	if errs != nil {
		return nil, errs
	}
	c.server.mu.Lock()
	tree := c.server.tree(source)
	c.server.mu.Unlock()
	return c.filtered(op, tree.XML())
}

func (c *session) closeSession(*xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	c.ending = true
	return nil, nil
}

func (c *session) killSession(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	p := op.Find("session-id")
	if p == nil {
		return nil, missing(op, "session-id")
	}
	id, err := strconv.ParseUint(p.Value(), 10, 32)
	if err != nil || uint32(id) == c.id {
		return nil, invalid("session-id", "the session-id must be a number, and not this session's")
	}
	victim := c.server.session(uint32(id))
	if victim == nil {
		return nil, invalid("session-id", fmt.Sprintf("there is no session %d", id))
	}
	victim.hangUp()
	c.server.close(victim, "killed") // its locks are free when the reply comes
	return nil, nil
}
