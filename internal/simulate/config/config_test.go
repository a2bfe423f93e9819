package config_test

import (
	"strings"
	"testing"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

const module = `module m { yang-version 1.1; namespace "urn:m"; prefix m;
  container box {
    list item { key "name"; 
      leaf note { type string; } leaf name { type string; } leaf size { type uint8; mandatory true; } 
      leaf peer { type leafref { path "../../item/name"; } }
      leaf state { config false; type string; }
      choice way { leaf left { type empty; } case right { leaf right { type int8; } leaf more { type int8; } } }
      container opt { presence "on"; choice need { mandatory true; leaf a { type string; } leaf b { type string; } } }
      container plain { leaf p { type string; } } }
    leaf-list tag { type string; max-elements 2; }
    anyxml free;
  } }`

func schema(t testing.TB) *yang.Set {
	t.Helper()
	set, err := yang.Parse([][]byte{[]byte(module)}, yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// box parses the content of <box>; "op:" stands for the operation attribute.
func box(t testing.TB, content string) []*xmltree.Node {
	t.Helper()
	doc := `<c xmlns:nc="` + config.Base + `"><box xmlns="urn:m">` + strings.ReplaceAll(content, "op=", "nc:operation=") + `</box></c>`
	tree, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return tree.Children
}

func text(tree *config.Tree) string {
	all := ""
	for _, x := range tree.XML() {
		all += x.String()
	}
	return strings.TrimSuffix(strings.TrimPrefix(all, `<box xmlns="urn:m">`), `</box>`)
}

const base = `<item><name>a</name><note>n</note><size>1</size></item><item><name>b</name><size>2</size></item><tag>x</tag>`

// Goal: operations change the tree, or fail, as RFC 6241 §7.2 and RFC 7950
// §7 and §8.3 say. Method: one edit per rule on one base; "!" begins the tag of
// the error that is expected.
func TestEdit(t *testing.T) {
	a, b := `<item><name>a</name><note>n</note><size>1</size></item>`, `<item><name>b</name><size>2</size></item>`
	rest := b + `<tag>x</tag>`
	for _, c := range []struct {
		name string
		op   config.Operation
		edit string
		want string
	}{
		{"merge leaf", config.Merge, `<item><size> 9 </size><name>a</name></item>`, `<item><name>a</name><note>n</note><size>9</size></item>` + rest},
		{"merge new entry keeps schema order", config.Merge, `<tag>y</tag><item><size>3</size><name>c</name></item>`, a + b + `<item><name>c</name><size>3</size></item><tag>x</tag><tag>y</tag>`},
		{"replace entry", config.Merge, `<item op="replace"><name>a</name><size>7</size></item>`, `<item><name>a</name><size>7</size></item>` + rest},
		{"replace all", config.Replace, `<tag>z</tag>`, `<tag>z</tag>`},
		{"replace container", config.Merge, `<item><name>a</name><plain op="replace"><p>1</p></plain></item>`, `<item><name>a</name><note>n</note><size>1</size><plain><p>1</p></plain></item>` + rest},
		{"create entry", config.None, `<item op="create"><name>c</name><size>3</size></item>`, a + b + `<item><name>c</name><size>3</size></item><tag>x</tag>`},
		{"create existing", config.Merge, `<item op="create"><name>a</name></item>`, "!data-exists"},
		{"create leaf", config.Merge, `<item><name>a</name><note op="create">m</note></item>`, "!data-exists"},
		{"delete entry", config.None, `<item op="delete"><name>a</name></item>`, rest},
		{"delete leaf, value ignored", config.Merge, `<item><name>a</name><note op="delete">zz</note></item>`, `<item><name>a</name><size>1</size></item>` + rest},
		{"delete missing", config.Merge, `<item op="delete"><name>c</name></item>`, "!data-missing"},
		{"remove missing", config.Merge, `<item op="remove"><name>c</name></item>`, base},
		{"delete leaf-list entry", config.Merge, `<tag op="delete">x</tag>`, a + b},
		{"delete key", config.Merge, `<item><name op="delete">a</name><size>4</size></item>`, `<item><name>a</name><note>n</note><size>4</size></item>` + rest},
		{"none touches nothing", config.None, `<item><name>a</name><size>5</size></item>`, base},
		{"none on missing", config.None, `<item><name>c</name><size op="merge">5</size></item>`, "!data-missing"},
		{"none then merge", config.None, `<item><name>a</name><size op="merge">5</size></item>`, `<item><name>a</name><note>n</note><size>5</size></item>` + rest},
		{"choice drops other case", config.Merge, `<item><name>a</name><right>1</right></item><item><name>a</name><left/></item>`, `<item><name>a</name><note>n</note><size>1</size><left/></item>` + rest},
		{"two cases", config.Merge, `<item><name>a</name><right>1</right><left/></item>`, "!bad-element"},
		{"leaf twice", config.Merge, `<item><name>a</name><size>1</size><size>2</size></item>`, "!bad-element"},
		{"empty container goes", config.Merge, `<item><name>b</name><plain/></item>`, base},
		{"presence container stays", config.Merge, `<item><name>b</name><opt/></item>`, a + `<item><name>b</name><size>2</size><opt/></item><tag>x</tag>`},
		{"anyxml", config.Merge, `<free><z xmlns="urn:z"/></free>`, base + `<free><z xmlns="urn:z"/></free>`},
		{"unknown element", config.Merge, `<item><name>a</name><bogus/></item>`, "!unknown-element"},
		{"unknown namespace", config.Merge, `<bogus xmlns="urn:x"/>`, "!unknown-namespace"},
		{"state is no configuration", config.Merge, `<item><name>a</name><state>x</state></item>`, "!unknown-element"},
		{"bad value", config.Merge, `<item><name>a</name><size>256</size></item>`, "!invalid-value"},
		{"no key", config.Merge, `<item><size>2</size></item>`, "!missing-element"},
		{"bad operation", config.Merge, `<item op="twist"><name>a</name></item>`, "!bad-attribute"},
		{"text in container", config.Merge, `<item><name>a</name><plain>x</plain></item>`, "!bad-element"},
		{"elements in leaf", config.Merge, `<item><name>a</name><note><x/></note></item>`, "!bad-element"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree, errs := config.Load(schema(t), box(t, base))
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			next, errs := tree.Edit(box(t, c.edit), c.op)
			if tag, ok := strings.CutPrefix(c.want, "!"); ok {
				if len(errs) != 1 || errs[0].Tag != tag || errs[0].Type != config.Application {
					t.Fatalf("errors %v, want %s", errs, tag)
				}
			} else if got := text(next); got != c.want || len(errs) > 0 {
				t.Fatalf("got  %s\nwant %s\nerrors %v", got, c.want, errs)
			}
			if text(tree) != base {
				t.Errorf("the base changed: %s", text(tree))
			}
		})
	}
}

// Goal: errors name the place as an instance identifier with prefixes.
// Method: a bad value in an entry whose key holds an apostrophe.
func TestErrorPath(t *testing.T) {
	_, errs := config.Load(schema(t), box(t, `<item><name>it's</name><size>x</size></item>`))
	if len(errs) != 1 || errs[0].Path.Text != `/m:box/m:item[m:name="it's"]/m:size` {
		t.Fatalf("%v", errs)
	}
	x := errs[0].XML().String()
	if !strings.Contains(x, `<error-path xmlns:m="urn:m">/m:box`) || !strings.Contains(x, "<bad-element>size</bad-element>") {
		t.Error(x)
	}
}

// Goal: Validate finds what RFC 7950 §8.1 asks. Method: one tree per rule with
// its tag and app-tag.
func TestValidate(t *testing.T) {
	for content, want := range map[string]string{
		base:                                   "",
		``:                                     "",
		`<item><name>a</name></item>`:          "data-missing  /m:box/m:item[m:name='a']/m:size",
		`<tag>1</tag><tag>2</tag><tag>3</tag>`: "operation-failed too-many-elements /m:box/m:tag",
		`<item><name>a</name><size>1</size><peer>b</peer></item>`:      "data-missing instance-required /m:box/m:item[m:name='a']/m:peer",
		`<item><name>a</name><size>1</size><peer>a</peer></item>`:      "",
		`<item><name>a</name><size>1</size><opt/></item>`:              "data-missing missing-choice /m:box/m:item[m:name='a']/m:opt",
		`<item><name>a</name><size>1</size><opt><b>1</b></opt></item>`: "",
	} {
		tree, errs := config.Load(schema(t), box(t, content))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		var got []string
		for _, e := range tree.Validate() {
			got = append(got, e.Tag+" "+e.AppTag+" "+e.Path.Text)
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%s: %q, want %q", content, got, want)
		}
	}
}

// Goal: Diff says what leads from one tree to another. Method: two trees that
// differ by a created and a deleted entry, a changed, a new and a lost leaf.
func TestDiff(t *testing.T) {
	set := schema(t)
	from, _ := config.Load(set, box(t, base))
	to, _ := config.Load(set, box(t, `<item><name>a</name><size>8</size><left/></item><item><name>c</name><size>1</size></item><tag>x</tag>`))
	var got []string
	for _, c := range config.Diff(from, to) {
		got = append(got, c.String())
	}
	want := "delete /m:box/m:item[m:name='b']; delete /m:box/m:item[m:name='a']/m:note; replace /m:box/m:item[m:name='a']/m:size; " +
		"create /m:box/m:item[m:name='a']/m:left; create /m:box/m:item[m:name='c']"
	if strings.Join(got, "; ") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "; "), want)
	}
	if !from.Equal(from) || from.Equal(to) {
		t.Error("Equal")
	}
}

// Goal: state joins configuration by key. Method: state of one known and one
// unknown entry, with a leaf that both have.
func TestOverlay(t *testing.T) {
	set := schema(t)
	tree, _ := config.Load(set, box(t, base))
	state := box(t, `<item><name>b</name><size>99</size><state>up</state></item><item><name>z</name><state>down</state></item><q xmlns="urn:q"/>`)
	all := config.Overlay(set, tree.XML(), state)
	if len(all) != 1 {
		t.Fatalf("%v", all)
	}
	want := `<box xmlns="urn:m"><item><name>a</name><note>n</note><size>1</size></item><item><name>b</name><size>2</size><state>up</state></item>` +
		`<tag>x</tag><item><name>z</name><state>down</state></item><q xmlns="urn:q"/></box>`
	if got := all[0].String(); got != want {
		t.Errorf("%s", got)
	}
	if text(tree) != base {
		t.Error("the configuration changed")
	}
}

// Goal: no edit makes Edit panic, what results is well formed, and loading it
// again gives the same. Method: fuzzing of edits on the base.
func FuzzEdit(f *testing.F) {
	f.Add(`<box xmlns="urn:m"><item xmlns:n="urn:ietf:params:xml:ns:netconf:base:1.0" n:operation="replace"><name>a</name><left/></item></box>`, "merge")
	f.Add(`<box xmlns="urn:m"><free><a/></free><tag>x</tag></box>`, "none")
	set := schema(f)
	f.Fuzz(func(t *testing.T, doc, op string) {
		x, err := xmltree.Parse([]byte(doc), xmltree.Limits{Elements: 200})
		if err != nil {
			return
		}
		tree, _ := config.Load(set, box(t, base))
		next, errs := tree.Edit([]*xmltree.Node{x}, config.Operation(op))
		next.Validate()
		if len(errs) > 0 {
			return
		}
		again, errs := config.Load(set, next.XML())
		if len(errs) > 0 || !again.Equal(next) {
			t.Fatalf("%s became %s: %v", doc, text(next), errs)
		}
	})
}
