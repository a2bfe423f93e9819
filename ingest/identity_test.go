package ingest

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestKeys reads keys out of facts by the shipped table: order of strength,
// scope, conditions, and values that are placeholders.
func TestKeys(t *testing.T) {
	rules, err := LoadIdentity(shipped(), identityTable)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		facts []Fact
		want  []string
	}{
		{"all", box{"FOC 1", "00:1b:21:aa:bb:cc", "192.0.2.1", " r1.example "}.facts(),
			[]string{"serial:9/FOC 1", "chassis-mac:00:1b:21:aa:bb:cc", "management-address:192.0.2.1", "host-name:r1.example"}},
		{"placeholders", box{"<private>", "00:00:00:00:00:00", "127.0.0.1", "<private>"}.facts(), nil},
		{"more placeholders", box{"0000", "ff:ff:ff:ff:ff:ff", "fe80::1", "localhost"}.facts(), nil},
		{"not available", box{"N/A", "", "", ""}.facts(), nil},
		{"module serial", []Fact{fact("system", "SNMPv2-MIB/sysObjectID", "1.3.6.1.4.1.9.1.1"),
			fact("entPhysicalTable/2", "ENTITY-MIB/entPhysicalClass", "module"), fact("entPhysicalTable/2", "ENTITY-MIB/entPhysicalSerialNum", "M1")}, nil},
		{"serial without maker", box{serial: "A"}.facts()[1:], nil},
		{"stack", append(box{serial: "A"}.facts(), fact("entPhysicalTable/2", "ENTITY-MIB/entPhysicalClass", "chassis"),
			fact("entPhysicalTable/2", "ENTITY-MIB/entPhysicalSerialNum", "B")), []string{"serial:9/A", "serial:9/B"}},
	} {
		var got []string
		for _, k := range rules.Keys(c.facts) {
			got = append(got, k.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestLoadIdentityErrors: each mistake in a table and its message.
func TestLoadIdentityErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"# nothing\n", "no line gives a key"},
		{"serial\thttp://e/p\n", "identity.tsv:1: serial: 2 cells, expected 4"},
		{"\nSerial\thttp://e/p\t-\t-\n", "identity.tsv:2: kind \"Serial\": expected lower-case"},
		{"serial\tp q\t-\t-\n", "identity.tsv:1:"},
		{"serial\thttp://e/p\thttp://e/q\t-\n", "expected IRI=value or -"},
		{"serial\thttp://e/p\t-\thttp://e/q\n", "expected an IRI, a space and a regular expression"},
		{"serial\thttp://e/p\t-\thttp://e/q x\n", "has no group"},
		{"serial\thttp://e/p\t-\thttp://e/q (\n", "missing closing )"},
		{"ignore\t*\t[\n", "missing closing ]"},
	} {
		_, err := LoadIdentity(fstest.MapFS{"identity.tsv": {Data: []byte(c.text)}}, "identity.tsv")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.text, err, c.want)
		}
	}
	if _, err := LoadIdentity(fstest.MapFS{}, "identity.tsv"); err == nil {
		t.Error("absent file: no error")
	}
}

// TestIdentity tells stories of devices: a line polls a box under a
// configured name and says which device it must be taken for.
func TestIdentity(t *testing.T) {
	type step struct {
		device string
		box    box
		want   string // path below id/device/
	}
	for _, c := range []struct {
		name      string
		steps     []step
		conflicts []string
		keys      []string // current and former keys at the end
	}{
		{"rename", []step{
			{"r1", box{serial: "A", name: "old"}, "serial/9/A"},
			{"r1", box{serial: "A", name: "new"}, "serial/9/A"},
		}, nil, []string{
			`<id/device/serial/9/A> <twin:formerIdentityKey> "host-name:old" .`,
			`<id/device/serial/9/A> <twin:identityKey> "host-name:new" .`,
			`<id/device/serial/9/A> <twin:identityKey> "serial:9/A" .`}},
		{"rename and back without serial", []step{
			{"r1", box{name: "old"}, "host-name/old"},
			{"r1", box{name: "new"}, "host-name/old"},
			{"r1", box{name: "old"}, "host-name/old"},
		}, nil, []string{
			`<id/device/host-name/old> <twin:formerIdentityKey> "host-name:new" .`,
			`<id/device/host-name/old> <twin:identityKey> "host-name:old" .`}},
		{"address change", []step{
			{"r1", box{address: "192.0.2.1", name: "r1"}, "management-address/192.0.2.1"},
			{"r1", box{address: "192.0.2.9", name: "r1"}, "management-address/192.0.2.1"},
		}, nil, []string{
			`<id/device/management-address/192.0.2.1> <twin:formerIdentityKey> "management-address:192.0.2.1" .`,
			`<id/device/management-address/192.0.2.1> <twin:identityKey> "host-name:r1" .`,
			`<id/device/management-address/192.0.2.1> <twin:identityKey> "management-address:192.0.2.9" .`}},
		{"serial learnt later", []step{
			{"r1", box{name: "r1"}, "host-name/r1"},
			{"r1", box{serial: "A", mac: "00:1b:21:aa:bb:cc", name: "r1"}, "host-name/r1"},
			{"r1", box{serial: "A", mac: "00:1b:21:aa:bb:cc", name: "other"}, "host-name/r1"},
		}, nil, []string{
			`<id/device/host-name/r1> <twin:formerIdentityKey> "host-name:r1" .`,
			`<id/device/host-name/r1> <twin:identityKey> "chassis-mac:00:1b:21:aa:bb:cc" .`,
			`<id/device/host-name/r1> <twin:identityKey> "host-name:other" .`,
			`<id/device/host-name/r1> <twin:identityKey> "serial:9/A" .`}},
		{"two devices with one name", []step{
			{"a", box{serial: "A", name: "edge"}, "serial/9/A"},
			{"b", box{serial: "B", name: "edge"}, "serial/9/B"},
			{"a", box{serial: "A", name: "edge"}, "serial/9/A"},
		}, []string{
			`<id/device/serial/9/A> <twin:identityConflict> "host-name:edge" .`,
			`<id/device/serial/9/B> <twin:identityConflict> "host-name:edge" .`}, nil},
		{"two devices with one name and nothing else", []step{
			{"a", box{name: "edge"}, "host-name/edge"},
			{"b", box{name: "edge"}, "configured/b"},
			{"b", box{name: "edge"}, "configured/b"},
		}, []string{
			`<id/device/configured/b> <twin:identityConflict> "host-name:edge" .`,
			`<id/device/host-name/edge> <twin:identityConflict> "host-name:edge" .`}, nil},
		{"placeholders", []step{
			{"a", box{serial: "<private>", name: "<private>"}, "configured/a"},
			{"b", box{serial: "<private>", name: "<private>"}, "configured/b"},
		}, nil, []string{
			`<id/device/configured/a> <twin:identityKey> "configured:a" .`,
			`<id/device/configured/b> <twin:identityKey> "configured:b" .`}},
		{"chassis replaced", []step{
			{"r1", box{serial: "A", name: "r1"}, "serial/9/A"},
			{"r1", box{serial: "B", name: "r1"}, "serial/9/B"},
		}, nil, []string{
			`<id/device/serial/9/A> <twin:formerIdentityKey> "host-name:r1" .`,
			`<id/device/serial/9/A> <twin:identityKey> "serial:9/A" .`,
			`<id/device/serial/9/B> <twin:identityKey> "host-name:r1" .`,
			`<id/device/serial/9/B> <twin:identityKey> "serial:9/B" .`}},
		{"boxes swapped", []step{
			{"r1", box{serial: "A"}, "serial/9/A"},
			{"r2", box{serial: "B"}, "serial/9/B"},
			{"r1", box{serial: "B"}, "serial/9/B"},
			{"r2", box{serial: "A"}, "serial/9/A"},
		}, nil, nil},
		{"configured twice", []step{
			{"r1", box{serial: "A", name: "r1"}, "serial/9/A"},
			{"r1-mgmt", box{serial: "A", name: "r1"}, "serial/9/A"},
		}, nil, nil},
		{"one MAC in two chassis", []step{
			{"r1", box{serial: "A", mac: "00:1b:21:aa:bb:cc"}, "serial/9/A"},
			{"r2", box{serial: "B", mac: "00:1b:21:aa:bb:cc"}, "serial/9/B"},
		}, []string{
			`<id/device/serial/9/A> <twin:identityConflict> "chassis-mac:00:1b:21:aa:bb:cc" .`,
			`<id/device/serial/9/B> <twin:identityConflict> "chassis-mac:00:1b:21:aa:bb:cc" .`}, nil},
		{"two known devices turn out to be one", []step{
			{"r1", box{name: "r1"}, "host-name/r1"},
			{"r2", box{serial: "A"}, "serial/9/A"},
			{"r1", box{serial: "A", name: "r1"}, "serial/9/A"},
		}, []string{
			`<id/device/host-name/r1> <twin:identityConflict> "host-name:r1" .`,
			`<id/device/serial/9/A> <twin:identityConflict> "host-name:r1" .`}, nil},
		{"without configured name", []step{
			{"", box{name: "r1"}, "host-name/r1"},
			{"", box{serial: "A", name: "r1"}, "host-name/r1"},
			{"", box{serial: "A", name: "new"}, "host-name/r1"},
		}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			for i, s := range c.steps {
				if r := f.poll(s.device, s.box); r.DeviceIRI != device(s.want) {
					t.Errorf("step %d: %s, want %s", i, r.DeviceIRI, device(s.want))
				}
			}
			f.wantLines("conflicts", f.prov(propIdentityConflict), c.conflicts...)
			if c.keys != nil {
				f.wantLines("keys", f.prov(propIdentityKey, propFormerKey), c.keys...)
			}
		})
	}
}

// TestUnnamedDevice: the source graph of a device without a configured name
// is named by the strongest key at first contact and stays; one that tells no
// key is refused.
func TestUnnamedDevice(t *testing.T) {
	f := newFixture(t)
	first := f.poll("", box{name: "r1"})
	second := f.poll("", box{serial: "A", name: "new"})
	if first.Device != "host-name:r1" || first.Graph != testBase+"graph/source/snmp/host-name%3Ar1" {
		t.Errorf("first contact: %+v", first)
	}
	if second.Device != "serial:9/A" {
		t.Errorf("nothing in common, yet %+v", second)
	}
	third := f.poll("", box{serial: "A", name: "newer"})
	if third.Graph != second.Graph || third.Minted {
		t.Errorf("renamed: %+v", third)
	}
	_, err := f.pipeline.Apply(context.Background(), f.sample("", box{name: "<private>"}.facts()...))
	if !errors.Is(err, ErrNoIdentity) {
		t.Errorf("no key: error %v", err)
	}
}

// TestReplacedIsLastSeen: a device whose place another took was last seen at
// the contact before.
func TestReplacedIsLastSeen(t *testing.T) {
	f := newFixture(t)
	f.poll("r1", box{serial: "A"})
	f.poll("r1", box{serial: "B"})
	f.wantLines("last seen", slices.DeleteFunc(f.prov(propLastSeen), func(s string) bool { return !strings.HasPrefix(s, "<id/device") }),
		`<id/device/serial/9/A> <twin:lastSeen> "2026-11-22T10:00:10Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`)
}

// FuzzLoadIdentity: no table makes the reader panic, and what it accepts can
// be asked for keys.
func FuzzLoadIdentity(f *testing.F) {
	table, err := fs.ReadFile(shipped(), identityTable)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(table))
	f.Add("fixed\tserial\nserial\thttp://e/p\thttp://e/q=1=2\thttp://e/r (x)\nignore\t*\t.*\n")
	facts := box{"A", "00:1b:21:aa:bb:cc", "192.0.2.1", "r1"}.facts()
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := LoadIdentity(fstest.MapFS{"t": {Data: []byte(text)}}, "t")
		if err != nil {
			return
		}
		for _, k := range rules.Keys(facts) {
			if k.Value == "" || kindOf(k.String()) != k.Kind {
				t.Fatalf("key %+v", k)
			}
		}
	})
}

// TestTwoCollectors: a configured device that is read by two protocols is one
// device, though the second tells no key, whichever comes first; another
// name, or another chassis under the same name, is another device.
func TestTwoCollectors(t *testing.T) {
	keyless := func(f *fixture, device string) Report {
		s := f.sample(device, fact("interfaces", "IF-MIB/ifDescr", "eth0"))
		s.Collector, s.Complete = "netconf", []string{"interfaces"}
		return f.apply(s)
	}
	f := newFixture(t)
	first := f.poll("r1", box{serial: "A", name: "r1"})
	if second := keyless(f, "r1"); second.DeviceIRI != first.DeviceIRI || second.Minted {
		t.Errorf("by the second protocol %+v, by the first %s", second, first.DeviceIRI)
	}
	if other := keyless(f, "r2"); other.DeviceIRI == first.DeviceIRI || !other.Minted {
		t.Errorf("another name: %+v", other)
	}
	if late := f.poll("r2", box{serial: "B", name: "r2"}); late.Minted || late.DeviceIRI != testBase+"id/device/configured/r2" {
		t.Errorf("the protocol with a key came second: %+v", late)
	}
	s := f.sample("r1", box{serial: "C"}.facts()...)
	s.Collector = "other"
	if swapped := f.apply(s); swapped.DeviceIRI == first.DeviceIRI {
		t.Errorf("another chassis under the same name: %+v", swapped)
	}
}
