package netconf

import (
	"fmt"
	"strconv"
	"time"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
)

// A pending confirmed commit (RFC 6241 §8.4).
type pending struct {
	before  *config.Tree // running as it was before the first of the sequence
	session uint32
	persist string
	stop    func() // takes the timeout back
	token   *int   // which timeout holds
}

// commitHow are the parameters of commit.
type commitHow struct {
	confirmed          bool
	timeout            time.Duration
	persist, persistID string
}

func commitOptions(op *xmltree.Node) (commitHow, []*config.Error) {
	how := commitHow{confirmed: op.Find("confirmed") != nil, timeout: defaultConfirm * time.Second}
	if x := op.Find("confirm-timeout"); x != nil {
		seconds, err := strconv.ParseUint(x.Value(), 10, 32)
		if err != nil || seconds == 0 {
			return how, invalid("confirm-timeout", "the confirm-timeout is a number of seconds from 1 to 4294967295")
		}
		how.timeout = time.Duration(seconds) * time.Second
	}
	if x := op.Find("persist"); x != nil {
		if how.persist = x.Value(); how.persist == "" || !how.confirmed {
			return how, invalid("persist", "persist needs a value, and goes with confirmed")
		}
	}
	if x := op.Find("persist-id"); x != nil {
		how.persistID = x.Value()
	}
	return how, nil
}

func (c *session) commit(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	how, errs := commitOptions(op)
	if errs != nil {
		return nil, errs
	}
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	errs = s.free(c, candidate, running)
	if errs == nil {
		errs = s.mayFollow(c, how.persistID, false)
	}
	if errs != nil {
		return nil, errs
	}
	before := s.device.Running()
	if errs := s.commitCandidate(c); errs != nil {
		return nil, errs
	}
	s.settle(c, how, before)
	return nil, nil
}

// mayFollow checks that the session may confirm, follow up or cancel the
// pending confirmed commit, if there is one.
func (s *Server) mayFollow(c *session, persistID string, cancel bool) []*config.Error {
	p := s.store.pending
	switch {
	case p == nil && persistID != "", p != nil && persistID != p.persist:
		if persistID == "" {
			return one(config.Protocol, "invalid-value", "a confirmed commit waits, and its persist-id is not given", config.Info("bad-element", "persist-id"))
		}
		if s.options.Bugs.VagueNothingPending {
			return vague(cancel)
		}
		return invalid("persist-id", fmt.Sprintf("no confirmed commit waits with the persist-id %q", persistID))
	case p != nil && p.persist == "" && p.session != c.id: // RFC 6241 §8.4.1
		return one(config.Protocol, "in-use", fmt.Sprintf("a confirmed commit of session %d waits for its confirmation", p.session))
	}
	return nil
}

// vague is what Bugs.VagueNothingPending answers.
func vague(cancel bool) []*config.Error {
	if cancel {
		return one(config.Protocol, "operation-failed", "operation failed")
	}
	return []*config.Error{{Type: config.Protocol, Tag: "operation-failed", Message: "persistent confirmed commit not active",
		Path: config.Path{Text: "/nc:rpc/nc:commit/nc:persist-id"}}}
}

// commitCandidate makes candidate the running configuration.
func (s *Server) commitCandidate(c *session) []*config.Error {
	next := s.store.candidate
	if next == nil {
		return nil
	}
	if s.store.validated && s.options.Bugs.ValidateDropsEdit {
		s.store.candidate, s.store.validated = nil, false
		return nil
	}
	if errs := next.Validate(); len(errs) > 0 {
		return errs
	}
	if errs := s.replace(c, running, next); errs != nil {
		return errs
	}
	s.store.candidate, s.store.validated = nil, false
	return nil
}

// settle begins, extends or completes a confirmed commit after a commit.
func (s *Server) settle(c *session, how commitHow, before *config.Tree) {
	p := s.store.pending
	switch {
	case !how.confirmed && p == nil:
	case !how.confirmed:
		p.stop()
		s.store.pending = nil
		s.confirmEvent("complete", c, 0)
	case p == nil:
		s.store.pending = &pending{before: before, session: c.id, persist: how.persist}
		s.arm(s.store.pending, how.timeout)
		s.confirmEvent("start", c, how.timeout)
	default:
		p.stop()
		p.session = c.id
		if how.persist != "" {
			p.persist = how.persist
		}
		s.arm(p, how.timeout)
		s.confirmEvent("extend", c, how.timeout)
	}
}

// arm sets the timeout of a confirmed commit.
func (s *Server) arm(p *pending, d time.Duration) {
	// A timeout that was already due when it was taken back must not hit
	// the follow-up: each has its own token.
	token := new(int)
	p.token = token
	p.stop = s.after(d, func() { s.timeout(p, token) })
}

// timeout rolls a confirmed commit back that is still pending.
func (s *Server) timeout(p *pending, token *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store.pending != p || p.token != token {
		return
	}
	quiet := s.options.Clock.Now().Sub(s.store.lastMessage)
	if s.options.Bugs.BusyPostponesRollback && quiet < quietForRollback {
		s.arm(p, quietForRollback-quiet)
		return
	}
	s.rollback("timeout", 0, !s.options.Bugs.RollbackWithoutEffect)
}

// rollback ends the pending confirmed commit, if there is one, with the
// configuration before it (invariant 2). The caller holds mu.
func (s *Server) rollback(event string, by uint32, effect bool) {
	p := s.store.pending
	if p == nil {
		return
	}
	p.stop()
	s.store.pending = nil
	if s.options.Bugs.LockedRunningStays && s.store.locks[running] != 0 {
		return
	}
	before := s.device.Running()
	if err := s.device.Apply(p.before, effect); err != nil {
		s.log.Error("netconf rollback failed", "error", err)
		return
	}
	c := s.session(by)
	s.changed(c, running, before, p.before)
	s.confirmEvent(event, c, 0)
}

func (c *session) cancelCommit(op *xmltree.Node) ([]*xmltree.Node, []*config.Error) {
	persistID := ""
	if x := op.Find("persist-id"); x != nil {
		persistID = x.Value()
	}
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if errs := s.mayFollow(c, persistID, true); errs != nil {
		return nil, errs
	}
	if s.store.pending == nil {
		return nil, one(config.Protocol, "operation-failed", "no confirmed commit waits for its confirmation")
	}
	s.rollback("cancel", c.id, true)
	return nil, nil
}
