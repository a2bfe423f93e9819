package yang

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func moduleText(name, body string) []byte {
	return []byte("module " + name + " { yang-version 1.1; namespace \"urn:" + name + "\"; prefix " + name + "; " + body + " }")
}

// TestCompileProblems: what is wrong in a module is named with module, line
// and reason, costs no other node, and never more than its own module.
func TestCompileProblems(t *testing.T) {
	for _, c := range []struct{ name, body, reason string }{
		{"syntax", `leaf x { type string; `, "is not closed"},
		{"unknown keyword", `frob x;`, `unknown keyword "frob"`},
		{"no argument", `leaf { type string; }`, "leaf needs an argument"},
		{"import", `import absent { prefix a; }`, `imported module "absent"`},
		{"include", `include absent;`, `submodule "absent"`},
		{"type", `leaf x { type t; }`, `typedef "t" is not defined`},
		{"prefix", `leaf x { type q:t; }`, "unknown prefix"},
		{"typedef circle", `typedef a { type b; } typedef b { type a; } leaf x { type a; }`, "circle"},
		{"grouping", `uses g;`, `grouping "g" is not defined`},
		{"grouping circle", `grouping g { container c { uses g; } } uses g;`, "uses itself"},
		{"refine", `grouping g { leaf a { type string; } } uses g { refine b { mandatory true; } }`, "not in the grouping"},
		{"augment", `augment "/bad:nothing" { leaf a { type string; } }`, "no such node"},
		{"deviation", `deviation "/bad:nothing" { deviate not-supported; }`, "no such node"},
		{"twice", `leaf a { type string; } leaf a { type int8; }`, "stands twice"},
		{"key", `list l { key k; leaf a { type string; } }`, `key "k" is no leaf`},
		{"no key", `list l { leaf a { type string; } }`, "has no key"},
		{"range", `leaf a { type int8 { range "1..300"; } }`, "not within"},
		{"descending range", `leaf a { type int8 { range "5..1"; } }`, "not ascending"},
		{"default", `leaf a { type int8; default 300; }`, "out of range"},
		{"leafref", `leaf a { type leafref { path "../b"; } }`, "points at no leaf"},
		{"path", `leaf a { type leafref { path "../"; } }`, "not a node name"},
		{"identity circle", `identity a { base b; } identity b { base a; }`, "derived from itself"},
		{"base", `identity a { base b; }`, `identity "b" is not defined`},
		{"enumeration", `leaf a { type enumeration; }`, "needs enum"},
		{"feature", `leaf a { if-feature f; type string; }`, `feature "f" is not defined`},
		{"if-feature", `feature f; leaf a { if-feature "f and"; type string; }`, "cannot be read"},
		{"bool", `leaf a { type string; mandatory perhaps; }`, "true or false"},
		{"unique", `list l { key a; unique b; leaf a { type string; } }`, "no leaf below the list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, problems, err := Compile(map[string][]byte{
				"bad.yang":  moduleText("bad", "leaf stays { type string; } "+c.body),
				"good.yang": moduleText("good", "leaf fine { type string; }"),
			}, []string{"good", "bad"}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if s.Find("/good:fine") == nil {
				t.Error("the other module is lost")
			}
			if !strings.Contains(fmt.Sprint(problems), c.reason) || problems[0].Module != "bad" {
				t.Errorf("problems %v, not %s", problems, c.reason)
			}
			if s.Module("bad") != nil && s.Find("/bad:stays") == nil {
				t.Error("a leaf that is right is lost")
			}
		})
	}
}

// TestCompileLimits: modules that would expand without bound end with an
// error that names the limit.
func TestCompileLimits(t *testing.T) {
	var doubling, empty strings.Builder
	for i := range 40 {
		fmt.Fprintf(&doubling, "grouping g%d { container a { uses g%d; } container b { uses g%d; } } ", i, i+1, i+1)
		fmt.Fprintf(&empty, "grouping g%d { uses g%d; uses g%d; } ", i, i+1, i+1)
	}
	deep := strings.Repeat("container c { ", 250) + strings.Repeat("} ", 250)
	for name, c := range map[string]struct{ body, want string }{
		"nodes":      {doubling.String() + "grouping g40 { leaf x { type string; } } uses g0;", "more than 10000 schema nodes"},
		"uses":       {empty.String() + "grouping g40 { leaf x { type string; } } uses g0;", "more than 10000 uses"},
		"statements": {deep, "nest deeper"},
	} {
		s, problems, err := Compile(map[string][]byte{"m.yang": moduleText("m", c.body)}, []string{"m"}, Options{MaxNodes: 10000})
		if !strings.Contains(fmt.Sprint(err, problems), c.want) {
			t.Errorf("%s: %v %v %v, not %s", name, s, problems, err, c.want)
		}
	}
}

// TestCompileFeatures: features and their dependencies switch nodes; the
// expressions follow RFC 7950 §7.20.2.
func TestCompileFeatures(t *testing.T) {
	src := map[string][]byte{"m.yang": moduleText("m", `feature a; feature b; feature c { if-feature a; }
		leaf l1 { if-feature a; type string; }
		leaf l2 { if-feature "a and not b"; type string; }
		leaf l3 { if-feature "not (a or b)"; type string; }
		leaf l4 { if-feature c; type string; }
		leaf l5 { if-feature "b or a and b"; type string; }
		leaf e { type enumeration { enum x { if-feature b; } enum y; } }`)}
	for on, want := range map[string]string{"": "l3 e", "a": "l1 l2 e", "ab": "l1 l5 e", "abc": "l1 l4 l5 e", "b": "l5 e", "ac": "l1 l2 l4 e"} {
		s, _, err := Compile(src, nil, Options{Features: func(_, f string) bool { return strings.Contains(on, f) }})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range s.Data() {
			got = append(got, n.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("features %q: %v, not %s", on, got, want)
		}
		if e := s.Find("/m:e").Type.Enums; len(e) == 2 != strings.Contains(on, "b") {
			t.Errorf("features %q: enums %v", on, e)
		}
	}
}

// TestCompileRevisions: an import by revision takes that revision; the newest
// is taken otherwise.
func TestCompileRevisions(t *testing.T) {
	rev := func(date, typ string) []byte {
		return moduleText("t", "revision "+date+"; typedef x { type "+typ+"; }")
	}
	s, problems, err := Compile(map[string][]byte{
		"t@2020.yang": rev("2020-01-01", "int8"), "t@2021.yang": rev("2021-01-01", "int16"),
		"old.yang": moduleText("old", "import t { prefix q; revision-date 2020-01-01; } leaf a { type q:x; }"),
		"new.yang": moduleText("new", "import t { prefix q; } leaf a { type q:x; }"),
	}, []string{"old", "new"}, Options{})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if a, b := s.Find("/old:a").Type.Base, s.Find("/new:a").Type.Base; a != Int8 || b != Int16 {
		t.Errorf("types %s and %s", a, b)
	}
}

// TestCompileDeviations: each kind of deviate does what RFC 7950 §7.20.3 says.
func TestCompileDeviations(t *testing.T) {
	s, problems, err := Compile(map[string][]byte{
		"m.yang": moduleText("m", `container c { leaf a { type string; } leaf b { type int8; default 1; units s; } leaf d { type string; } leaf e { type string; mandatory true; } }`),
		"dev.yang": moduleText("dev", `import m { prefix m; }
			typedef small { type int8 { range "0..5"; } }
			deviation /m:c/m:a { deviate not-supported; }
			deviation /m:c/m:b { deviate replace { type small; default 2; } deviate delete { units s; } }
			deviation /m:c/m:d { deviate add { config false; default "x"; } }
			deviation /m:c/m:e { deviate replace { mandatory false; } }`),
	}, []string{"m", "dev"}, Options{})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	b, d := s.Find("/m:c/b"), s.Find("/m:c/d")
	if s.Find("/m:c/a") != nil || b.Type.Name != "small" || !slices.Equal(b.Default, []string{"2"}) || b.Units != "" ||
		d.Config || !slices.Equal(d.Default, []string{"x"}) || s.Find("/m:c/e").Mandatory {
		t.Errorf("b %+v, d %+v", b, d)
	}
}

// TestTypes holds resolved types of one module of each kind: typedef chains
// keep units and defaults, restrictions narrow.
func TestTypes(t *testing.T) {
	s := oracleSchema(t)
	share := s.Find("/acme-kinds:kinds/share")
	if share.Units != "percent" || !slices.Equal(share.Default, []string{"12.5"}) || share.Type.Digits != 2 || share.Type.Base != Decimal64 {
		t.Errorf("share: %+v %+v", share, share.Type)
	}
	mode := s.Find("/acme-kinds:kinds/mode").Type
	if !slices.Equal(mode.Enums, []Enum{{"off", 0}, {"on", 8}}) {
		t.Errorf("enums %v", mode.Enums)
	}
	if r := ranges(s.Find("/acme-kinds:kinds/i64").Type.Range); r != "-9223372036854775808..-1 | 10..9223372036854775807" {
		t.Errorf("range %s", r)
	}
	friend := s.Find("/acme-kinds:kinds/person/friend")
	if friend.Type.Target != s.Find("/acme-kinds:kinds/person/name") {
		t.Errorf("target %v", friend.Type.Target)
	}
	if owner := s.Find("/acme-kinds:kinds/person/acme-more:pets/pet/owner"); owner.Type.Target != friend.Type.Target ||
		owner.IRI() != "https://w3id.org/nettwin/yang/acme-kinds/kinds/person/acme-more:pets/pet/owner" || s.ByIRI(owner.IRI()) != owner {
		t.Errorf("owner %s", owner.IRI())
	}
	if !slices.Equal(s.Find("/acme-kinds:kinds/text").Default, []string{"none"}) {
		t.Error("the deviation did not add a default")
	}
	if choice, kase := s.Find("/acme-kinds:kinds/person/country").InCase(); choice == nil || choice.Name != "line" || kase.Name != "phone" {
		t.Errorf("country stands in %v %v", choice, kase)
	}
}

// TestPatterns: the regular expressions of XML Schema, as standard modules
// write them, match what they should; of the shared modules few go unchecked.
func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, yes, no string
	}{
		{`[0-9a-fA-F]{2}(:[0-9a-fA-F]{2})*`, "00:1a", "0:1a"},
		{`\d{4}-\d{2}`, "2020-01", "20-01"},
		{`a.c`, "abc", "a\nc"},
		{`$x^`, "$x^", "x"},
		{`^anchored$`, "anchored", "^anchored$"},
		{`[^\*].*`, "ab", "*b"},
		{`\i\c*`, "_a-1", "1a"},
		{`[\w\-]+`, "a-b", "a b"},
		{`\p{L}+`, "äb", "1"},
		{`[\p{IsBasicLatin}]*`, "abc", "ä"},
		{`(a|b)\.c`, "a.c", "axc"},
	} {
		p := &Pattern{Text: c.pattern, re: compilePattern(c.pattern)}
		if !p.Checked() || !p.Match(c.yes) || p.Match(c.no) {
			t.Errorf("%s: checked %v, %q %v, %q %v", c.pattern, p.Checked(), c.yes, p.Match(c.yes), c.no, p.Match(c.no))
		}
	}
	lib := sharedLibrary(t)
	s, _, err := lib.Compile(nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, unchecked := map[string]bool{}, map[string]bool{}
	var visit func(typ *Type)
	visit = func(typ *Type) {
		for _, p := range typ.Patterns {
			all[p.Text] = true
			if !p.Checked() {
				unchecked[p.Text] = true
			}
		}
		for _, m := range typ.Members {
			visit(m)
		}
	}
	for _, n := range s.byIRI {
		if n.Type != nil {
			visit(n.Type)
		}
	}
	if len(unchecked) > 0 {
		t.Errorf("%d of %d patterns are not checked: %v", len(unchecked), len(all), unchecked)
	}
}
