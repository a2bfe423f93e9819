package main

import (
	"encoding/json"
	"strings"
	"testing"
)

const goodConfig = `
credentials:
  lab: {snmp: {version: 2c, community: env:NETTWIN_TEST_COMMUNITY}, ssh: {user: twin, password: env:NETTWIN_TEST_PASSWORD, knownHosts: /nonexistent/known_hosts}, tls: {user: twin, password: env:NETTWIN_TEST_PASSWORD}}
devices:
  - {name: r1, address: 192.0.2.1, credential: lab, collect: {snmp: 10s, netconf: on-change, trap: true, syslog: true, flow: true}}
  - {name: r2, address: 192.0.2.2, credential: lab, collect: {netconf: 1m30s}}
  - {name: r3, address: 192.0.2.3, credential: lab, gnmiPort: 57400, collect: {restconf: 1m-10m, gnmi: {every: on-change, paths: /interfaces}}}
listeners: {trap: 127.0.0.1:0, syslog: 127.0.0.1:0, flow: 127.0.0.1:0}
`

// TestConfigCheck checks configurations that are right, wrong in form, wrong
// together, and whose secrets are not there, for people and as JSON.
func TestConfigCheck(t *testing.T) {
	dir := t.TempDir()
	check := func(text string, args ...string) result {
		t.Helper()
		return nettwin(t, "", append([]string{"config", "check", write(t, dir, "nettwin.yaml", text)}, args...)...)
	}
	good := check(goodConfig)
	if good.code != 0 || good.stderr != "" {
		t.Fatalf("%+v", good)
	}
	for _, line := range []string{
		"nettwin.yaml is right: 3 devices, 1 credentials, 0 tokens",
		"r1      192.0.2.1  snmp every 10s, netconf on change, at least every 5m, trap, syslog, flow",
		"r2      192.0.2.2  netconf every 1m30s",
		"r3      192.0.2.3  restconf every 1m to 10m, gnmi on change, at least every 5m",
	} {
		if !strings.Contains(good.stdout, line+"\n") {
			t.Errorf("%q is not in\n%s", line, good.stdout)
		}
	}
	var report struct {
		OK       bool
		Devices  []struct{ Name string }
		Problems []struct {
			Line    int
			Message string
		}
	}
	if err := json.Unmarshal([]byte(check(goodConfig, "--json").stdout), &report); err != nil || !report.OK || len(report.Devices) != 3 {
		t.Errorf("%v, %+v", err, report)
	}
	for text, says := range map[string]string{
		"listne: 127.0.0.1:1\n":  `nettwin.yaml:1:1: unknown key "listne", did you mean "listen"?`,
		"listen: 192.0.2.1:80\n": "token",
	} {
		if got := check(text); got.code != exitFailed || !strings.Contains(got.stderr, says) {
			t.Errorf("%q: %+v", text, got)
		}
	}
	wrong := check("\ndevices: 7\n", "--json")
	report.OK = true
	if err := json.Unmarshal([]byte(wrong.stdout), &report); err != nil || wrong.code != exitFailed || report.OK || len(report.Problems) != 1 || report.Problems[0].Line != 2 {
		t.Errorf("%v, %+v, %+v", err, wrong, report)
	}
	if got := check(goodConfig, "--secrets"); got.code != exitFailed || !strings.Contains(got.stderr, "device r1: credential lab: secret env:NETTWIN_TEST_COMMUNITY: the environment variable is not set or empty") {
		t.Errorf("%+v", got)
	}
	t.Setenv("NETTWIN_TEST_COMMUNITY", "public")
	t.Setenv("NETTWIN_TEST_PASSWORD", "secret")
	if got := check(goodConfig, "--secrets"); got.code != exitFailed || !strings.Contains(got.stderr, "device r1: credential lab: knownHosts /nonexistent/known_hosts: no such file or directory") {
		t.Errorf("%+v", got)
	}
}
