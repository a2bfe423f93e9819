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
