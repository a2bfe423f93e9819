package netconf

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
)

// A datastore is named as in RFC 6241 §5.1.
type datastore string

const (
	running   datastore = "running"
	candidate datastore = "candidate"
	startup   datastore = "startup"
)

// A store is the server's part of the datastores; Server.mu guards it.
type store struct {
	candidate *config.Tree // nil while it is as running
	startup   *config.Tree // nil where there is none
	locks     map[datastore]uint32
	pending   *pending

	validated   bool      // for Bugs.ValidateDropsEdit
	lastMessage time.Time // for Bugs.BusyPostponesRollback
}

// name reads the datastore that a source or target parameter names.
func (s *Server) name(op *xmltree.Node, param string) (datastore, []*config.Error) {
	p := op.Find(param)
	if p == nil || len(p.Children) != 1 {
		return "", missing(op, param)
	}
	return s.known(p.Children[0])
}

func (s *Server) known(x *xmltree.Node) (datastore, []*config.Error) {
	switch name := datastore(x.Name.Local); {
	case x.Name.Space == config.Base && (name == running || name == candidate || name == startup && s.options.Startup != nil):
		return name, nil
	default:
		return "", one(config.Protocol, "operation-not-supported", fmt.Sprintf("there is no datastore %q", x.Name.Local),
			config.Info("bad-element", x.Name.Local))
	}
}

// tree returns a datastore's content. The caller holds mu.
func (s *Server) tree(name datastore) *config.Tree {
	switch {
	case name == candidate && s.store.candidate != nil:
		return s.store.candidate
	case name == startup && s.store.startup != nil:
		return s.store.startup
	case name == startup:
		return config.New(s.schema)
	}
	return s.device.Running()
}

// free reports as errors that another session holds a lock (RFC 6241 §7.5).
func (s *Server) free(c *session, names ...datastore) []*config.Error {
	for _, name := range names {
		if holder := s.store.locks[name]; holder != 0 && holder != c.id {
			return one(config.Protocol, "in-use", fmt.Sprintf("session %d holds a lock on %s", holder, name))
		}
	}
	return nil
}

// replace puts a tree into a datastore. The caller holds mu.
func (s *Server) replace(c *session, name datastore, next *config.Tree) []*config.Error {
	switch name {
	case candidate:
		s.store.candidate, s.store.validated = next, false
	case startup:
		before := s.tree(startup)
		s.store.startup = next
		s.changed(c, startup, before, next)
	default:
		before := s.device.Running()
		if err := s.device.Apply(next, true); err != nil {
			return one(config.Application, "operation-failed", err.Error())
		}
		s.changed(c, running, before, next)
	}
	return nil
}

func (c *session) editConfig(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	s := c.server
	target, errs := s.name(op, "target")
	if errs == nil && (target == startup || target == running && !s.options.WritableRunning) {
		errs = one(config.Protocol, "operation-not-supported", fmt.Sprintf("%s cannot be edited", target), config.Info("bad-element", string(target)))
	}
	if errs != nil {
		return nil, errs
	}
	how, errs := editOptions(op)
	if errs != nil {
		return nil, errs
	}
	content := op.Find("config")
	if content == nil {
		return nil, missing(op, "config")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if errs := s.free(c, target); errs != nil {
		return nil, errs
	}
	return nil, s.edit(c, target, content.Children, how)
}

// editHow is how an edit is made (RFC 6241 §7.2).
type editHow struct{ operation, test, onError string }

func editOptions(op *xmltree.Node) (editHow, []*config.Error) {
	how := editHow{operation: "merge", test: "test-then-set", onError: "stop-on-error"}
	for _, p := range []struct {
		name   string
		value  *string
		values []string
	}{
		{"default-operation", &how.operation, []string{"merge", "replace", "none"}},
		{"test-option", &how.test, []string{"test-then-set", "set", "test-only"}},
		{"error-option", &how.onError, []string{"stop-on-error", "continue-on-error", "rollback-on-error"}},
	} {
		if x := op.Find(p.name); x != nil {
			if !slices.Contains(p.values, x.Value()) {
				return how, invalid(p.name, fmt.Sprintf("%q is no %s", x.Value(), p.name))
			}
			*p.value = x.Value()
		}
	}
	return how, nil
}

// edit changes a datastore as a whole, except that continue-on-error keeps
// what could be done.
func (s *Server) edit(c *session, target datastore, content []*xmltree.Node, how editHow) []*config.Error {
	next, errs := s.tree(target).Edit(content, config.Operation(how.operation))
	goOn := how.onError == "continue-on-error"
	if len(errs) > 0 && !goOn {
		return errs[:1]
	}
	if how.test != "set" || target == running {
		if bad := next.Validate(); len(bad) > 0 {
			return append(errs, bad...)
		}
	}
	if how.test == "test-only" {
		return errs
	}
	return append(errs, s.replace(c, target, next)...)
}

func (c *session) copyConfig(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	s := c.server
	target, errs := s.name(op, "target")
	if errs == nil && target == running && !s.options.WritableRunning {
		errs = one(config.Protocol, "operation-not-supported", "running cannot be written", config.Info("bad-element", "running"))
	}
	if errs != nil {
		return nil, errs
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next, name, errs := s.source(op)
	if errs == nil && name == target {
		errs = invalid("source", "source and target are the same")
	}
	if errs == nil {
		errs = s.free(c, target)
	}
	if errs == nil && target == running {
		errs = next.Validate()
	}
	if errs != nil {
		return nil, errs
	}
	return nil, s.replace(c, target, next)
}

// source returns what a source parameter stands for: a datastore, or the
// configuration that it holds, whose name is empty. The caller holds mu.
func (s *Server) source(op *xmltree.Node) (*config.Tree, datastore, []*config.Error) {
	p := op.Find("source")
	if p == nil || len(p.Children) != 1 {
		return nil, "", missing(op, "source")
	}
	if x := p.Children[0]; x.Is(config.Base, "config") {
		tree, errs := config.Load(s.schema, x.Children)
		if len(errs) > 0 {
			return nil, "", errs
		}
		return tree, "", nil
	}
	name, errs := s.known(p.Children[0])
	if errs != nil {
		return nil, "", errs
	}
	return s.tree(name), name, nil
}

func (c *session) deleteConfig(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	s := c.server
	target, errs := s.name(op, "target")
	if errs == nil && target != startup {
		errs = one(config.Protocol, "operation-not-supported", fmt.Sprintf("%s cannot be deleted", target), config.Info("bad-element", string(target)))
	}
	if errs != nil {
		return nil, errs
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if errs := s.free(c, target); errs != nil {
		return nil, errs
	}
	return nil, s.replace(c, startup, config.New(s.schema))
}

func (c *session) validate(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	tree, name, errs := s.source(op)
	if errs != nil {
		return nil, errs
	}
	if name == candidate {
		s.store.validated = true
	}
	return nil, tree.Validate()
}

func (c *session) discardChanges(*xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if errs := s.free(c, candidate); errs != nil {
		return nil, errs
	}
	s.store.candidate, s.store.validated = nil, false
	return nil, nil
}

func (c *session) lock(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	s := c.server
	target, errs := s.name(op, "target")
	if errs != nil {
		return nil, errs
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	denied := func(holder uint32, why string) []*config.Error {
		return one(config.Protocol, "lock-denied", why, config.Info("session-id", strconv.FormatUint(uint64(holder), 10)))
	}
	switch holder := s.store.locks[target]; {
	case holder != 0:
		return nil, denied(holder, fmt.Sprintf("session %d holds the lock on %s", holder, target))
	case target == candidate && s.store.candidate != nil && !s.store.candidate.Equal(s.device.Running()):
		return nil, denied(0, "candidate has changes that are not committed")
	case target == running && s.store.pending != nil && s.store.pending.session != c.id:
		return nil, denied(s.store.pending.session, "a confirmed commit waits for its confirmation")
	}
	if s.session(c.id) == nil {
		return nil, one(config.Application, "operation-failed", "the session was killed") // invariant 1
	}
	s.store.locks[target] = c.id
	return nil, nil
}

func (c *session) unlock(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	s := c.server
	target, errs := s.name(op, "target")
	if errs != nil {
		return nil, errs
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store.locks[target] != c.id {
		return nil, one(config.Protocol, "operation-failed", fmt.Sprintf("this session holds no lock on %s", target))
	}
	s.unlock(target)
	return nil, nil
}

// unlock releases a lock; with that on candidate go its uncommitted changes
// (RFC 6241 §8.3.5.2). The caller holds mu.
func (s *Server) unlock(target datastore) {
	delete(s.store.locks, target)
	if target == candidate {
		s.store.candidate, s.store.validated = nil, false
	}
}

// sawMessage notes the time of a message.
func (s *Server) sawMessage() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.lastMessage = s.options.Clock.Now()
}
