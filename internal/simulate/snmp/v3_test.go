package snmp_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmp"
	"nettwin/internal/testenv"
)

const (
	authPassword = "authpass123"
	privPassword = "privpass123"
)

var authProtocols = map[snmp.AuthProtocol]gosnmp.SnmpV3AuthProtocol{
	snmp.NoAuth: gosnmp.NoAuth, snmp.MD5: gosnmp.MD5, snmp.SHA1: gosnmp.SHA, snmp.SHA224: gosnmp.SHA224,
	snmp.SHA256: gosnmp.SHA256, snmp.SHA384: gosnmp.SHA384, snmp.SHA512: gosnmp.SHA512,
}

var privProtocols = map[snmp.PrivProtocol]gosnmp.SnmpV3PrivProtocol{
	snmp.NoPriv: gosnmp.NoPriv, snmp.DES: gosnmp.DES, snmp.AES128: gosnmp.AES,
}

// v3User makes a manager speak as a user, at the level of its protocols.
func v3User(g *gosnmp.GoSNMP, u snmp.User) {
	g.Version, g.SecurityModel, g.MsgFlags = gosnmp.Version3, gosnmp.UserSecurityModel, gosnmp.NoAuthNoPriv
	if u.AuthProtocol != snmp.NoAuth {
		g.MsgFlags = gosnmp.AuthNoPriv
	}
	if u.PrivProtocol != snmp.NoPriv {
		g.MsgFlags = gosnmp.AuthPriv
	}
	g.SecurityParameters = &gosnmp.UsmSecurityParameters{
		UserName:               u.Name,
		AuthenticationProtocol: authProtocols[u.AuthProtocol], AuthenticationPassphrase: u.AuthPassword,
		PrivacyProtocol: privProtocols[u.PrivProtocol], PrivacyPassphrase: u.PrivPassword,
	}
}

// combinations are all users that RFC 3414, RFC 3826 and RFC 7860 allow.
func combinations() []snmp.User {
	var users []snmp.User
	for auth := range authProtocols {
		for priv := range privProtocols {
			if auth == snmp.NoAuth && priv != snmp.NoPriv {
				continue
			}
			u := snmp.User{Name: fmt.Sprintf("user-%d-%d", auth, priv), AuthProtocol: auth, PrivProtocol: priv}
			if auth != snmp.NoAuth {
				u.AuthPassword = authPassword
			}
			if priv != snmp.NoPriv {
				u.PrivPassword = privPassword
			}
			users = append(users, u)
		}
	}
	return users
}

// Goal: every combination of authentication and privacy reads the recording as
// it stands. Method: gosnmp bulk-walks the same device as 19 users.
func TestV3Combinations(t *testing.T) {
	path := filepath.Join(testenv.Shared(t, "data/snmp"), "unifi_unifi.snmprec")
	users := combinations()
	if len(users) != 19 {
		t.Fatalf("%d combinations, want 1 + 6 × 3", len(users))
	}
	agent := listen(t, snmp.Options{State: recorded(t, path), Users: users})
	want := splitFile(t, path)
	for _, user := range users {
		t.Run(user.Name, func(t *testing.T) {
			g := manager(t, agent, func(g *gosnmp.GoSNMP) { v3User(g, user) })
			compareRows(t, walkAll(t, g), want)
		})
	}
	if s := agent.Stats(); s.UnknownEngineIDs != uint64(len(users)) || s.Reported != s.UnknownEngineIDs || s.WrongDigests+s.NotInTimeWindows+s.ParseErrors != 0 {
		t.Errorf("want one discovery a user and no other report: %+v", s)
	}
}

// Goal: wrong credentials are refused for the cause that RFC 3414 names, and
// nothing is answered. Method: gosnmp with one thing wrong; it takes the
// unauthenticated reports for forgeries, so the agent's counts tell the cause
// (TestNetSNMPWrongCredentials shows the reports understood).
func TestV3WrongCredentials(t *testing.T) {
	right := snmp.User{Name: "twin", AuthProtocol: snmp.SHA256, AuthPassword: authPassword, PrivProtocol: snmp.AES128, PrivPassword: privPassword}
	noPriv := snmp.User{Name: "auth", AuthProtocol: snmp.SHA256, AuthPassword: authPassword}
	cases := []struct {
		name   string
		change func(*snmp.User)
		count  func(snmp.Stats) uint64
	}{
		{"password", func(u *snmp.User) { u.AuthPassword = "wrong-password" }, func(s snmp.Stats) uint64 { return s.WrongDigests }},
		{"hash", func(u *snmp.User) { u.AuthProtocol = snmp.SHA512 }, func(s snmp.Stats) uint64 { return s.WrongDigests }},
		{"user", func(u *snmp.User) { u.Name = "other" }, func(s snmp.Stats) uint64 { return s.UnknownUserNames }},
		{"level", func(u *snmp.User) { u.Name = noPriv.Name }, func(s snmp.Stats) uint64 { return s.UnsupportedSecLevels }},
		// USM cannot tell a wrong privacy key from a broken PDU: silence.
		{"privacy password", func(u *snmp.User) { u.PrivPassword = "wrong-password" }, func(s snmp.Stats) uint64 { return s.ParseErrors }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			agent := listen(t, snmp.Options{State: smallTable(t), Users: []snmp.User{right, noPriv}})
			g := manager(t, agent, func(g *gosnmp.GoSNMP) {
				user := right
				c.change(&user)
				v3User(g, user)
				g.Timeout = 300 * time.Millisecond
			})
			if packet, err := g.Get([]string{".1.3.6.1.2.1.1.1.0"}); err == nil {
				t.Errorf("answered: %+v", packet)
			}
			if s := agent.Stats(); c.count(s) != 1 || s.Answered != 0 || s.Received != 2 || s.UnknownEngineIDs != 1 {
				t.Errorf("want one discovery and one refusal: %+v", s)
			}
		})
	}
}

// Goal: a request for another engine's context is reported as
// snmpUnknownPDUHandlers (RFC 3412 §4.3). Method: gosnmp with a foreign
// contextEngineID.
func TestV3ForeignContextEngine(t *testing.T) {
	agent := listen(t, snmp.Options{State: smallTable(t), Users: []snmp.User{{Name: "none"}}})
	g := manager(t, agent, func(g *gosnmp.GoSNMP) {
		v3User(g, snmp.User{Name: "none"})
		g.ContextEngineID = "another engine"
	})
	if _, err := g.Get([]string{".1.3.6.1.2.1.1.1.0"}); !errors.Is(err, gosnmp.ErrUnknownPDUHandlers) {
		t.Errorf("error %v, want %v", err, gosnmp.ErrUnknownPDUHandlers)
	}
}

// Goal: a manager whose idea of the engine's time is too old is told so and
// can go on (RFC 3414 §3.2 step 7). Method: the agent's clock jumps by more
// than 150 s between two requests of gosnmp, which then resynchronises.
func TestV3TimeWindow(t *testing.T) {
	var offset atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	user := snmp.User{Name: "twin", AuthProtocol: snmp.SHA1, AuthPassword: authPassword, PrivProtocol: snmp.DES, PrivPassword: privPassword}
	agent := listen(t, snmp.Options{State: smallTable(t), Users: []snmp.User{user}, Clock: clock, EngineBoots: 7})
	g := manager(t, agent, func(g *gosnmp.GoSNMP) { v3User(g, user) })
	oid := ".1.3.6.1.2.1.1.1.0"
	get(t, g, oid)
	offset.Store(int64(100 * time.Second))
	get(t, g, oid)
	if n := agent.Stats().NotInTimeWindows; n != 0 {
		t.Errorf("%d reports within the window", n)
	}
	offset.Store(int64(400 * time.Second))
	if v := get(t, g, oid).Variables[0]; v.Type != gosnmp.OctetString {
		t.Errorf("after the jump: %+v", v)
	}
	if n := agent.Stats().NotInTimeWindows; n != 1 {
		t.Errorf("%d reports after the jump, want 1", n)
	}
	if boots := g.SecurityParameters.(*gosnmp.UsmSecurityParameters).AuthoritativeEngineBoots; boots != 7 {
		t.Errorf("engine boots %d, want 7", boots)
	}
}

// Goal: a large answer keeps to the manager's msgMaxSize and is truncated for
// GETBULK. Method: 1,000 rows of 200 octets asked for at once; UDP carries no
// more than 65,507 bytes.
func TestV3BulkTruncated(t *testing.T) {
	rows := make([]smi.Varbind, 1000)
	for i := range rows {
		rows[i] = smi.Varbind{OID: smi.NewOID(1, 3, 6, 1, 9, uint32(i)), Value: smi.Octets(fmt.Sprintf("%0200d", i))}
	}
	user := snmp.User{Name: "twin", AuthProtocol: snmp.SHA512, AuthPassword: authPassword, PrivProtocol: snmp.DES, PrivPassword: privPassword}
	for _, most := range []int{484, 1472, snmp.DefaultMaxMessageBytes} {
		agent := listen(t, snmp.Options{State: newTable(t, rows...), Users: []snmp.User{user}, MaxMessageBytes: most})
		g := manager(t, agent, func(g *gosnmp.GoSNMP) { v3User(g, user) })
		packet, err := g.GetBulk([]string{".1.3.6.1.9"}, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		n := len(packet.Variables)
		// A binding takes 2+1+7+3+200 bytes at most 216; the envelope
		// with its digest stays below 220.
		if n > most/200 || n < (most-220)/216 {
			t.Errorf("limit %d bytes: %d bindings", most, n)
		}
		if got := len(walkAll(t, g)); got != len(rows) {
			t.Errorf("limit %d bytes: a walk sees %d rows, want %d", most, got, len(rows))
		}
	}
}
