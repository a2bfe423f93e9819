package netconf_test

import (
	"fmt"
	"strings"
	"testing"

	"nettwin/ingest/netconf"
)

// TestCredential: secrets do not appear in any form of text, and what is
// missing is said.
func TestCredential(t *testing.T) {
	c := netconf.Credential{User: "twin", Password: "hush", Key: []byte("hush"), KeyPass: "hush"}
	for _, text := range []string{c.String(), fmt.Sprint(c), fmt.Sprintf("%#v", c), fmt.Sprintf("%+v", c), fmt.Sprint(c.Validate())} {
		if strings.Contains(text, "hush") || strings.Contains(text, "104 117") {
			t.Errorf("%q tells a secret", text)
		}
	}
	for says, c := range map[string]netconf.Credential{
		"user":        {Password: "x"},
		"neither":     {User: "x"},
		"fingerprint": {User: "x", Password: "x", HostKeys: []string{"MD5:aa"}},
		"private key": {User: "x", Key: []byte("x")},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// TestParseURL reads addresses, and errors do not repeat them.
func TestParseURL(t *testing.T) {
	target, c, err := netconf.ParseURL("netconf://twin:pa%40ss@192.0.2.1?hostkey=SHA256:a%2Bb&hostkey=SHA256:c")
	if err != nil || target.Address != "192.0.2.1:830" || c.User != "twin" || c.Password != "pa@ss" || strings.Join(c.HostKeys, " ") != "SHA256:a+b SHA256:c" {
		t.Errorf("%+v, %v, %v", target, c.HostKeys, err)
	}
	if target, c, err = netconf.ParseURL("netconf://twin@[2001:db8::1]:22"); err != nil || target.Address != "[2001:db8::1]:22" || c.Password != "" {
		t.Errorf("%+v, %v", target, err)
	}
	for _, bad := range []string{"ssh://twin:hush@r1", "netconf://r1", "netconf://twin:hush@", "netconf://twin:hush@r1/x", "netconf://twin:hush@r1?user=hush",
		"netconf://twin:hush@r1:0", "netconf://twin:hush@r1:x", "%"} {
		if _, _, err := netconf.ParseURL(bad); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
