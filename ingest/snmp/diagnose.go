package snmp

import (
	"context"
	"errors"

	"nettwin/ingest"
)

// errNotAuthentic: the agent's answer does not prove that it knows the
// password. An agent refuses a wrong one in a report without authentication
// (RFC 3414 §3.2), which the session must not believe.
var errNotAuthentic = errors.New("the agent's answer is not authentic")

// diagnose finds out why a user with a password learnt nothing, by asking
// again with less security: an agent that knows the user says so. The answers
// decide only on the message.
func (c *Collector) diagnose(ctx context.Context, t ingest.Target, s *session, err error) error {
	suspect := errors.Is(err, errNotAuthentic) || errors.Is(err, ingest.ErrTimeout) && s.cred.Priv != ""
	if s.cred.Auth == "" || !suspect || ctx.Err() != nil {
		return err
	}
	lower := s.cred
	lower.Auth, lower.Priv, lower.AuthPass, lower.PrivPass = "", "", "", ""
	switch probe := c.probe(ctx, t, s, lower); {
	case errors.Is(probe, errUnknownUser):
		return s.unknownUser()
	case errors.Is(probe, ingest.ErrTimeout):
		return err
	}
	if s.cred.Priv == "" {
		return s.wrongDigest()
	}
	lower = s.cred
	lower.Priv, lower.PrivPass = "", ""
	switch probe := c.probe(ctx, t, s, lower); {
	case errors.Is(probe, errNotAuthentic):
		return s.wrongDigest()
	case errors.Is(probe, ingest.ErrTimeout):
		return err
	}
	return s.wrongPrivacy()
}

// probe asks one question with another credential.
func (c *Collector) probe(ctx context.Context, t ingest.Target, s *session, cred Credential) error {
	other, err := open(ctx, t, cred, s.g.Timeout, s.g.Retries)
	if err != nil {
		return err
	}
	defer other.close()
	_, err = other.getBulk(c.opts.Tables.Walk()[0].Object.OID, 1)
	return err
}
