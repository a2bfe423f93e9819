package netconf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/ingest"
	"nettwin/ingest/netconf"
	"nettwin/ingest/schemas"
	client "nettwin/internal/netconf"
)

// config is a session's configuration for the lab.
func (l *lab) config() client.Config {
	return client.Config{User: "root", Signer: l.key, HostKey: client.HostKeyFingerprints(ssh.FingerprintSHA256(l.hostKey.PublicKey()))}
}

// dial opens a session; it is closed with the test.
func (l *lab) dial(t *testing.T) *client.Session {
	t.Helper()
	var s *client.Session
	eventually(t, 20*time.Second, "session with netconfd", func(ctx context.Context) error {
		return l.entered(func() (err error) {
			s, err = client.Dial(ctx, labAddress, l.config())
			return err
		})
	})
	t.Cleanup(func() { s.Close() })
	return s
}

// describeEdit sets the description of an interface.
func describeEdit(name, text string) client.Edit {
	return client.Edit{Target: client.Candidate, DefaultOperation: client.Merge, TestOption: client.TestThenSet, ErrorOption: client.RollbackOnError,
		Config: `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>` + name + `</name><description>` + text + `</description></interface></interfaces>`}
}

// hasDescription asks running.
func hasDescription(t *testing.T, s *client.Session, text string) bool {
	t.Helper()
	r, err := s.GetConfig(t.Context(), client.Running, client.Query{Subtree: `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"/>`})
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(r.XML, []byte("<description>"+text+"</description>"))
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestNetconfd holds session and collector against a real server, netconfd
// 2.13 behind OpenSSH, with the bugs that it has: edits with test-then-set,
// confirmed commit that is confirmed, cancelled, and rolled back at its
// timeout, locks held by another, notifications, schemas of the device, facts
// equal to what the kernel says, and refusals.
func TestNetconfd(t *testing.T) {
	l := startLab(t)
	s := l.dial(t)
	events := l.dial(t)
	must(t, events.CreateSubscription(t.Context(), client.Subscription{}))
	t.Run("hello", func(t *testing.T) { checkHello(t, l) })
	t.Run("edit", func(t *testing.T) { checkEdit(t, s, events) })
	t.Run("lock", func(t *testing.T) { checkLock(t, l, s) })
	t.Run("errors", func(t *testing.T) { checkErrors(t, s) })
	t.Run("collect", func(t *testing.T) { checkCollect(t, l, s) })
	t.Run("refused", func(t *testing.T) { checkRefused(t, l) })
	t.Run("confirmed", func(t *testing.T) { checkConfirmed(t, l, s) })
	must(t, s.CloseSession(t.Context()), events.CloseSession(t.Context()))
}

// checkHello opens and uses sessions one after another: none loses its first
// request, which netconfd does if it arrives with the hello.
func checkHello(t *testing.T, l *lab) {
	for range 5 {
		s := l.dial(t)
		if _, err := s.Get(t.Context(), client.Query{Subtree: `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"/>`}); err != nil {
			t.Error(err)
		}
		if !s.Has(client.CapBase11) || !s.Has(client.CapConfirmed11) || !s.Has(client.CapNotification) {
			t.Errorf("capabilities %q", s.Capabilities())
		}
		must(t, s.CloseSession(t.Context()))
	}
}

// checkEdit commits an edit, which running then has, and which is told.
func checkEdit(t *testing.T, s, events *client.Session) {
	must(t, s.EditConfig(t.Context(), describeEdit("eth1", "edited")))
	must(t, s.Commit(t.Context()))
	if !hasDescription(t, s, "edited") {
		t.Error("running does not have the edit")
	}
	for {
		select {
		case e := <-events.Notifications():
			if e.Name.Local != "netconf-config-change" {
				continue
			}
			if !bytes.Contains(e.XML, []byte("eth1")) || time.Since(e.Time).Abs() > time.Minute {
				t.Errorf("%s", e.XML)
			}
			return
		case <-time.After(5 * time.Second):
			t.Fatal("no netconf-config-change")
		}
	}
}

// checkLock: the error tells which session holds the lock; it is transient.
func checkLock(t *testing.T, l *lab, s *client.Session) {
	other := l.dial(t)
	must(t, other.Lock(t.Context(), client.Candidate))
	err := s.Lock(t.Context(), client.Candidate)
	var refused *client.RPCError
	if !errors.As(err, &refused) || refused.Tag != "lock-denied" || refused.Info.SessionID != fmt.Sprint(other.SessionID()) || client.Classify(err) != client.Transient {
		t.Errorf("%v", err)
	}
	if err := s.EditConfig(t.Context(), describeEdit("eth1", "x")); !client.HasTag(err, "in-use") || client.Classify(err) != client.Transient {
		t.Errorf("%v", err)
	}
	must(t, other.CloseSession(t.Context()))
	must(t, s.Lock(t.Context(), client.Candidate), s.Unlock(t.Context(), client.Candidate))
}

// checkErrors: what the server refuses is permanent and says what and where.
func checkErrors(t *testing.T, s *client.Session) {
	err := s.EditConfig(t.Context(), client.Edit{Target: client.Candidate, TestOption: client.TestThenSet, ErrorOption: client.RollbackOnError,
		Config: `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>eth1</name><enabled>maybe</enabled></interface></interfaces>`})
	var refused *client.RPCError
	if !errors.As(err, &refused) || refused.Tag != "invalid-value" || !strings.Contains(refused.Path, "enabled") || client.Classify(err) != client.Permanent {
		t.Errorf("%v", err)
	}
	must(t, s.Discard(t.Context()))
	if _, err := s.GetSchema(t.Context(), "no-such-module", "", "yang"); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	if r, err := s.Get(t.Context(), client.Query{XPath: "/if:interfaces", Namespaces: map[string]string{"if": "urn:ietf:params:xml:ns:yang:ietf-interfaces"}}); err != nil || !bytes.Contains(r.XML, []byte("eth2")) {
		t.Errorf("%v", err)
	}
}

// labPolicy is what netconfd tells of itself and its machine that moves.
const labPolicy = "skip\tyuma-proc:proc\nmeasure\tietf-system/system-state/clock/current-datetime\n" +
	"measure\tietf-system/system-state/yuma123-system:yuma/sysCurrentDateTime\n"

// checkCollect reads the device through its own modules and compares with
// ip -j and with what was configured; read again, nothing but counters moved.
func checkCollect(t *testing.T, l *lab, s *client.Session) {
	policy, err := schemas.LoadPolicy(fstest.MapFS{"p": {Data: []byte(labPolicy)}}, "p")
	must(t, err)
	cred := l.credential()
	c := collector(t, func(o *netconf.Options) {
		o.Credentials = func(ingest.Target) (netconf.Credential, error) { return cred, nil }
		o.Policy = policy
	})
	read := func() *ingest.Sample {
		var sample *ingest.Sample
		must(t, l.entered(func() (err error) {
			sample, err = c.Collect(t.Context(), ingest.Target{Name: "r1", Address: labAddress})
			return err
		}))
		return sample
	}
	sample := read()
	var links []struct {
		Name  string `json:"ifname"`
		State string `json:"operstate"`
	}
	must(t, json.Unmarshal([]byte(l.inside(t, "ip", "-j", "link")), &links))
	got := lines(sample.Facts, func(thing string) bool { return strings.HasPrefix(thing, "ietf-interfaces:") })
	want := []string{
		`ietf-interfaces:interfaces/interface=eth1 ietf-interfaces/interfaces/interface/description "edited"`,
		`ietf-interfaces:interfaces/interface=eth2 ietf-interfaces/interfaces/interface/type <iana-if-type/identity/ethernetCsmacd>`,
		`ietf-interfaces:interfaces/interface=eth2 ietf-interfaces/interfaces/interface/enabled "true"^^<xsd:boolean>`,
	}
	for _, link := range links {
		thing := "ietf-interfaces:interfaces-state/interface=" + link.Name + " ietf-interfaces/interfaces-state/interface/"
		want = append(want, thing+`oper-status "`+strings.ToLower(link.State)+`"`)
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("no fact %s", line)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(got, "\n"))
	}
	for _, f := range sample.Facts {
		if strings.Contains(f.P.Value(), "/unknown/") {
			t.Errorf("without schema: %v", f)
		}
	}
	if len(sample.Raw) != 1 || !slices.Contains(sample.Complete, "ietf-interfaces:interfaces-state") {
		t.Errorf("%d raw, complete %q", len(sample.Raw), sample.Complete)
	}
	t.Logf("%d facts, %d unmapped, warnings %q", len(sample.Facts), sample.Unmapped, sample.Warnings)
	state := func(s *ingest.Sample) []string {
		return slices.DeleteFunc(lines(s.Facts, func(string) bool { return true }), func(l string) bool { return strings.HasSuffix(l, "(counter)") })
	}
	if before, after := state(sample), state(read()); !slices.Equal(before, after) {
		for _, line := range after {
			if !slices.Contains(before, line) {
				t.Errorf("moved: %s", line)
			}
		}
	}
}

// credential is the collector's for the lab.
func (l *lab) credential() netconf.Credential {
	return netconf.Credential{User: "root", Key: l.keyText, HostKeys: []string{ssh.FingerprintSHA256(l.hostKey.PublicKey())}}
}

// checkRefused: OpenSSH refuses another key, and the message says whose.
func checkRefused(t *testing.T, l *lab) {
	cfg := l.config()
	cfg.Signer = testSigner(t, 9)
	err := l.entered(func() error {
		_, err := client.Dial(t.Context(), labAddress, cfg)
		return err
	})
	if !errors.Is(err, client.ErrAuth) || !strings.Contains(err.Error(), `user "root"`) || !strings.Contains(err.Error(), ssh.FingerprintSHA256(cfg.Signer.PublicKey())) {
		t.Errorf("%v", err)
	}
}

// checkConfirmed: a confirmed commit is kept when it is confirmed, by another
// session with its token; taken back when it is cancelled; and taken back at
// its timeout, for which netconfd wants a second without messages.
func checkConfirmed(t *testing.T, l *lab, s *client.Session) {
	ctx := t.Context()
	must(t, s.EditConfig(ctx, describeEdit("eth1", "confirmed")), s.CommitConfirmed(ctx, time.Minute, "token-1"))
	other := l.dial(t)
	must(t, other.ConfirmCommit(ctx, "token-1"), other.CloseSession(ctx))
	if !hasDescription(t, s, "confirmed") {
		t.Error("confirmed, but not kept")
	}
	must(t, s.EditConfig(ctx, describeEdit("eth1", "cancelled")), s.CommitConfirmed(ctx, time.Minute, "token-2"))
	if !hasDescription(t, s, "cancelled") {
		t.Error("not running before it was cancelled")
	}
	must(t, s.CancelCommit(ctx, "token-2"))
	if !hasDescription(t, s, "confirmed") {
		t.Error("cancelled, but not taken back")
	}
	must(t, s.EditConfig(ctx, describeEdit("eth1", "forgotten")), s.CommitConfirmed(ctx, time.Second, "token-3"))
	eventually(t, 10*time.Second, "roll back", func(context.Context) error {
		time.Sleep(1200 * time.Millisecond) // polling faster postpones the roll back for ever
		if hasDescription(t, s, "forgotten") {
			return errors.New("the commit that nobody confirmed is still running")
		}
		return nil
	})
	if !hasDescription(t, s, "confirmed") {
		t.Error("rolled back to something else")
	}
}
