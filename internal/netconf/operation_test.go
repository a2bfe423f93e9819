package netconf_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"nettwin/internal/netconf"
)

// TestOperations holds what each helper sends against the examples and the
// schema of RFC 6241, RFC 6022 and RFC 5277.
func TestOperations(t *testing.T) {
	const lib = `<x xmlns="urn:x"><y/></x>`
	ctx := t.Context()
	for _, c := range []struct {
		want string
		call func(*netconf.Session) error
	}{
		{"<get></get>", func(s *netconf.Session) error { _, err := s.Get(ctx, netconf.Query{}); return err }},
		{`<get><filter type="subtree">` + lib + `</filter></get>`, func(s *netconf.Session) error { return s.GetTo(ctx, netconf.Query{Subtree: lib}, io.Discard) }},
		{`<get-config><source><running/></source><filter type="xpath" xmlns:a="urn:a&amp;" xmlns:b="urn:b" select="/a:x[b:y=&#39;&lt;&#39;]"/></get-config>`, func(s *netconf.Session) error {
			_, err := s.GetConfig(ctx, netconf.Running, netconf.Query{XPath: "/a:x[b:y='<']", Namespaces: map[string]string{"b": "urn:b", "a": "urn:a&"}})
			return err
		}},
		{`<get><with-defaults xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults">report-all</with-defaults></get>`, func(s *netconf.Session) error {
			_, err := s.Get(ctx, netconf.Query{WithDefaults: "report-all"})
			return err
		}},
		{"<edit-config><target><candidate/></target><config>" + lib + "</config></edit-config>", func(s *netconf.Session) error {
			return s.EditConfig(ctx, netconf.Edit{Target: netconf.Candidate, Config: lib})
		}},
		{"<edit-config><target><running/></target><default-operation>none</default-operation><test-option>test-then-set</test-option><error-option>rollback-on-error</error-option><config>" + lib + "</config></edit-config>", func(s *netconf.Session) error {
			return s.EditConfig(ctx, netconf.Edit{Target: netconf.Running, DefaultOperation: netconf.None, TestOption: netconf.TestThenSet, ErrorOption: netconf.RollbackOnError, Config: lib})
		}},
		{"<copy-config><target><startup/></target><source><running/></source></copy-config>", func(s *netconf.Session) error { return s.CopyConfig(ctx, netconf.Startup, netconf.Running) }},
		{"<validate><source><candidate/></source></validate>", func(s *netconf.Session) error { return s.Validate(ctx, netconf.Candidate) }},
		{"<commit></commit>", func(s *netconf.Session) error { return s.Commit(ctx) }},
		{"<commit><confirmed/><confirm-timeout>3</confirm-timeout><persist>IQ,d&lt;4668</persist></commit>", func(s *netconf.Session) error {
			return s.CommitConfirmed(ctx, 2001*time.Millisecond, "IQ,d<4668")
		}},
		{"<commit><confirmed/></commit>", func(s *netconf.Session) error { return s.CommitConfirmed(ctx, 0, "") }},
		{"<commit><persist-id>IQ,d4668</persist-id></commit>", func(s *netconf.Session) error { return s.ConfirmCommit(ctx, "IQ,d4668") }},
		{"<cancel-commit><persist-id>IQ,d4668</persist-id></cancel-commit>", func(s *netconf.Session) error { return s.CancelCommit(ctx, "IQ,d4668") }},
		{"<discard-changes/>", func(s *netconf.Session) error { return s.Discard(ctx) }},
		{"<lock><target><candidate/></target></lock>", func(s *netconf.Session) error { return s.Lock(ctx, netconf.Candidate) }},
		{"<unlock><target><candidate/></target></unlock>", func(s *netconf.Session) error { return s.Unlock(ctx, netconf.Candidate) }},
		{"<kill-session><session-id>4</session-id></kill-session>", func(s *netconf.Session) error { return s.KillSession(ctx, 4) }},
		{`<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><filter type="subtree">` + lib + `</filter><startTime>2026-11-22T10:00:00Z</startTime><stopTime>2026-11-22T11:00:00Z</stopTime></create-subscription>`, func(s *netconf.Session) error {
			at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
			return s.CreateSubscription(ctx, netconf.Subscription{Filter: netconf.Query{Subtree: lib}, Start: at, Stop: at.Add(time.Hour)})
		}},
	} {
		var got string
		s := start(t, allCapabilities, nil, func(p *scripted) { p.answer(func(op string) string { got = op; return "<ok/>" }) })
		if err := c.call(s); err != nil || got != c.want {
			t.Errorf("sent %s\nwant %s\n%v", got, c.want, err)
		}
		s.Close()
	}
}

// TestGetSchema: the text comes back as it was, from an element of RFC 6022.
func TestGetSchema(t *testing.T) {
	const want = `<get-schema xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><identifier>a</identifier><version>2020-01-01</version><format>yang</format></get-schema>`
	s := start(t, allCapabilities, nil, func(p *scripted) {
		p.answer(func(op string) string {
			if op != want {
				return `<data xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"> </data>`
			}
			return `<data xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"><![CDATA[module a { pattern "<x>]";]]>` + ` // a &amp; b` + "\n}</data>"
		})
	})
	text, err := s.GetSchema(t.Context(), "a", "2020-01-01", "yang")
	if err != nil || text != "module a { pattern \"<x>]\"; // a & b\n}" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := s.GetSchema(t.Context(), "b", "", ""); !errors.Is(err, netconf.ErrProtocol) || !strings.Contains(err.Error(), "b: ") {
		t.Errorf("an empty schema: %v", err)
	}
}

// TestUnsupported: what needs a capability that the server did not announce,
// and what is no valid request, is refused before anything is sent.
func TestUnsupported(t *testing.T) {
	s := start(t, []string{cap11, capPrefix + "candidate:1.0", capPrefix + "confirmed-commit:1.0", capPrefix + "validate:1.0"}, nil, func(p *scripted) {
		if text := p.read(); text != "" {
			t.Errorf("sent %s", text)
		}
	})
	ctx := t.Context()
	edit := func(e netconf.Edit) error {
		if e.Config == "" {
			e.Config = `<x xmlns="urn:x"/>`
		}
		return s.EditConfig(ctx, e)
	}
	get := func(q netconf.Query) error { _, err := s.Get(ctx, q); return err }
	rpc := func(op string) error { _, err := s.RPC(ctx, op); return err }
	for i, c := range []struct{ err, want error }{
		{edit(netconf.Edit{Target: netconf.Running}), netconf.ErrUnsupported},
		{edit(netconf.Edit{Target: netconf.Candidate, TestOption: netconf.TestOnly}), netconf.ErrUnsupported},
		{edit(netconf.Edit{Target: netconf.Candidate, ErrorOption: netconf.RollbackOnError}), netconf.ErrUnsupported},
		{edit(netconf.Edit{Target: netconf.Candidate, DefaultOperation: "delete"}), netconf.ErrRequest},
		{edit(netconf.Edit{Target: "candidate/><running"}), netconf.ErrRequest},
		{edit(netconf.Edit{Target: netconf.Candidate, Config: "<a></b>"}), netconf.ErrRequest},
		{edit(netconf.Edit{Target: netconf.Candidate, Config: "</config><config>"}), netconf.ErrRequest},
		{edit(netconf.Edit{Target: netconf.Candidate, Config: "<a>"}), netconf.ErrRequest},
		{edit(netconf.Edit{Target: netconf.Candidate, Config: "<!DOCTYPE a>"}), netconf.ErrRequest},
		{edit(netconf.Edit{Target: netconf.Candidate, Config: strings.Repeat("<a>", 600)}), netconf.ErrRequest},
		{s.CommitConfirmed(ctx, time.Minute, "token"), netconf.ErrUnsupported},
		{s.ConfirmCommit(ctx, "token"), netconf.ErrUnsupported},
		{s.CancelCommit(ctx, ""), netconf.ErrUnsupported},
		{s.Lock(ctx, netconf.Startup), netconf.ErrUnsupported},
		{s.CreateSubscription(ctx, netconf.Subscription{}), netconf.ErrUnsupported},
		{get(netconf.Query{XPath: "/"}), netconf.ErrUnsupported},
		{get(netconf.Query{XPath: "/", Subtree: "<a/>"}), netconf.ErrRequest},
		{get(netconf.Query{WithDefaults: "trim"}), netconf.ErrUnsupported},
		{get(netconf.Query{Subtree: "</filter>"}), netconf.ErrRequest},
		{rpc("<a"), netconf.ErrRequest},
		{rpc("<?xml version='1.0'?><a/>"), netconf.ErrRequest},
		{rpc("<a>" + strings.Repeat("a", netconf.MaxRequestBytes) + "</a>"), netconf.ErrRequest},
	} {
		if !errors.Is(c.err, c.want) || netconf.Classify(c.err) != netconf.Permanent {
			t.Errorf("%d: %v, want %v", i, c.err, c.want)
		}
	}
}

// TestCapabilities reads capabilities as RFC 6241 §8, RFC 6243 §4.3 and
// RFC 6020 §5.6.4 write them.
func TestCapabilities(t *testing.T) {
	c := netconf.Capabilities{cap11, capPrefix + "confirmed-commit:1.1", capPrefix + "with-defaults:1.0?basic-mode=explicit&amp;also-supported=trim",
		"urn:ietf:params:xml:ns:yang:ietf-interfaces?module=ietf-interfaces&revision=2014-05-08&features=if-mib,arbitrary-names&deviations=my-devs",
		"http://example.com/a?module=a", "http://example.com/b?%zz", capPrefix + "url:1.0?scheme=file"}
	for name, want := range map[string]bool{":confirmed-commit": true, ":confirmed-commit:1.1": true, ":confirmed-commit:1.0": false, ":confirmed": false,
		":url": true, cap11: true, cap10: false, "http://example.com/a": true, ":with-defaults": true, "": false} {
		if c.Has(name) != want {
			t.Errorf("Has(%q) = %v", name, !want)
		}
	}
	if c.Param(":with-defaults", "basic-mode") != "explicit" || c.Param(":with-defaults", "also-supported") != "trim" || c.Param(":candidate", "x") != "" {
		t.Error("parameters of with-defaults")
	}
	m := c.Modules()
	if len(m) != 2 || m[0].Name != "ietf-interfaces" || m[0].Revision != "2014-05-08" || m[0].Namespace != "urn:ietf:params:xml:ns:yang:ietf-interfaces" ||
		strings.Join(m[0].Features, " ") != "if-mib arbitrary-names" || strings.Join(m[0].Deviations, " ") != "my-devs" || m[1].Name != "a" {
		t.Errorf("%+v", m)
	}
}

// rfcErrors is the example of RFC 6241 §4.3, two errors of one reply.
const rfcErrors = `
      <rpc-error>
        <error-type>application</error-type>
        <error-tag>invalid-value</error-tag>
        <error-severity>error</error-severity>
        <error-path xmlns:t="http://example.com/schema/1.2/config">
          /t:top/t:interface[t:name="Ethernet0/0"]/t:mtu
        </error-path>
        <error-message xml:lang="en">
          MTU value 25000 is not within range 256..9192
        </error-message>
      </rpc-error>
      <rpc-error>
        <error-type>application</error-type>
        <error-tag>invalid-value</error-tag>
        <error-severity>error</error-severity>
        <error-path xmlns:t="http://example.com/schema/1.2/config">
          /t:top/t:interface[t:name="Ethernet1/0"]/t:address/t:name
        </error-path>
        <error-message xml:lang="en">
          Invalid IP address for interface Ethernet1/0
        </error-message>
      </rpc-error>`

// rfcLock is the example of RFC 6241 §7.5.
const rfcLock = `<rpc-error><error-type>protocol</error-type><error-tag>lock-denied</error-tag><error-severity>error</error-severity>
       <error-message>Lock failed, lock is already held</error-message>
       <error-info><session-id>454</session-id></error-info></rpc-error>`

const rfcBadElement = `<rpc-error><error-type>rpc</error-type><error-tag>missing-attribute</error-tag><error-severity>error</error-severity>
         <error-info><bad-attribute>message-id</bad-attribute><bad-element>rpc</bad-element></error-info></rpc-error>`

// TestRPCErrors: all errors of a reply are told, with what RFC 6241 §4.3 and
// appendix A put into them, and classified.
func TestRPCErrors(t *testing.T) {
	warning := strings.Replace(rfcLock, ">error<", ">warning<", 1)
	s := start(t, allCapabilities, nil, func(p *scripted) {
		p.answer(func(op string) string {
			return map[string]string{"<a/>": rfcErrors, "<b/>": rfcLock, "<c/>": rfcBadElement, "<d/>": warning + "<data/>", "<e/>": rfcLock + rfcErrors, "<f/>": warning}[op]
		})
	})
	ask := func(op string) error { _, err := s.RPC(t.Context(), op); return err }
	var all netconf.RPCErrors
	err := ask("<a/>")
	if !errors.As(err, &all) || len(all) != 2 || all[1].Path != `/t:top/t:interface[t:name="Ethernet1/0"]/t:address/t:name` ||
		all[0].Message != "MTU value 25000 is not within range 256..9192" || all[0].Type != "application" || netconf.Classify(err) != netconf.Permanent {
		t.Errorf("%v", err)
	}
	for _, part := range []string{"r1: a: ", "invalid-value", "25000", "Ethernet1/0"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
	var one *netconf.RPCError
	err = ask("<b/>")
	if !errors.As(err, &one) || one.Info.SessionID != "454" || !netconf.HasTag(err, "lock-denied") || netconf.Classify(err) != netconf.Transient ||
		one.Info.XML != "<session-id>454</session-id>" || !strings.Contains(err.Error(), "held by session 454") {
		t.Errorf("%v", err)
	}
	if err := ask("<c/>"); !errors.As(err, &one) || one.Info.BadAttribute != "message-id" || one.Info.BadElement != "rpc" {
		t.Errorf("%v", err)
	}
	if r, err := s.RPC(t.Context(), "<d/>"); err != nil || len(r.Warnings) != 1 || r.OK || string(r.Body()) != "<data/>" {
		t.Errorf("a warning: %v, %v", r, err)
	}
	if r, err := s.RPC(t.Context(), "<f/>"); err != nil || len(r.Warnings) != 1 || !r.OK {
		t.Errorf("only a warning: %v, %v", r, err)
	}
	if err := ask("<e/>"); netconf.Classify(err) != netconf.Permanent || netconf.HasTag(err, "in-use") {
		t.Errorf("%v", err)
	}
}

// TestClassify: errors of the transport and of contexts.
func TestClassify(t *testing.T) {
	for err, want := range map[error]netconf.Class{
		netconf.ErrAuth: netconf.Permanent, netconf.ErrHostKey: netconf.Permanent, netconf.ErrNoSubsystem: netconf.Permanent,
		netconf.ErrConnect: netconf.Transient, netconf.ErrTimeout: netconf.Transient, netconf.ErrLost: netconf.Transient,
		netconf.ErrProtocol: netconf.Corrupt, netconf.ErrTooLarge: netconf.Corrupt,
		context.DeadlineExceeded: netconf.Transient, context.Canceled: netconf.Permanent,
	} {
		if got := netconf.Classify(err); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
}
