package netconf

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"nettwin/control"
	"nettwin/graph/rdf"
	client "nettwin/internal/netconf"
	"nettwin/ontology/yang"
)

// session is a control.Session over one NETCONF session.
type session struct {
	*client.Session
	schema *yang.Schema
	graph  rdf.Term
	locked map[client.Datastore]bool
}

// Lock locks running, so that nobody passes by the candidate, then candidate.
func (s *session) Lock(ctx context.Context) error {
	for _, d := range [...]client.Datastore{client.Running, client.Candidate} {
		if s.locked[d] {
			continue
		}
		if err := s.Session.Lock(ctx, d); err != nil {
			if client.HasTag(err, "lock-denied") || client.HasTag(err, "in-use") {
				err = fmt.Errorf("%w: %w", control.ErrLocked, err)
			}
			return errors.Join(fmt.Errorf("%s: %w", d, err), s.Unlock(ctx))
		}
		s.locked[d] = true
	}
	return nil
}

// Unlock releases what Lock took.
func (s *session) Unlock(ctx context.Context) error {
	var failures []error
	for _, d := range [...]client.Datastore{client.Candidate, client.Running} {
		failures = append(failures, s.release(ctx, d))
	}
	return errors.Join(failures...)
}

// release unlocks one datastore if it is locked.
func (s *session) release(ctx context.Context, d client.Datastore) error {
	if !s.locked[d] {
		return nil
	}
	delete(s.locked, d)
	if err := s.Session.Unlock(ctx, d); err != nil {
		return fmt.Errorf("unlock %s: %w", d, err)
	}
	return nil
}

// Edit sends the payload to the candidate.
func (s *session) Edit(ctx context.Context, p *control.Payload) error {
	if !s.Has(client.CapCandidate) || !s.Has(client.CapConfirmed11) {
		return fmt.Errorf("%w: %s or %s", client.ErrUnsupported, client.CapCandidate, client.CapConfirmed11)
	}
	var options strings.Builder
	options.WriteString("<default-operation>merge</default-operation>")
	if s.Has(client.CapValidate) {
		options.WriteString("<test-option>test-then-set</test-option>")
	}
	if s.Has(client.CapRollback) {
		options.WriteString("<error-option>rollback-on-error</error-option>")
	}
	_, err := s.RPC(ctx, "<edit-config><target><candidate/></target>"+options.String()+p.Body+"</edit-config>")
	return err
}

// Commit makes the candidate running until the timeout. The lock of running
// ends with it: a server that would have to change a locked datastore may not
// take the commit back (netconfd 2.13 then forgets it, answers ok to a cancel
// and lets the edit run). The lock of candidate keeps others from committing.
func (s *session) Commit(ctx context.Context, token string, timeout time.Duration) error {
	if err := s.CommitConfirmed(ctx, timeout, token); err != nil {
		return err
	}
	return s.release(ctx, client.Running)
}

// Confirm makes the commit last.
func (s *session) Confirm(ctx context.Context, token string) error {
	err := s.ConfirmCommit(ctx, token)
	if client.HasTag(err, "operation-failed") && about(err, "persist-id") {
		return fmt.Errorf("%w: %w", control.ErrNothingPending, err)
	}
	return pending(err)
}

// about tells whether the device names an element as what is wrong.
func about(err error, element string) bool {
	var all client.RPCErrors
	if !errors.As(err, &all) {
		return false
	}
	for _, e := range all {
		at := e.Path[strings.LastIndexAny(e.Path, ":/")+1:]
		if at == element || e.Info.BadElement == element {
			return true
		}
	}
	return false
}

// Cancel takes the commit back. The candidate, which is ours while it is
// locked, may still hold the edit: it is forgotten too. RFC 6241 has no error
// of its own for a cancel when nothing waits; servers call it operation-failed.
func (s *session) Cancel(ctx context.Context, token string) error {
	err := s.CancelCommit(ctx, token)
	if client.HasTag(err, "operation-failed") {
		return fmt.Errorf("%w: %w", control.ErrNothingPending, err)
	}
	if err := pending(err); err != nil {
		return err
	}
	if s.locked[client.Candidate] {
		return s.Discard(ctx)
	}
	return nil
}

// pending tells a token that nothing waits for (RFC 6241 §8.4.5.1: a
// persist-id that does not match) from other errors.
func pending(err error) error {
	if client.HasTag(err, "invalid-value") {
		return fmt.Errorf("%w: %w", control.ErrNothingPending, err)
	}
	return err
}

// Compare reads what runs of the top-level nodes that the payload touches.
func (s *session) Compare(ctx context.Context, p *control.Payload) (control.Holding, error) {
	reply, err := s.GetConfig(ctx, client.Running, client.Query{Subtree: s.filter(p)})
	if err != nil {
		return "", err
	}
	tree, err := s.schema.ReadXML(bytes.NewReader(reply.XML), yang.DecodeOptions{})
	if err != nil {
		return "", fmt.Errorf("running configuration: %w", err)
	}
	running := configuration(s.schema, s.graph, func(yield func(rdf.Quad) bool) {
		tree.Facts(func(f yang.Fact) bool { return yield(f.Triple(thingBase(s.graph)).In(s.graph)) })
	})
	return running.holding(s.schema, p)
}

// filter selects the top-level nodes that the payload's things are below; ""
// selects all.
func (s *session) filter(p *control.Payload) string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, ch := range p.Changes {
		q, err := ch.Parse()
		if err != nil {
			return ""
		}
		f, ok := yang.FactOf(thingBase(s.graph), q.Triple())
		if !ok {
			return ""
		}
		end := strings.IndexAny(f.Thing+"/", "/=")
		n := s.schema.Find("/" + f.Thing[:end])
		if n == nil {
			return ""
		}
		if !seen[n.IRI()] {
			seen[n.IRI()] = true
			fmt.Fprintf(&b, `<%s xmlns="`, n.Name)
			if xml.EscapeText(&b, []byte(n.Module.Namespace)) != nil {
				return ""
			}
			b.WriteString(`"/>`)
		}
	}
	return b.String()
}

// Close ends the session politely, which releases its locks at once.
func (s *session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if s.Err() != nil {
		return s.Session.Close()
	}
	return s.CloseSession(ctx)
}
