package netconf_test

import (
	"errors"
	"fmt"
	"testing"

	"nettwin/internal/simulate/netconf"
)

const (
	lockCandidate   = `<lock><target><candidate/></target></lock>`
	unlockCandidate = `<unlock><target><candidate/></target></unlock>`
	commit          = `<commit/>`
)

func eth1(content string) string {
	return `<config>` + fmt.Sprintf(interfaces, `<interface><name>eth1</name>`+content+`</interface>`) + `</config>`
}

// Goal: edits of candidate stay there until commit or discard (RFC 6241 §8.3).
// Method: read both datastores after each step.
func TestCandidate(t *testing.T) {
	s, _ := serve(t, nil)
	c := open(t, s, "1.1", "")
	expect := func(running, candidate string) {
		t.Helper()
		if r, d := c.description("running"), c.description("candidate"); r != running || d != candidate {
			t.Fatalf("running %q, candidate %q, want %q, %q", r, d, running, candidate)
		}
	}
	expect("one", "one")
	c.ok(describe("two"))
	expect("one", "two")
	c.ok(`<discard-changes/>`)
	expect("one", "one")
	c.ok(describe("three"), `<validate><source><candidate/></source></validate>`, commit)
	expect("three", "three")
	c.ok(`<copy-config><target><candidate/></target><source>` + eth1(`<description>four</description><type>ethernet</type>`) + `</source></copy-config>`)
	expect("three", "four")
	c.ok(`<copy-config><target><candidate/></target><source><running/></source></copy-config>`)
	expect("three", "three")
	c.fails(`<copy-config><target><candidate/></target><source><candidate/></source></copy-config>`, "protocol invalid-value")
}

// Goal: the options of edit-config are those of RFC 6241 §7.2, and an edit that
// fails changes nothing unless continue-on-error asks for it. Method: edits
// with one good and one bad part.
func TestEditOptions(t *testing.T) {
	s, _ := serve(t, nil)
	c := open(t, s, "1.1", "")
	half := `<config>` + fmt.Sprintf(interfaces, `<interface><name>eth1</name><description>half</description></interface><interface><name>eth0</name><enabled>maybe</enabled></interface>`) + `</config>`
	for _, option := range []string{"", "<error-option>stop-on-error</error-option>", "<error-option>rollback-on-error</error-option>"} {
		e := c.fails(editOp("candidate", option+half), "application invalid-value")
		if path := e.Find("error-path"); path.Value() != "/if:interfaces/if:interface[if:name='eth0']/if:enabled" {
			t.Errorf("%s", e)
		} else if space, _ := path.Resolve("if"); space != ifSpace {
			t.Errorf("prefix if is %q", space)
		}
		if got := c.description("candidate"); got != "one" {
			t.Errorf("%s: candidate %q", option, got)
		}
	}
	c.fails(editOp("candidate", "<error-option>continue-on-error</error-option>"+half), "application invalid-value")
	if got := c.description("candidate"); got != "half" {
		t.Errorf("continue-on-error: candidate %q", got)
	}
	c.ok(`<discard-changes/>`)
	noType := `<config>` + fmt.Sprintf(interfaces, `<interface><name>eth9</name></interface>`) + `</config>`
	c.fails(editOp("candidate", "<test-option>test-then-set</test-option>"+noType), "application data-missing")
	c.ok(editOp("candidate", "<test-option>set</test-option>"+noType))
	c.fails(`<validate><source><candidate/></source></validate>`, "application data-missing")
	c.fails(commit, "application data-missing")
	c.ok(`<discard-changes/>`, editOp("candidate", "<test-option>test-only</test-option>"+eth1("<description>x</description>")))
	if got := c.description("candidate"); got != "one" {
		t.Errorf("test-only: candidate %q", got)
	}
	c.ok(editOp("candidate", "<default-operation>none</default-operation>"+eth1(`<description>x</description>`)))
	if got := c.description("candidate"); got != "one" {
		t.Errorf("none: candidate %q", got)
	}
	c.ok(editOp("candidate", "<default-operation>replace</default-operation>"+eth1(`<type>ethernet</type>`)))
	if got := c.description("candidate"); got != "none" {
		t.Errorf("replace: candidate %q", got)
	}
	for _, bad := range []string{"<test-option>x</test-option>", "<error-option>x</error-option>", "<default-operation>delete</default-operation>"} {
		c.fails(editOp("candidate", bad+eth1("")), "protocol invalid-value")
	}
	c.fails(editOp("candidate", ""), "protocol missing-element")
	c.fails(editOp("running", eth1("")), "protocol operation-not-supported")
	c.fails(editOp("candidate", eth1("<bogus/>")), "application unknown-element")
	c.fails(editOp("candidate", `<config><x xmlns="urn:x"/></config>`), "application unknown-namespace")
}

// Goal: running and startup can be written where the server says so. Method: a
// server with both.
func TestRunningAndStartup(t *testing.T) {
	s, device := serve(t, func(o *netconf.Options) { o.WritableRunning = true; o.Startup = o.Device.Running() })
	c := open(t, s, "1.1", "")
	c.ok(editOp("running", eth1("<description>now</description>")))
	if r, st := c.description("running"), c.description("startup"); r != "now" || st != "one" {
		t.Errorf("running %q, startup %q", r, st)
	}
	c.ok(`<copy-config><target><startup/></target><source><running/></source></copy-config>`)
	if got := c.description("startup"); got != "now" {
		t.Errorf("startup %q", got)
	}
	c.ok(`<delete-config><target><startup/></target></delete-config>`)
	if n := c.call(`<get-config><source><startup/></source></get-config>`).Find("data"); len(n.Children) != 0 {
		t.Errorf("startup %s", n)
	}
	c.fails(`<delete-config><target><running/></target></delete-config>`, "protocol operation-not-supported")
	c.fails(editOp("startup", eth1("")), "protocol operation-not-supported")
	c.ok(`<copy-config><target><running/></target><source><startup/></source></copy-config>`)
	if got := device.Running().XML(); len(got) != 0 {
		t.Errorf("running %s", got)
	}
}

// Goal: a device that refuses a configuration makes commit fail and keeps
// candidate. Method: a device with an error.
func TestDeviceRefuses(t *testing.T) {
	s, device := serve(t, nil)
	c := open(t, s, "1.1", "")
	device.mu.Lock()
	device.refuse = errors.New("no room")
	device.mu.Unlock()
	c.ok(describe("two"))
	c.fails(commit, "application operation-failed")
	if r, d := c.description("running"), c.description("candidate"); r != "one" || d != "two" {
		t.Errorf("running %q, candidate %q", r, d)
	}
}

// Goal: locks keep others out and say who holds them; they go with unlock and
// with the session, and candidate's changes with them (RFC 6241 §7.5, §8.3.5).
// Method: two sessions step by step.
func TestLocks(t *testing.T) {
	s, _ := serve(t, func(o *netconf.Options) { o.WritableRunning = true })
	a, b := open(t, s, "1.1", ""), open(t, s, "1.0", "")
	a.ok(lockCandidate)
	a.fails(lockCandidate, "protocol lock-denied")
	e := b.fails(lockCandidate, "protocol lock-denied")
	if got, want := e.Find("error-info", "session-id").Value(), a.hello.Find("session-id").Value(); got != want {
		t.Errorf("lock-denied names session %s, want %s", got, want)
	}
	b.fails(unlockCandidate, "protocol operation-failed")
	b.fails(describe("b"), "protocol in-use")
	b.fails(commit, "protocol in-use")
	b.fails(`<discard-changes/>`, "protocol in-use")
	a.ok(describe("a"), unlockCandidate)
	if got := b.description("candidate"); got != "one" {
		t.Errorf("after unlock candidate is %q", got)
	}
	b.ok(describe("b"))
	a.fails(lockCandidate, "protocol lock-denied")
	b.ok(`<discard-changes/>`)
	a.ok(lockCandidate, `<lock><target><running/></target></lock>`, describe("a"))
	b.fails(editOp("running", eth1("<description>b</description>")), "protocol in-use")
	a.conn.Close()
	// The server sees the end of the connection a little later.
	for b.call(lockCandidate).Find("ok") == nil {
	}
	b.ok(`<lock><target><running/></target></lock>`)
	if got := b.description("candidate"); got != "one" {
		t.Errorf("after the session's end candidate is %q", got)
	}
}

// Goal: subtree filters select as RFC 6241 §6 and its examples say. Method: one
// filter per kind of node on two interfaces with state.
func TestFilter(t *testing.T) {
	s, _ := serve(t, nil)
	c := open(t, s, "1.1", "")
	in := func(content string) string { return `<interfaces xmlns="` + ifSpace + `">` + content + `</interfaces>` }
	zero := `<interface><name>eth0</name><description>zero</description><type xmlns:if="` + ifSpace + `">if:ethernet</type></interface>`
	one := `<interface><name>eth1</name><description>one</description><type xmlns:if="` + ifSpace + `">if:ethernet</type><oper-status>up</oper-status></interface>`
	for filter, want := range map[string]string{
		``:                                   ``,
		in(``):                               in(zero + one),
		`<interfaces/>`:                      ``, // in the namespace of the rpc
		`<interfaces xmlns=""/>`:             in(zero + one),
		`<other xmlns="urn:x"/>`:             ``,
		in(`<interface><name/></interface>`): in(`<interface><name>eth0</name></interface><interface><name>eth1</name></interface>`),
		in(`<interface><description/></interface>`):                                            in(`<interface><name>eth0</name><description>zero</description></interface><interface><name>eth1</name><description>one</description></interface>`),
		in(`<interface><name>eth1</name></interface>`):                                         in(one),
		in(`<interface><name> eth1 </name><oper-status/></interface>`):                         in(`<interface><name>eth1</name><oper-status>up</oper-status></interface>`),
		in(`<interface><description>zero</description><name/></interface>`):                    in(`<interface><name>eth0</name><description>zero</description></interface>`),
		in(`<interface><name>eth1</name><description>zero</description></interface>`):          ``,
		in(`<interface><name>eth9</name></interface>`):                                         ``,
		in(`<interface><name>eth0</name></interface><interface><oper-status/></interface>`):    in(zero + `<interface><name>eth1</name><oper-status>up</oper-status></interface>`),
		in(`<interface><name>eth0</name></interface><interface><name>eth1</name></interface>`): in(zero + one),
		in(`<interface x="1"/>`): ``,
	} {
		data := c.call(`<get><filter type="subtree">` + filter + `</filter></get>`).Find("data")
		got := ""
		for _, n := range data.Children {
			got += n.String()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", filter, got, want)
		}
	}
	data := c.call(`<get-config><source><running/></source><filter>` + in(`<interface><oper-status/></interface>`) + `</filter></get-config>`).Find("data")
	if len(data.Children) != 0 {
		t.Errorf("get-config has state: %s", data)
	}
}
