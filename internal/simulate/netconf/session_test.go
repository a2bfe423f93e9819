package netconf_test

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/internal/simulate/clock"
	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/netconf"
)

// Goal: login needs a right password or key. Method: right and wrong ones.
func TestLogin(t *testing.T) {
	s, _ := serve(t, nil)
	for name, c := range map[string]struct {
		user string
		auth ssh.AuthMethod
		ok   bool
	}{
		"password":       {"op", ssh.Password("secret"), true},
		"key":            {"key", ssh.PublicKeys(signer(t, 2)), true},
		"wrong password": {"op", ssh.Password("x"), false},
		"no password":    {"nobody", ssh.Password(""), false},
		"wrong key":      {"key", ssh.PublicKeys(signer(t, 3)), false},
		"key of another": {"op", ssh.PublicKeys(signer(t, 2)), false},
	} {
		conn, err := dial(t, s, c.user, c.auth)
		if err == nil {
			conn.Close()
		}
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Goal: hello tells versions, capabilities, modules and a session id; both
// framings work. Method: a session in each, with the server's chunks of 7 bytes.
func TestHello(t *testing.T) {
	s, _ := serve(t, func(o *netconf.Options) { o.ChunkBytes = 7; o.WritableRunning = true })
	for i, version := range []string{"1.0", "1.1"} {
		c := open(t, s, version, "")
		var all []string
		for _, each := range c.hello.Find("capabilities").Children {
			all = append(all, each.Value())
		}
		text := strings.Join(all, " ")
		for _, want := range []string{"urn:ietf:params:netconf:base:1.0", "urn:ietf:params:netconf:base:1.1", ":candidate:1.0", ":confirmed-commit:1.1",
			":validate:1.1", ":writable-running:1.0", ifSpace + "?module=ietf-interfaces&revision=2018-02-20&features=if-mib"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s in %s", version, want, text)
			}
		}
		if strings.Contains(text, ":startup") {
			t.Error("startup is announced and not there")
		}
		if id := c.hello.Find("session-id").Value(); id != strconv.Itoa(i+1) {
			t.Errorf("session-id %s", id)
		}
		if got := c.description("running"); got != "one" {
			t.Errorf("%s: description %q", version, got)
		}
		c.ok(`<close-session/>`)
		if c.next() != nil {
			t.Error("a message after close-session")
		}
	}
}

// Goal: clients that greet wrongly are not served. Method: a hello with a
// session-id, without a base protocol, no hello at all, broken XML.
func TestBadHello(t *testing.T) {
	s, _ := serve(t, nil)
	conn, err := dial(t, s, "op", ssh.Password("secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, hello := range []string{
		`<hello xmlns="` + config.Base + `"><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability></capabilities><session-id>1</session-id></hello>`,
		`<hello xmlns="` + config.Base + `"><capabilities/></hello>`, `<rpc xmlns="` + config.Base + `" message-id="1"><get/></rpc>`, `<hello`,
	} {
		each, err := conn.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		in, _ := each.StdoutPipe()
		out, _ := each.StdinPipe()
		if err := each.RequestSubsystem("netconf"); err != nil {
			t.Fatal(err)
		}
		c := &client{t: t, in: bufio.NewReader(in), out: out, version: "1.0"}
		c.write(hello + "]]>]]>")
		for n := c.next(); n != nil; n = c.next() {
			if n.Name.Local != "hello" {
				t.Errorf("%s: %s", hello, n)
			}
		}
	}
	each, _ := conn.NewSession()
	if err := each.RequestSubsystem("sftp"); err == nil {
		t.Error("sftp is served")
	}
}

// Goal: malformed messages get the errors of RFC 6241 §4.3 and appendix A.
// Method: one message per rule.
func TestMalformed(t *testing.T) {
	s, _ := serve(t, nil)
	c := open(t, s, "1.1", "")
	rpc := func(message string) string {
		c.write(c.framed(message))
		e := c.receive().Find("rpc-error")
		return e.Find("error-type").Value() + " " + e.Find("error-tag").Value()
	}
	for message, want := range map[string]string{
		`<rpc`: "rpc malformed-message",
		`<rpc xmlns="` + config.Base + `"><get/></rpc>`:                                                      "rpc missing-attribute",
		`<rpc xmlns="` + config.Base + `" message-id="1"/>`:                                                  "rpc malformed-message",
		`<hello xmlns="` + config.Base + `"/>`:                                                               "rpc malformed-message",
		`<rpc xmlns="` + config.Base + `" message-id="1"><fly/></rpc>`:                                       "protocol operation-not-supported",
		`<rpc xmlns="` + config.Base + `" message-id="1"><get><bogus/></get></rpc>`:                          "protocol unknown-element",
		`<rpc xmlns="` + config.Base + `" message-id="1"><get-config/></rpc>`:                                "protocol missing-element",
		`<rpc xmlns="` + config.Base + `" message-id="1"><lock><target><startup/></target></lock></rpc>`:     "protocol operation-not-supported",
		`<rpc xmlns="` + config.Base + `" message-id="1"><get><filter type="xpath" select="/"/></get></rpc>`: "protocol bad-attribute",
	} {
		if got := rpc(message); got != want {
			t.Errorf("%s: %s, want %s", message, got, want)
		}
	}
	old := open(t, s, "1.0", "")
	old.write(old.framed("<rpc"))
	if n := old.next(); n != nil {
		t.Errorf("base 1.0 got %s", n)
	}
	broken := open(t, s, "1.1", "")
	broken.write("\n#x\n")
	if n := broken.next(); n != nil {
		t.Errorf("broken framing got %s", n)
	}
}

// Goal: the reply has the attributes of the rpc (RFC 6241 §4.2). Method: a
// foreign attribute with its namespace.
func TestReplyAttributes(t *testing.T) {
	s, _ := serve(t, nil)
	c := open(t, s, "1.1", "")
	c.write(c.framed(`<nc:rpc xmlns:nc="` + config.Base + `" message-id="a&lt;b" xmlns:ex="urn:ex" ex:user="fred"><nc:discard-changes/></nc:rpc>`))
	n := c.receive()
	id, _ := n.Attr("", "message-id")
	user, _ := n.Attr("urn:ex", "user")
	if id != "a<b" || user != "fred" {
		t.Errorf("%s", n)
	}
}

// Goal: sessions are limited in number, message size, silence and time to
// greet. Method: options with small limits; the clock is moved by hand.
func TestLimits(t *testing.T) {
	hand := clock.NewManual(time.Unix(0, 0))
	s, _ := serve(t, func(o *netconf.Options) {
		o.MaxSessions, o.MaxMessageBytes, o.IdleTimeout, o.Clock = 2, 1000, time.Minute, hand
	})
	idle, big := open(t, s, "1.1", ""), open(t, s, "1.1", "")
	conn, err := dial(t, s, "op", ssh.Password("secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	third, _ := conn.NewSession()
	if err := third.RequestSubsystem("netconf"); err == nil {
		t.Error("a third session")
	}
	big.write(big.framed(strings.Repeat("x", 1001)))
	if n := big.next(); n != nil {
		t.Errorf("a message beyond the limit got %s", n)
	}
	idle.ok("<discard-changes/>")
	for deadline := time.Now().Add(5 * time.Second); ; { // its timer may not be set yet
		hand.Advance(time.Minute)
		if _, err := idle.out.Write([]byte("\n")); err != nil || time.Now().After(deadline) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if n := idle.next(); n != nil {
		t.Errorf("a silent session got %s", n)
	}
}

// Goal: many sessions at once are served each by its own. Method: eight clients
// reading and locking; each reply has its message-id (call checks).
func TestConcurrent(t *testing.T) {
	s, _ := serve(t, nil)
	done := make(chan string)
	for i := range 8 {
		c := open(t, s, []string{"1.0", "1.1"}[i%2], "")
		go func() {
			for range 20 {
				c.call(`<lock><target><candidate/></target></lock>`)
				if got := c.description("running"); got != "one" {
					done <- got
					return
				}
				c.call(`<unlock><target><candidate/></target></unlock>`)
			}
			done <- ""
		}()
	}
	for range 8 {
		if bad := <-done; bad != "" {
			t.Error(bad)
		}
	}
}

// Goal: the end of the context ends the server, and options without which it
// could not serve are refused. Method: cancel; options that lack one thing.
func TestListen(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	good := netconf.Options{Device: newMemory(t), HostKey: signer(t, 1), Passwords: map[string]string{"a": "b"}}
	s, err := netconf.Listen(ctx, "127.0.0.1:0", good)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for i, change := range []func(*netconf.Options){
		func(o *netconf.Options) { o.Device = nil }, func(o *netconf.Options) { o.HostKey = nil },
		func(o *netconf.Options) { o.Passwords = nil }, func(o *netconf.Options) { o.MaxSessions = -1 },
	} {
		bad := good
		change(&bad)
		if s, err := netconf.Listen(context.Background(), "127.0.0.1:0", bad); err == nil {
			s.Close()
			t.Errorf("case %d is accepted", i)
		}
	}
}

// Goal: kill-session ends another session and frees its locks; wrong ids are
// refused. Method: two sessions.
func TestKillSession(t *testing.T) {
	s, _ := serve(t, nil)
	victim, killer := open(t, s, "1.1", ""), open(t, s, "1.1", "")
	victim.ok(`<lock><target><running/></target></lock>`)
	kill := func(id string) string { return `<kill-session><session-id>` + id + `</session-id></kill-session>` }
	for _, id := range []string{"99", "x", killer.hello.Find("session-id").Value()} {
		killer.fails(kill(id), "protocol invalid-value")
	}
	killer.ok(kill(victim.hello.Find("session-id").Value()), `<lock><target><running/></target></lock>`)
	if victim.next() != nil {
		t.Error("the killed session lives")
	}
}

// Goal: get joins configuration and state, and tells of the server itself;
// get-schema gives the module's text. Method: compare with what was put in.
func TestGetAndSchema(t *testing.T) {
	s, _ := serve(t, nil)
	c := open(t, s, "1.1", "")
	data := c.call(`<get/>`).Find("data")
	list := data.Child(ifSpace, "interfaces")
	if len(list.Children) != 2 || list.Children[1].Find("oper-status").Value() != "up" || list.Children[1].Find("description").Value() != "one" {
		t.Errorf("%s", list)
	}
	const monitoring = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
	state := data.Child(monitoring, "netconf-state")
	if state.Find("schemas", "schema", "identifier").Value() != "ietf-interfaces" || state.Find("sessions", "session", "username").Value() != "op" {
		t.Errorf("%s", state)
	}
	if data.Child("urn:ietf:params:xml:ns:yang:ietf-yang-library", "modules-state") == nil || data.Child("urn:ietf:params:xml:ns:netmod:notification", "netconf") == nil {
		t.Error("no yang library, or no streams")
	}
	schema := func(params string) string {
		return fmt.Sprintf(`<get-schema xmlns="%s">%s</get-schema>`, monitoring, params)
	}
	if got := c.call(schema(`<identifier>ietf-interfaces</identifier><version>2018-02-20</version><format>yang</format>`)).Child(monitoring, "data").Text; got != module {
		t.Errorf("schema %q", got)
	}
	c.fails(schema(``), "protocol missing-element")
	c.fails(schema(`<identifier>x</identifier>`), "protocol invalid-value")
	c.fails(schema(`<identifier>ietf-interfaces</identifier><format>yin</format>`), "protocol invalid-value")
}
