package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"nettwin/ingest/snmp"
)

var secrets = cmp.Options{cmp.AllowUnexported(Secret{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}

// full is what testdata/full.yaml says, written by hand. The first hash is
// that of "hello" by sha256sum.
func full() *Config {
	return &Config{
		Base:   "https://noc.example/",
		Listen: "[::1]:7878",
		Hosts:  []string{"twin.noc.example", "localhost:8080"},
		Tokens: []Token{
			{Name: "alice", Role: "operator", SHA256: [32]byte{
				0x2c, 0xf2, 0x4d, 0xba, 0x5f, 0xb0, 0xa3, 0x0e, 0x26, 0xe8, 0x3b, 0x2a, 0xc5, 0xb9, 0xe2, 0x9e,
				0x1b, 0x16, 0x1e, 0x5c, 0x1f, 0xa7, 0x42, 0x5e, 0x73, 0x04, 0x33, 0x62, 0x93, 0x8b, 0x98, 0x24}},
			{Name: "grafana", Role: "reader", SHA256: [32]byte{31: 1}},
		},
		Collection: Collection{Needed: true, Rules: []string{"link-*", "interface-down"}, Queries: []string{"inventory-*"}, Collect: []Need{
			{Name: "ports", Objects: []string{"ifTable", "/ietf-interfaces:interfaces"}, Devices: []string{"r1"}, Age: 30 * time.Second},
			{Name: "states", Query: "SELECT ?i { ?i a <https://w3id.org/nettwin/ns#Interface> }"}}},
		Credentials: map[string]Credential{
			"lab": {SNMP: &SNMP{Version: SNMPv3, User: "twin",
				AuthProtocol: "sha256", Auth: Secret{envSecret, "NETTWIN_AUTH"},
				PrivProtocol: "aes", Priv: Secret{fileSecret, "/etc/nettwin/priv"}}},
			"old": {SNMP: &SNMP{Version: SNMPv2c, Community: Secret{envSecret, "NETTWIN_COMMUNITY"}}},
			"core": {SNMP: &SNMP{Version: SNMPv3, User: "007",
				AuthProtocol: "sha512", Auth: Secret{envSecret, "NETTWIN_AUTH"},
				PrivProtocol: "aes256", Priv: Secret{envSecret, "NETTWIN_PRIV"}, Context: "vrf-red"}},
			"open": {SNMP: &SNMP{Version: SNMPv3, User: "guest"}},
			"both": {SNMP: &SNMP{Version: SNMPv2c, Community: Secret{envSecret, "NETTWIN_COMMUNITY"}},
				SSH: &SSH{User: "twin", Key: Secret{fileSecret, "/etc/nettwin/id"}, Passphrase: Secret{envSecret, "NETTWIN_PASSPHRASE"},
					KnownHosts: "/etc/nettwin/known_hosts"}},
			"ssh": {SSH: &SSH{User: "twin", Password: Secret{envSecret, "NETTWIN_PASSWORD"},
				HostKeys: []string{"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "SHA256:4o9nXDTr6oGKfkGZ5sJlg3BXwlQMGW8iLlwxUQ1wV+A"}}},
			"web": {TLS: &PeerTLS{User: "twin", Password: Secret{envSecret, "NETTWIN_PASSWORD"},
				Certificates: []string{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}},
			"mutual": {TLS: &PeerTLS{Authorities: "/etc/nettwin/ca.pem", ServerName: "r9.noc.example",
				ClientCertificate: "/etc/nettwin/client.pem", ClientKey: Secret{fileSecret, "/etc/nettwin/client.key"}}},
		},
		Devices: []Device{
			{Name: "r1", Address: "192.0.2.1", Credential: "lab", Collect: Collect{SNMP: 10 * time.Second}},
			{Name: "core-2.ams", Address: "[2001:db8::2]:1161", Credential: "core", Collect: Collect{SNMP: 90 * time.Second, SNMPMost: 10 * time.Minute}},
			{Name: "r3", Address: "2001:db8::3", Credential: "old", Collect: Collect{SNMP: time.Hour}},
			{Name: "4", Address: "r4.noc.example:161", Credential: "open", Collect: Collect{SNMP: time.Second}},
			{Name: "r5", Address: "192.0.2.5", Credential: "both", NETCONFPort: 10830,
				Sources: []netip.Addr{netip.MustParseAddr("198.51.100.5"), netip.MustParseAddr("2001:db8::5")},
				Pace:    Pace{Requests: 20, Bytes: 2 << 20},
				Collect: Collect{SNMP: 30 * time.Second, NETCONF: Polled{Period: 5 * time.Minute, OnChange: true}, Trap: true, Syslog: true, Flow: true}},
			{Name: "r6", Address: "192.0.2.6", Credential: "ssh", HostKeys: []string{"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"},
				Collect: Collect{NETCONF: Polled{Period: time.Minute, Most: time.Hour}}},
			{Name: "r7", Address: "192.0.2.7", Collect: Collect{Flow: true}},
			{Name: "r8", Address: "192.0.2.8", Collect: Collect{Push: true, Files: "/srv/recordings/r8"}},
			{Name: "r9", Address: "192.0.2.9", Credential: "web", RESTCONFPort: 8443, Collect: Collect{
				RESTCONF: Polled{Period: 5 * time.Minute, OnChange: true}, GNMI: GNMI{Polled: Polled{Period: 20 * time.Second, Most: 2 * time.Minute}}}},
			{Name: "r10", Address: "192.0.2.10", Credential: "mutual", GNMIPort: 57400,
				Certificates: []string{"E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"},
				Collect: Collect{RESTCONF: Polled{Period: time.Minute}, GNMI: GNMI{Polled: Polled{Period: 5 * time.Minute, OnChange: true},
					Paths: []string{"/interfaces/interface[name=*]/state", "ORIGIN:/system"}, Mode: "get", Stream: "sample", Sample: 15 * time.Second,
					Encoding: "proto", Target: "leaf9"}}},
		},
		Listeners: Listeners{Trap: []string{"0.0.0.0:162"}, Syslog: []string{"0.0.0.0:514"}, Flow: []string{"0.0.0.0:2055", "[::]:4739"},
			UDPNotif: []string{"0.0.0.0:57499"}, MDT: []string{"0.0.0.0:57500"}},
		YANG: "/srv/yang",
		Limits: Limits{QueryTimeout: 30 * time.Second, MaxQueryTimeout: 10 * time.Minute,
			MaxRows: 1000000, MaxQueryBytes: 524288, MaxDataBytes: 4294967296, MaxMemoryBytes: 1 << 30, MaxSpillBytes: 20 << 30, ResultCache: 16 << 20,
			SlowQuery: 2 * time.Second, Reach: []string{"https://example.org/sparql", "file:///srv/rdf/"}},
		Retention: Retention{Commits: 100000, Age: 8760 * time.Hour, Graphs: []GraphRetention{
			{Graph: "https://noc.example/graph/source/", Age: 168 * time.Hour}, {Graph: "", Commits: 5000, Age: 720 * time.Hour}}},
		TLS: &TLS{Certificate: "/etc/nettwin/cert.pem", Key: Secret{fileSecret, "/etc/nettwin/key.pem"}},
	}
}

// TestFull reads a file with every key and compares with values written by
// hand.
func TestFull(t *testing.T) {
	got, err := Load(filepath.Join("testdata", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full(), got, secrets); diff != "" {
		t.Error(diff)
	}
}

// TestDesignExample reads the example that the design gives, as it stands
// there but for the host key, which the design leaves out.
func TestDesignExample(t *testing.T) {
	got, err := Parse("example.yaml", []byte(`
base: https://noc.example/          # fixed when the store is created
listen: 127.0.0.1:7878
tokens: [{name: alice, role: operator, sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824}]
credentials: {lab: {snmp: {version: 3, user: twin, auth: env:A, priv: env:P}, ssh: {user: twin, key: file:/etc/nettwin/id, knownHosts: /etc/nettwin/known_hosts}}}
devices: [{name: r1, address: 192.0.2.1, credential: lab, collect: {snmp: 10s, netconf: on-change}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	if got.Devices[0].Collect.SNMP != 10*time.Second || !got.Devices[0].Collect.NETCONF.OnChange || got.Credentials["lab"].SNMP.Priv != (Secret{envSecret, "P"}) {
		t.Errorf("%+v", got)
	}
}

// TestEmpty reads texts without any setting: all is default.
func TestEmpty(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "--- {}\n", "~", "\ufeff"} {
		got, err := Parse("empty.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(&Config{}, got, secrets); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// TestBad reads each testdata/*.bad.yaml and compares the whole message with
// the .bad.txt beside it, written by hand. No message repeats HUNTER2, which
// stands where secrets do.
func TestBad(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no bad files", err)
	}
	texts, err := filepath.Glob("testdata/*.bad.txt")
	if err != nil || len(texts) != len(paths) {
		t.Fatalf("%d messages for %d files, %v", len(texts), len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(path, ".yaml") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			c, err := Parse(filepath.Base(path), text)
			if err == nil {
				t.Fatalf("accepted: %+v", c)
			}
			if diff := cmp.Diff(strings.TrimSuffix(string(want), "\n"), err.Error()); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(err.Error(), "HUNTER") {
				t.Error("the message repeats a secret")
			}
		})
	}
}

// TestTooMuch gives files with too many problems and too many bytes: messages
// stay bounded.
func TestTooMuch(t *testing.T) {
	var many strings.Builder
	for i := range MaxProblems + 7 {
		fmt.Fprintf(&many, "key%d: 1\n", i)
	}
	_, err := Parse("many.yaml", []byte(many.String()))
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) != MaxProblems || e.More != 7 ||
		!strings.HasSuffix(err.Error(), "\nmany.yaml: and 7 more problems") {
		t.Errorf("error %v", err)
	}
	_, err = Parse("big.yaml", bytes.Repeat([]byte("#"), MaxBytes+1))
	if err == nil || err.Error() != "big.yaml: the file has more than 4194304 bytes" {
		t.Errorf("error %v", err)
	}
	_, err = Parse("long.yaml", []byte("listen: "+strings.Repeat("x", 1000)))
	if err == nil || len(err.Error()) > 200 {
		t.Errorf("error %v", err)
	}
	deep := strings.Repeat("[", 20000)
	if _, err = Parse("deep.yaml", []byte("base: "+deep)); err == nil || len(err.Error()) > 200 {
		t.Errorf("error %v", err)
	}
}

// TestLoadFails asks for a file that is not there.
func TestLoadFails(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"))
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "config: open ") {
		t.Errorf("error %v", err)
	}
}

// TestProtocolsAreTheCollectors compares the protocols that a file may name
// with those of the collector, which gets them.
func TestProtocolsAreTheCollectors(t *testing.T) {
	if !slices.Equal(AuthProtocols(), snmp.AuthProtocols()) || !slices.Equal(PrivProtocols(), snmp.PrivProtocols()) {
		t.Errorf("%v %v; the collector has %v %v", AuthProtocols(), PrivProtocols(), snmp.AuthProtocols(), snmp.PrivProtocols())
	}
}

// TestNearest checks suggestions: misspelt and swapped letters and other
// separators are recognised, other words are not.
func TestNearest(t *testing.T) {
	words := []string{"base", "listen", "authProtocol", "auth", "maxRows", "tls"}
	cases := map[string]string{
		"lsiten": "listen", "Listen": "listen", "listens": "listen", "auth-protocol": "authProtocol", "max_rows": "maxRows",
		"bsae": "base", "tsl": "tls", "TLS": "tls", "authe": "auth", "x": "", "": "", "port": "", "interface": "",
	}
	for wrong, want := range cases {
		if got, _ := nearest(wrong, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", wrong, got, want)
		}
	}
}

// TestSecretStaysSecret prints a configuration and secrets in every way that
// logs and messages use: neither secret nor reference appears.
func TestSecretStaysSecret(t *testing.T) {
	t.Setenv("HUNTER2", "hunter2")
	s, err := ParseSecret("env:HUNTER2")
	if err != nil {
		t.Fatal(err)
	}
	c := &Config{Credentials: map[string]Credential{"lab": {SNMP: &SNMP{Community: s}}}, TLS: &TLS{Key: s}}
	var out bytes.Buffer
	snmp := c.Credentials["lab"].SNMP
	fmt.Fprintf(&out, "%v %+v %#v %s %q %v %+v %#v %v\n", s, s, s, s, s, snmp, snmp, snmp, []Secret{s})
	slog.New(slog.NewTextHandler(&out, nil)).Info("config", "secret", s, "snmp", snmp)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("config", "secret", s, "config", c)
	if err := json.NewEncoder(&out).Encode(c); err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asYAML)
	if strings.Contains(strings.ToLower(out.String()), "hunter") || !strings.Contains(out.String(), redacted) {
		t.Error(out.String())
	}
	if (Secret{}).String() != "" || !(Secret{}).IsZero() || s.IsZero() {
		t.Error("the zero secret says otherwise")
	}
}

// TestResolve fetches secrets from the environment and from files; what is
// absent, empty or too long is an error that names the reference only.
func TestResolve(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file:" + path
	}
	t.Setenv("NETTWIN_TEST_SET", "from env \n")
	t.Setenv("NETTWIN_TEST_EMPTY", "")
	cases := []struct{ reference, want, err string }{
		{"env:NETTWIN_TEST_SET", "from env \n", ""},
		{file("plain", "from file"), "from file", ""},
		{file("newline", "from file\n"), "from file", ""},
		{file("dos", "from file\r\n"), "from file", ""},
		{file("newlines", "from file\n\n"), "from file\n", ""},
		{file("spaces", " a b "), " a b ", ""},
		{"env:NETTWIN_TEST_EMPTY", "", "secret env:NETTWIN_TEST_EMPTY: the environment variable is not set or empty"},
		{"env:NETTWIN_TEST_UNSET", "", "secret env:NETTWIN_TEST_UNSET: the environment variable is not set or empty"},
		{"file:" + dir + "/none", "", "secret file:" + dir + "/none: no such file or directory"},
		{"file:" + dir, "", "secret file:" + dir + ": is a directory"},
		{file("empty", "\n"), "", "secret file:" + dir + "/empty: the file is empty"},
		{file("long", strings.Repeat("x", maxSecretBytes+1)), "", "secret file:" + dir + "/long: the file has more than 65536 bytes"},
	}
	for _, c := range cases {
		s, err := ParseSecret(c.reference)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Resolve()
		if got != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: %q, %v", c.reference, got, err)
		}
	}
	if _, err := (Secret{}).Resolve(); err == nil {
		t.Error("the zero secret resolves")
	}
}

// FuzzParse gives Parse any text. It never panics; what it accepts keeps its
// promises; what it refuses has at least one problem and bounded messages.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("fuzz.yaml", text)
		var e *Error
		switch {
		case err == nil:
			checkPromises(t, c)
		case !errors.As(err, &e) || len(e.Problems) == 0 || len(e.Problems) > MaxProblems:
			t.Fatalf("error %v", err)
		case !slices.IsSortedFunc(e.Problems, func(a, b Problem) int { return a.Line - b.Line }):
			t.Fatalf("not sorted: %v", err)
		}
	})
}

func checkPromises(t *testing.T, c *Config) {
	names := map[string]bool{}
	for _, d := range c.Devices {
		credential := c.Credentials[d.Credential]
		if names[d.Name] || !name.MatchString(d.Name) || checkAddress(d.Address) != nil ||
			d.Collect.SNMP != 0 && (d.Collect.SNMP < minInterval || credential.SNMP == nil) ||
			d.Collect.NETCONF.Period != 0 && (d.Collect.NETCONF.Period < minInterval || credential.SSH == nil) ||
			d.Collect.NETCONF.OnChange && d.Collect.NETCONF.Period == 0 ||
			(d.Collect.RESTCONF.Period != 0 || d.Collect.GNMI.Period != 0) && credential.TLS == nil {
			t.Fatalf("device %+v", d)
		}
		names[d.Name] = true
	}
	for n, credential := range c.Credentials {
		if ssh := credential.SSH; ssh != nil && (ssh.User == "" || ssh.Key.IsZero() && ssh.Password.IsZero() || len(ssh.HostKeys) > 0 && ssh.KnownHosts != "") {
			t.Fatalf("credential %q: %+v", n, ssh)
		}
		s := credential.SNMP
		if s == nil && credential.SSH == nil && credential.TLS == nil {
			t.Fatalf("credential %q is empty", n)
		}
		if s != nil && ((s.Version == SNMPv2c) == s.Community.IsZero() || (s.Version == SNMPv3) == (s.User == "") ||
			s.Auth.IsZero() != (s.AuthProtocol == "") || s.Priv.IsZero() != (s.PrivProtocol == "") || s.Auth.IsZero() && !s.Priv.IsZero()) {
			t.Fatalf("credential %q: %+v", n, s)
		}
	}
	for _, token := range c.Tokens {
		if token.Name == "" || !slices.Contains(Roles(), token.Role) {
			t.Fatalf("token %+v", token)
		}
	}
}
