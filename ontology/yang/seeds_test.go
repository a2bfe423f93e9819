package yang

import (
	"slices"
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

// TestBuiltIn: the two seeds that yanglint has built in, so that no tree of
// them exists, have what their RFCs say: the operations of NETCONF (RFC 6241
// §7, appendix C) with their parameters, and the parameter that RFC 6243 §4.5.2
// adds to three of them.
func TestBuiltIn(t *testing.T) {
	s := compileFor(t, "ietf-netconf", "ietf-netconf-with-defaults")
	var names []string
	for _, n := range s.RPCs() {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	want := []string{"cancel-commit", "close-session", "commit", "copy-config", "delete-config", "discard-changes", "edit-config", "get",
		"get-config", "kill-session", "lock", "unlock", "validate"}
	if !slices.Equal(names, want) {
		t.Errorf("operations %v, expected %v", names, want)
	}
	for path, kind := range map[string]Kind{
		"/ietf-netconf:get-config/input/source/running": Leaf, "/ietf-netconf:get-config/input/source/candidate": Leaf,
		"/ietf-netconf:get-config/input/source/startup": Leaf, "/ietf-netconf:get-config/input/filter": AnyXML,
		"/ietf-netconf:get-config/output/data": AnyXML, "/ietf-netconf:edit-config/input/target/candidate": Leaf,
		"/ietf-netconf:edit-config/input/default-operation": Leaf, "/ietf-netconf:edit-config/input/test-option": Leaf,
		"/ietf-netconf:edit-config/input/error-option": Leaf, "/ietf-netconf:edit-config/input/config": AnyXML,
		"/ietf-netconf:edit-config/input/url": Leaf, "/ietf-netconf:lock/input/target/running": Leaf,
		"/ietf-netconf:kill-session/input/session-id": Leaf, "/ietf-netconf:commit/input/confirm-timeout": Leaf,
		"/ietf-netconf:commit/input/persist-id": Leaf, "/ietf-netconf:cancel-commit/input/persist-id": Leaf,
	} {
		if n := s.Find(path); n == nil || n.Kind != kind {
			t.Errorf("%s is %v, expected a %s", path, n, kind)
		}
	}
	for _, op := range []string{"get", "get-config", "copy-config"} {
		n := s.Find("/ietf-netconf:" + op + "/input/ietf-netconf-with-defaults:with-defaults")
		if n == nil || n.Type.Base != Enumeration || len(n.Type.Enums) != 4 {
			t.Errorf("%s has no parameter with-defaults of four values: %v", op, n)
		}
	}
	url, _ := s.Find("/ietf-netconf:edit-config/input/url").InCase()
	if url == nil || url.Name != "edit-content" || !url.Mandatory {
		t.Errorf("url stands in %v, expected the mandatory choice edit-content", url)
	}
	if timeout := s.Find("/ietf-netconf:commit/input/confirm-timeout"); timeout.Units != "seconds" || !slices.Equal(timeout.Default, []string{"600"}) {
		t.Errorf("confirm-timeout %+v", timeout)
	}
}

// TestAllTogether: all modules of the shared data compile together without a
// problem, and their vocabulary declares each term once with a kind.
func TestAllTogether(t *testing.T) {
	s := compileFor(t, sharedLibrary(t).Modules()...)
	kinds, classes := map[rdf.Term]int{}, 0
	s.Vocabulary(func(tr rdf.Triple) bool {
		switch {
		case strings.HasSuffix(tr.P.Value(), "yang#kind"):
			kinds[tr.S]++
		case tr.P == rdfType && tr.O == rdfsClass:
			classes++
		}
		return true
	})
	if len(kinds) < 10_000 || classes < 1000 {
		t.Errorf("%d terms, %d classes", len(kinds), classes)
	}
	twice := 0
	for term, n := range kinds {
		if n > 1 {
			if twice++; twice < 5 {
				t.Logf("%s is stated %d times", term.Value(), n)
			}
		}
	}
	t.Logf("%d modules, %d terms, %d classes, %d stated more than once", len(s.Modules()), len(kinds), classes, twice)
}

// TestPositions: what is wrong with a module is told with module, file, line
// and column, and costs what it names.
func TestPositions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"module m {\n  namespace urn:m; prefix m;\n  leaf a {\n    type nothing;\n  }\n  leaf b { type string; }\n}\n", `m: m.yang:4:5: typedef "nothing"`},
		{"module m {\n  namespace urn:m; prefix m;\n  import gone { prefix g; }\n  leaf b { type string; }\n}\n", "m: m.yang:3:3: imported module"},
		{"module m {\n  namespace urn:m; prefix m;\n  leaf b { type string }\n}\n", "m: m.yang:3:24: "},
	} {
		s, problems, _ := Compile(map[string][]byte{"m.yang": []byte(c.text)}, nil, Options{})
		found := slices.ContainsFunc(problems, func(p Problem) bool { return strings.HasPrefix(p.String(), c.want) })
		if !found {
			t.Errorf("problems %v, expected %s…", problems, c.want)
		}
		if s != nil && s.Find("/m:b") == nil {
			t.Errorf("%s: leaf b went too", c.want)
		}
	}
}
