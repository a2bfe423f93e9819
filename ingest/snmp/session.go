package snmp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"nettwin/ingest"
	client "nettwin/internal/snmp"
	"nettwin/ontology/mib"
)

// session is an open conversation with one device. It is for one goroutine.
type session struct {
	g       *gosnmp.GoSNMP
	device  string // for errors: name and address
	address string
	cred    Credential
	stop    func() bool
}

// open prepares the socket; nothing is sent yet. The session ends with ctx.
func open(ctx context.Context, t ingest.Target, cred Credential, timeout time.Duration, retries int) (*session, error) {
	device := deviceName(t)
	if err := cred.Validate(); err != nil {
		return nil, fmt.Errorf("snmp: credential of %s: %w", device, err)
	}
	address, err := endpoint(t.Address)
	if err != nil {
		return nil, fmt.Errorf("snmp: %s: address: %w", device, err)
	}
	host, portText, _ := net.SplitHostPort(address)
	port, _ := strconv.ParseUint(portText, 10, 16)
	g := &gosnmp.GoSNMP{
		Target: host, Port: uint16(port), Transport: "udp", Context: ctx,
		Timeout: timeout, Retries: retries, MaxOids: gosnmp.MaxOids,
	}
	cred.Apply(g)
	if err := g.Connect(); err != nil {
		return nil, fmt.Errorf("snmp: %s: connect: %w", device, err)
	}
	g.Conn = meteredConn{g.Conn, t.Meter}
	s := &session{g: g, device: device, address: address, cred: cred}
	// A reader that waits for an answer sees only deadlines: closing the
	// socket makes cancellation prompt.
	s.stop = context.AfterFunc(ctx, func() { g.Conn.Close() })
	return s, nil
}

// meteredConn counts what the device answers.
type meteredConn struct {
	net.Conn
	meter *ingest.Meter
}

func (c meteredConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.meter.Answered(n)
	return n, err
}

func (s *session) close() {
	if s.stop() {
		s.g.Conn.Close()
	}
}

func deviceName(t ingest.Target) string {
	if t.Name == "" {
		return t.Address
	}
	return t.Name + " (" + t.Address + ")"
}

// getBulk asks for up to repetitions varbinds behind oid.
func (s *session) getBulk(oid []uint32, repetitions uint32) (Response, error) {
	p, err := s.g.GetBulk([]string{"." + mib.Dotted(oid)}, 0, repetitions)
	if err != nil {
		return Response{}, s.classify(err)
	}
	if p.PDUType == gosnmp.Report {
		return Response{}, fmt.Errorf("snmp: %s: %w: the agent answers with a report instead of data", s.device, ingest.ErrAuth)
	}
	r := Response{ErrorStatus: int(p.Error), ErrorIndex: int(p.ErrorIndex)}
	for _, pdu := range p.Variables {
		v, err := client.FromPDU(pdu)
		if err != nil {
			return r, fmt.Errorf("snmp: %s: %w", s.device, err)
		}
		r.Varbinds = append(r.Varbinds, v)
	}
	return r, nil
}

// classify turns gosnmp's errors into the contract's.
func (s *session) classify(err error) error {
	if ctxErr := s.g.Context.Err(); errors.Is(ctxErr, context.Canceled) {
		return fmt.Errorf("snmp: %s: %w", s.device, ctxErr)
	}
	switch {
	case errors.Is(err, gosnmp.ErrUnknownUsername):
		return s.unknownUser()
	case errors.Is(err, gosnmp.ErrWrongDigest):
		return s.wrongDigest()
	case errors.Is(err, gosnmp.ErrDecryption):
		return s.wrongPrivacy()
	case strings.Contains(err.Error(), "not authentic"): // gosnmp has no value for it
		return s.refused("%w: check the authentication password and protocol (%s) of user %q", errNotAuthentic, s.cred.Auth, s.cred.User)
	case errors.Is(err, gosnmp.ErrUnknownSecurityLevel):
		return s.refused("the agent does not offer %s to user %q: check which level it is configured for", s.cred.Level(), s.cred.User)
	case errors.Is(err, gosnmp.ErrNotInTimeWindow), errors.Is(err, gosnmp.ErrUnknownEngineID):
		return s.refused("the agent's engine id or time does not settle (%v): check its clock and that no second device has its engine id", err)
	case errors.Is(err, gosnmp.ErrUnknownSecurityModels):
		return s.refused("the agent does not speak the user-based security model of SNMPv3")
	}
	var netErr net.Error
	timeout := errors.Is(err, gosnmp.ErrMaxRetriesExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &netErr) && netErr.Timeout()
	switch {
	case timeout:
		return fmt.Errorf("snmp: %s: %w from %s within %v and %d retries: check that the address is right, that UDP passes on the way, that the agent runs%s",
			s.device, ingest.ErrTimeout, s.address, s.g.Timeout, s.g.Retries, s.silenceHint())
	case strings.Contains(err.Error(), "connection refused"):
		return fmt.Errorf("snmp: %s: %w: nothing listens on UDP %s: check that the agent runs and its port",
			s.device, ingest.ErrTimeout, s.address)
	}
	return fmt.Errorf("snmp: %s: %w", s.device, err)
}

// silenceHint: an SNMPv2c agent is silent on a wrong community, an SNMPv3
// agent mostly on a message that it cannot decrypt (RFC 3584 §5.2, RFC 3414 §3.2).
func (s *session) silenceHint() string {
	switch {
	case s.cred.User == "":
		return ", and that the community is right: an agent is silent on a wrong one"
	case s.cred.Priv != "":
		return fmt.Sprintf(", and the privacy password of user %q: some agents are silent on a wrong one", s.cred.User)
	}
	return ""
}

// errUnknownUser marks the refusal of a user's name.
var errUnknownUser = errors.New("unknown user")

func (s *session) unknownUser() error {
	return s.refused("%w: the agent does not know the user %q: check the user's name, and that it exists on the device", errUnknownUser, s.cred.User)
}

func (s *session) wrongDigest() error {
	return s.refused("the agent refuses the authentication of user %q: check the authentication password and protocol (%s)", s.cred.User, s.cred.Auth)
}

func (s *session) wrongPrivacy() error {
	return s.refused("the agent cannot decrypt: check the privacy password and protocol (%s) of user %q", s.cred.Priv, s.cred.User)
}

func (s *session) refused(format string, args ...any) error {
	return fmt.Errorf("snmp: %s: %w: %w", s.device, ingest.ErrAuth, fmt.Errorf(format, args...))
}
