package yang

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/internal/testenv"
)

// TestStateJSON: SR OS's state in RFC 7951 JSON, whose models are not among
// the shared data, is kept whole; counted against another JSON reader.
func TestStateJSON(t *testing.T) {
	s := compileFor(t, "ietf-interfaces")
	files, err := filepath.Glob(filepath.Join(testenv.Shared(t, "data/labs"), "sros_*", "show", "*", "info_json_*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	read := 0
	for _, file := range files {
		text := readFile(t, file)
		var any map[string]any
		if json.Unmarshal(text, &any) != nil {
			continue // an error message in place of JSON
		}
		tree, err := s.ReadJSON(bytes.NewReader(text), DecodeOptions{})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		read++
		if want := scalars(any); len(any) > 0 && countLeafs(tree.Top) != want {
			t.Errorf("%s: %d values, not %d", file, countLeafs(tree.Top), want)
		}
	}
	t.Logf("%d of %d documents hold JSON", read, len(files))
	if read == 0 {
		t.Error("no document was read")
	}
}

// scalars counts what says something: scalars and empty objects, but no
// annotations.
func scalars(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for name, m := range v {
			if !strings.HasPrefix(name, "@") {
				n += scalars(m)
			}
		}
		if len(v) == 0 {
			n = 1
		}
	case []any:
		for _, m := range v {
			n += scalars(m)
		}
	default:
		n = 1
	}
	return n
}

func countLeafs(list []*Element) int {
	n := 0
	for _, e := range list {
		if len(e.Children) == 0 {
			n++
		}
		n += countLeafs(e.Children)
	}
	return n
}

// TestNotification: a push update in XML and in JSON gives the same facts, and
// its content the facts of the data that it carries.
func TestNotification(t *testing.T) {
	s := compileFor(t, "ietf-yang-push", "ietf-interfaces", "iana-if-type")
	data := `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>e</name><type xmlns:i="urn:ietf:params:xml:ns:yang:iana-if-type">i:ethernetCsmacd</type></interface></interfaces>`
	x := readXML(t, s, `<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><eventTime>2026-01-02T03:04:05Z</eventTime><push-update xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-push"><id>7</id><datastore-contents>`+data+`</datastore-contents></push-update></notification>`)
	j, err := s.ReadJSON(strings.NewReader(`{"ietf-restconf:notification":{"eventTime":"2026-01-02T03:04:05Z","ietf-yang-push:push-update":{"id":7,"datastore-contents":{"ietf-interfaces:interfaces":{"interface":[{"name":"e","type":"iana-if-type:ethernetCsmacd"}]}}}}}`), DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if x.EventTime != "2026-01-02T03:04:05Z" || j.EventTime != x.EventTime || x.Stats.Unknown+j.Stats.Unknown > 0 {
		t.Errorf("times %s and %s, %+v %+v", x.EventTime, j.EventTime, x.Stats, j.Stats)
	}
	if d := diffLines(factLines(x), factLines(j)); d != "" {
		t.Errorf("facts of xml and json:\n%s", d)
	}
	roundTrips(t, s, x)
	update := x.Top[0]
	content := x.Content(update.child(s.Find("/ietf-yang-push:push-update/datastore-contents")))
	if d := diffLines(factLines(readXML(t, s, data)), factLines(content)); d != "" {
		t.Errorf("facts of the content:\n%s", d)
	}
}

// TestReplies: real NETCONF replies in vendor models without schema are kept
// whole: as many unknown elements as the document has, the same facts through
// JSON, and an error only where the XML itself is broken.
func TestReplies(t *testing.T) {
	s := compileFor(t, "ietf-interfaces", "openconfig-interfaces")
	var files []string
	err := filepath.WalkDir(testenv.Shared(t, "data/netconf"), func(path string, d os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".xml") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	var sum Stats
	broken := 0
	for _, file := range files {
		text := readFile(t, file)
		if len(text) == 0 {
			continue // a device without environment sensors
		}
		tree, err := s.ReadXML(bytes.NewReader(text), DecodeOptions{})
		if err != nil {
			broken++
			t.Logf("%s: %v", strings.TrimPrefix(file, testenv.Shared(t, "data/netconf")), err)
			continue
		}
		sum.Elements += tree.Stats.Elements
		sum.Unknown += tree.Stats.Unknown
		var j bytes.Buffer
		if err := tree.EncodeJSON(&j, EncodeOptions{}); err != nil {
			t.Fatal(err)
		}
		again, err := s.ReadJSON(&j, DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if d := diffLines(factLines(tree), factLines(again)); d != "" {
			t.Errorf("%s: facts after json:\n%s", file, d)
		}
	}
	t.Logf("%d replies, %d broken, %+v", len(files), broken, sum)
	if broken > 0 {
		t.Errorf("%d replies could not be read", broken)
	}
}
