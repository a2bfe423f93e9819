package disk

import (
	"reflect"
	"slices"
	"testing"

	"nettwin/graph/rdf"
)

func examplePast() *past {
	return &past{classes: []class{{"https://a.example/graph/source/snmp/", 70, 3}, {"https://a.example/graph/source/", 50, 4}, {"https://a.example/g", 3, 1}, {"", 20, 2}}}
}

// Goal: RETAINED comes back as it was, and changed bytes, cuts and another
// store's are refused. Method: round trip, every bit flipped, every cut.
func TestRetained(t *testing.T) {
	salt := []byte("salt")
	b := examplePast().encode(salt)
	if got, err := decodePast(b, salt); err != nil || !reflect.DeepEqual(got, examplePast()) {
		t.Errorf("it comes back as %+v, %v", got, err)
	}
	if _, err := decodePast(b, []byte("other")); err == nil {
		t.Error("that of another store is accepted")
	}
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			if _, err := decodePast(b, salt); err == nil {
				t.Errorf("bit %d of byte %d may change", bit, i)
			}
			b[i] ^= 1 << bit
		}
		if _, err := decodePast(b[:i], salt); err == nil {
			t.Errorf("cut at byte %d is accepted", i)
		}
	}
}

// Goal: a graph belongs to the class that names most of its IRI, the default
// graph to its own only, and a class that comes later does not bring back what
// a larger one lost. Method: graphs and commits with what they are known to be.
func TestClasses(t *testing.T) {
	p := examplePast()
	for name, want := range map[string]string{"https://a.example/graph/source/snmp/r1": "https://a.example/graph/source/snmp/",
		"https://a.example/graph/source/netconf/r1": "https://a.example/graph/source/", "https://a.example/g": "https://a.example/g", "https://a.example/gg": "none"} {
		c, ok := p.of(rdf.IRI(name))
		if !ok {
			c.graph = "none"
		}
		if c.graph != want {
			t.Errorf("%s is of %q, want %q", name, c.graph, want)
		}
	}
	if c, ok := p.of(rdf.Term{}); !ok || c.floor != 20 {
		t.Errorf("the default graph is of %+v", c)
	}
	if _, ok := p.of(rdf.BNode("b")); ok {
		t.Error("a blank node is of a class")
	}
	if got := p.missing(30); !slices.Equal(got, []string{"https://a.example/graph/source/snmp/", "https://a.example/graph/source/"}) {
		t.Errorf("commit 30 lacks %q", got)
	}
	if c := p.newClass("https://a.example/graph/source/flow/", 9); c.floor != 50 || c.segment != 9 {
		t.Errorf("a class inside of another begins as %+v", c)
	}
	if p.crossed(60, 65) || !p.crossed(60, 70) || p.crossed(71, 90) || !p.crossed(0, 3) || p.crossed(3, 3) {
		t.Error("ways to versions are judged wrongly")
	}
	r := Retention{Graphs: []GraphRetention{{Graph: "a:/", Commits: 5}, {Graph: "a:/b/", Commits: 3}, {Graph: "a:/c", Age: 0}}}
	for name, want := range map[string]uint64{"a:/x": 5, "a:/b/x": 3, "a:/b/": 3, "b:/": 0, "a:/c": 0, "": 0} {
		if got, ok := r.of(name); got.Commits != want || ok != (want > 0) {
			t.Errorf("limits of %q: %+v, %v", name, got, ok)
		}
	}
	for _, bad := range []Retention{{Graphs: []GraphRetention{{Graph: "a"}}}, {Graphs: []GraphRetention{{Graph: "a:>"}}}, {Graphs: []GraphRetention{{}, {}}}} {
		if bad.check() == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

// FuzzRetained holds the decoder against panics and against taking what it
// would not write.
func FuzzRetained(f *testing.F) {
	f.Add(examplePast().encode(nil))
	f.Add((&past{}).encode(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := decodePast(b, nil); err == nil {
			if again, err := decodePast(p.encode(nil), nil); err != nil || !reflect.DeepEqual(p, again) {
				t.Errorf("%+v comes back as %+v, %v", p, again, err)
			}
		}
	})
}
