package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/ontology"
)

// sample is a format with one of everything, and a document in it.
const (
	sampleFormat = "# a test\nkind\ttest\nwhen\tnets\nvocabulary\thttps://e/v/\nmodules\nthing\tm:nets/net\tid\nthing\tm:nets/net/x:node\ta b\n" +
		"inline\tfields\nordered\tm:nets/net/pos\nreference\turl\tid\nrename\tlinks\tedges\n"
	sampleDocument = `{"m:nets": {"net": [{"id": "a/b", "n": 1, "f": 1.5, "ok": true, "none": null, "types": {"t:x": {}},
		"pos": [3, 1], "tags": ["only"], "more": [{"k": 1}, {"k": 2}], "owner": {"url": "u", "id": 7},
		"x:node": [{"a": "1", "b": 2, "deep": {"er": "v"}}]}]}, "top": "t"}`
)

func sampleOf(t testing.TB) *Format {
	t.Helper()
	f, err := LoadFormat(fstest.MapFS{"map/formats/sample.tsv": {Data: []byte(sampleFormat)}}, "sample")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Goal: what a document says becomes facts by its format and nothing else.
// Method: one small document with one of everything, facts written by hand.
func TestFacts(t *testing.T) {
	facts, err := sampleOf(t).Facts([]byte(sampleDocument))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range facts {
		value := f.O.Value()
		if f.Ref != "" {
			value = "→" + f.Ref
		}
		got = append(got, f.Thing+" "+strings.TrimPrefix(f.P.Value(), "https://e/v/")+" "+value)
	}
	want := strings.Split(`document https://w3id.org/nettwin/ns#arrayProperty https://e/v/m/nets/net/tags
document _/top t
m:nets/net=a%2Fb http://www.w3.org/1999/02/22-rdf-syntax-ns#type https://e/v/m/nets/net
m:nets/net=a%2Fb m/nets/net/f 1.5
m:nets/net=a%2Fb m/nets/net/id a/b
m:nets/net=a%2Fb m/nets/net/n 1
m:nets/net=a%2Fb m/nets/net/ok true
m:nets/net=a%2Fb m/nets/net/owner 7
m:nets/net=a%2Fb m/nets/net/pos/0 3
m:nets/net=a%2Fb m/nets/net/pos/1 1
m:nets/net=a%2Fb m/nets/net/tags only
m:nets/net=a%2Fb m/nets/net/types/t:x {}
m:nets/net=a%2Fb/more=0 http://www.w3.org/1999/02/22-rdf-syntax-ns#type https://e/v/m/nets/net/more
m:nets/net=a%2Fb/more=0 https://w3id.org/nettwin/ns#within →m:nets/net=a%2Fb
m:nets/net=a%2Fb/more=0 m/nets/net/more/k 1
m:nets/net=a%2Fb/more=1 http://www.w3.org/1999/02/22-rdf-syntax-ns#type https://e/v/m/nets/net/more
m:nets/net=a%2Fb/more=1 https://w3id.org/nettwin/ns#within →m:nets/net=a%2Fb
m:nets/net=a%2Fb/more=1 m/nets/net/more/k 2
m:nets/net=a%2Fb/x:node=1,2 http://www.w3.org/1999/02/22-rdf-syntax-ns#type https://e/v/m/nets/net/x:node
m:nets/net=a%2Fb/x:node=1,2 https://w3id.org/nettwin/ns#within →m:nets/net=a%2Fb
m:nets/net=a%2Fb/x:node=1,2 m/nets/net/x:node/a 1
m:nets/net=a%2Fb/x:node=1,2 m/nets/net/x:node/b 2
m:nets/net=a%2Fb/x:node=1,2 m/nets/net/x:node/deep/er v`, "\n")
	slices.Sort(got)
	slices.Sort(want)
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

// Goal: taking in the same document changes nothing, taking in another one of
// the name replaces what it said, and what is given out is taken in as it was.
// Method: a store in memory.
func TestImport(t *testing.T) {
	const base = "http://e/"
	store := mem.New(mem.Options{Base: base})
	defer store.Close()
	format := sampleOf(t)
	im := Importer{Store: store, Base: base, Clock: func() time.Time { return time.Unix(0, 0) }}
	take := func(text string, adds, deletes int) {
		t.Helper()
		r, err := im.Import(t.Context(), format, "d", []byte(text))
		if err != nil || r.Adds != adds || r.Deletes != deletes {
			t.Errorf("%+v, %v; want %d added, %d deleted", r, err, adds, deletes)
		}
	}
	take(sampleDocument, 26, 0)
	take(sampleDocument, 0, 0)
	snapshot, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	var out bytes.Buffer
	if err := Export(t.Context(), &out, snapshot, base, format, "d"); err != nil {
		t.Fatal(err)
	}
	take(out.String(), 0, 0)
	take(strings.Replace(sampleDocument, `"f": 1.5, `, "", 1), 0, 1)
	if err := Export(t.Context(), &out, snapshot, base, format, "nothing"); !errors.Is(err, ErrNoDocument) {
		t.Errorf("a document that is not there: %v", err)
	}
}

// Goal: an array of things whose fields lie in an inner object comes out as it
// was, a field called like a key too. Method: an export of NetBox.
func TestRootArray(t *testing.T) {
	const base = "http://e/"
	text := `[{"fields":{"custom":{},"model":"MX","name":"a","tags":["x"]},"model":"dcim.device","pk":5},{"fields":{"name":"a"},"model":"dcim.site","pk":5}]`
	store := mem.New(mem.Options{Base: base})
	defer store.Close()
	format, err := LoadFormat(ontology.Knowledge(), "netbox")
	if err != nil {
		t.Fatal(err)
	}
	im := Importer{Store: store, Base: base, Clock: func() time.Time { return time.Unix(0, 0) }}
	if _, err := im.Import(t.Context(), format, "d", []byte(text)); err != nil {
		t.Fatal(err)
	}
	snapshot, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	var out, plain bytes.Buffer
	if err := Export(t.Context(), &out, snapshot, base, format, "d"); err != nil {
		t.Fatal(err)
	}
	if err := json.Compact(&plain, out.Bytes()); err != nil || plain.String() != text {
		t.Errorf("%v: %s", err, plain.String())
	}
}

// Goal: a text or table that cannot be used is an error that says where.
// Method: one of each sort.
func TestDocumentErrors(t *testing.T) {
	f := sampleOf(t)
	deep := strings.Repeat(`{"a":`, maxDepth+2) + "1" + strings.Repeat("}", maxDepth+2)
	for text, want := range map[string]string{
		`{"m:nets"`: "at byte", `{} {}`: "stands behind", `[]`: "no line root", `7`: "neither an object nor an array",
		`{"m:nets": {"net": [{"n": 1}]}}`: "m:nets/net: element 0 has no plain value id", deep: "deeper than",
	} {
		if _, err := f.Facts([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want an error with %q", text, err, want)
		}
	}
	for table, want := range map[string]string{
		"thing\ta": "x.tsv:1: thing: 2 cells", "what\tever": "none of kind", "vocabulary\thttp://e/": "needs a line vocabulary and a line thing",
		"vocabulary\tno iri": "x.tsv:1", "class\ta\t(\tb": "x.tsv:1", "thing\ta\t \tb": "no key",
	} {
		_, err := LoadFormat(fstest.MapFS{"map/formats/x.tsv": {Data: []byte(table)}}, "x")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", table, err, want)
		}
	}
	for _, name := range []string{"nothing", "../x", ""} {
		if _, err := LoadFormat(ontology.Knowledge(), name); !errors.Is(err, ErrUnknownFormat) {
			t.Errorf("format %q: %v", name, err)
		}
	}
}

// Goal: the shipped formats tell their documents apart. Method: the first
// members of each.
func TestDetect(t *testing.T) {
	for _, c := range []struct{ kind, text, want string }{
		{"topology", `{"ietf-network:networks": {}}`, "rfc8345"}, {"topology", `{"nodes": [], "links": []}`, "node-link"},
		{"netbox", `[{"model": "dcim.site", "pk": 1, "fields": {}}]`, "netbox"}, {"netbox", `{"count": 0, "results": []}`, "netbox-api"},
		{"netbox", `[{"id": 1, "url": "x"}]`, "netbox-api"}, {"netbox", `{"what": 1}`, ""}, {"topology", `[]`, ""},
	} {
		f, err := Detect(ontology.Knowledge(), c.kind, []byte(c.text))
		if c.want == "" && errors.Is(err, ErrUnknownFormat) {
			continue
		}
		if err != nil || f.Name != c.want {
			t.Errorf("%s %s: %v, %v, want %s", c.kind, c.text, f, err, c.want)
		}
	}
}

// Goal: NetBox says the same by its REST API as in an export. Method: one
// device in both forms gives the same facts, but for the members that only one
// form has.
func TestNetBoxForms(t *testing.T) {
	facts := func(name, text string) map[string]bool {
		f, err := LoadFormat(ontology.Knowledge(), name)
		if err != nil {
			t.Fatal(err)
		}
		list, err := f.Facts([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		set := map[string]bool{}
		for _, fact := range list {
			if strings.HasSuffix(fact.P.Value(), "/model") || strings.HasSuffix(fact.P.Value(), "/url") {
				continue
			}
			set[fmt.Sprint(fact.Thing, " ", fact.P.Value(), " ", fact.O)] = true
		}
		return set
	}
	export := facts("netbox", `[{"model": "dcim.device", "pk": 5, "fields": {"name": "a", "device_type": 3, "status": "active", "serial": "S"}}]`)
	rest := facts("netbox-api", `{"count": 1, "next": null, "results": [{"id": 5, "url": "https://nb.example/api/dcim/devices/5/", "name": "a", "serial": "S",
		"device_type": {"id": 3, "url": "https://nb.example/api/dcim/device-types/3/", "model": "X"}, "status": {"value": "active", "label": "Active"}}]}`)
	delete(rest, fmt.Sprint(topThing, " https://w3id.org/nettwin/netbox/count ", rdf.Literal("1", rdf.XSDInteger)))
	if a, b := slices.Sorted(maps.Keys(export)), slices.Sorted(maps.Keys(rest)); !slices.Equal(a, b) {
		t.Errorf("export\n%s\nREST\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
}

// Goal: no text breaks the reader, and every thing that it names can be found
// again. Method: fuzzing with each shipped format.
func FuzzFacts(f *testing.F) {
	formats, err := Formats(ontology.Knowledge(), "")
	if err != nil {
		f.Fatal(err)
	}
	formats = append(formats, sampleOf(f))
	f.Add(sampleDocument)
	f.Add(`{"nodes": [{"id": "0", "pos": [1.5, 2e3]}], "edges": [{"source": "0", "target": "0"}]}`)
	f.Add(`[{"model": "dcim.device", "pk": 5, "fields": {"tags": [[1, [2]], {}, null]}}]`)
	f.Add(`{"results": [{"id": 1, "url": "/api/dcim/devices/1/", "a": {"label": "L", "value": "v"}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range formats {
			facts, err := format.Facts([]byte(text))
			if err != nil {
				continue
			}
			tree := NewTree(format)
			for _, fact := range facts {
				if fact.Thing == topThing || fact.Ref != "" {
					continue
				}
				if _, err := parseThing(fact.Thing); err != nil {
					t.Fatalf("%s: %v", format.Name, err)
				}
				if path, known := format.pathOf(fact.P); known {
					_ = tree.Add(fact.Thing, path, fact.O) // odd names may lie elsewhere: an error, never a panic
				}
			}
			if err := tree.Write(&bytes.Buffer{}); err != nil {
				t.Fatalf("%s: %v", format.Name, err)
			}
		}
	})
}
