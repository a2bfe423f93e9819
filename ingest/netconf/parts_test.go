package netconf_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"nettwin/ingest/netconf"
	"nettwin/naming"
)

// TestPolicy refuses what a policy file may not hold, with file and line.
func TestPolicy(t *testing.T) {
	for text, says := range map[string]string{
		"":                                   "",
		"# c\n\nskip\tm:n\nmeasure\tm/a/b\n": "",
		"measure\thttps://w3id.org/nettwin/yang/m/a/b\n": "",
		"\nskip\tm\n":      "p:2: skip",
		"skip\tm:n/o\n":    "p:1: skip",
		"measure\tm\n":     "p:1: measure",
		"ignore\tm:n\n":    "p:1: \"ignore\"",
		"skip m:n\n":       "p:1: ",
		"measure\tm/a b\n": "p:1: measure",
	} {
		_, err := netconf.LoadPolicy(fstest.MapFS{"p": {Data: []byte(text)}}, "p")
		if (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
	if _, err := netconf.LoadPolicy(fstest.MapFS{}, "p"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// FuzzLoadPolicy: no table makes the reader panic.
func FuzzLoadPolicy(f *testing.F) {
	f.Add("skip\tm:n\nmeasure\tm/a\n# x\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := netconf.LoadPolicy(fstest.MapFS{"p": {Data: []byte(text)}}, "p")
		if err != nil && !strings.HasPrefix(err.Error(), "netconf: policy: ") {
			t.Fatal(err)
		}
	})
}

// TestMemoryCache: a text is known by its content, kept once, told only under
// the id that brought it, and makes room when the cache is full.
func TestMemoryCache(t *testing.T) {
	c := netconf.NewMemoryCache(10)
	id := func(device, module string) netconf.SchemaID { return netconf.SchemaID{Device: device, Module: module} }
	put := func(id netconf.SchemaID, text string) {
		t.Helper()
		if name, err := c.PutSchema(t.Context(), id, []byte(text)); err != nil || name != naming.Of(naming.CodecRaw, []byte(text)) {
			t.Errorf("%s, %v", name, err)
		}
	}
	want := func(id netconf.SchemaID, text string) {
		t.Helper()
		got, name, err := c.Schema(t.Context(), id)
		switch {
		case text == "" && !errors.Is(err, fs.ErrNotExist):
			t.Errorf("%v: %q, %v", id, got, err)
		case text != "" && (err != nil || string(got) != text || name.Verify(got) != nil):
			t.Errorf("%v: %q, %v", id, got, err)
		}
	}
	want(id("a", "m"), "")
	put(id("a", "m"), "123456")
	put(id("b", "m"), "123456")
	put(id("b", "m"), "123456")
	put(id("b", "n"), "abcd")
	want(id("a", "m"), "123456")
	want(id("b", "m"), "123456")
	want(id("b", "n"), "abcd")
	want(id("a", "n"), "")
	put(id("b", "n"), "abc") // replaces
	want(id("b", "n"), "abc")
	put(id("c", "o"), "xyz") // too much: the first two go
	want(id("a", "m"), "")
	want(id("b", "m"), "")
	want(id("c", "o"), "xyz")
	put(id("d", "p"), "a text that is larger than all")
	want(id("d", "p"), "a text that is larger than all")
	want(id("c", "o"), "")
}

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
