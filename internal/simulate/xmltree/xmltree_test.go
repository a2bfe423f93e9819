package xmltree_test

import (
	"errors"
	"strings"
	"testing"

	"nettwin/internal/simulate/xmltree"
)

// Goal: names are resolved whatever the prefixes, values keep the meaning of
// theirs, and a written tree reads back equal. Method: one document with
// default and prefixed namespaces, undeclared default, attributes, entities.
func TestRoundTrip(t *testing.T) {
	const doc = `<?xml version="1.0"?><!-- c --><p:a xmlns:p="urn:1" p:op="x&quot;" plain="1">
	<b xmlns="urn:2" xmlns:q="urn:3"><c>q:v &lt;&#x41;</c></b><p:d/></p:a>`
	tree, err := xmltree.Parse([]byte(doc), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check := func(n *xmltree.Node) {
		t.Helper()
		if op, _ := n.Attr("urn:1", "op"); !n.Is("urn:1", "a") || op != `x"` {
			t.Fatalf("root %v %q", n.Name, op)
		}
		c := n.Child("urn:2", "b").Find("c")
		if space, ok := c.Resolve("q"); !ok || space != "urn:3" || c.Value() != "q:v <A" {
			t.Errorf("c %q, q is %q", c.Value(), space)
		}
		if n.Child("urn:1", "d") == nil || n.Child("", "d") != nil || n.Find("zz") != nil {
			t.Error("d")
		}
	}
	check(tree)
	again, err := xmltree.Parse(tree.Clone().Append(nil), xmltree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	check(again)
	if tree.String() != again.String() {
		t.Errorf("%s\n%s", tree, again)
	}
}

// Goal: what is not well-formed, or too big, is refused with its kind.
// Method: one case per rule.
func TestRefused(t *testing.T) {
	for doc, want := range map[string]error{
		"":                    xmltree.ErrMalformed,
		"<a>":                 xmltree.ErrMalformed,
		"<a></b>":             xmltree.ErrMalformed,
		"<a/><b/>":            xmltree.ErrMalformed,
		"<a/>x":               xmltree.ErrMalformed,
		"<a>x<b/></a>":        xmltree.ErrMalformed,
		"<p:a/>":              xmltree.ErrMalformed,
		"<a p:x='1'/>":        xmltree.ErrMalformed,
		"<a x='1' x='2'/>":    xmltree.ErrMalformed,
		"<!DOCTYPE a><a/>":    xmltree.ErrMalformed,
		"<a>&nbsp;</a>":       xmltree.ErrMalformed,
		"<a>\xff</a>":         xmltree.ErrMalformed,
		"<a><b><c/></b></a>":  xmltree.ErrLimit,
		"<a><b/><b/><b/></a>": xmltree.ErrLimit,
		"<a xmlns:p='1' xmlns:q='1' p:x='1' q:x='2'/>": xmltree.ErrMalformed,
	} {
		if _, err := xmltree.Parse([]byte(doc), xmltree.Limits{Depth: 2, Elements: 3}); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", doc, err, want)
		}
	}
}

// Goal: no input makes Parse panic, and what it accepts is written so that it
// reads back equal. Method: fuzzing.
func FuzzParse(f *testing.F) {
	f.Add(`<a xmlns="urn:1" xmlns:p="urn:2" p:x="1">t<![CDATA[<]]></a>`)
	f.Add(`<a><b xmlns=""/></a>`)
	f.Fuzz(func(t *testing.T, doc string) {
		tree, err := xmltree.Parse([]byte(doc), xmltree.Limits{Elements: 1000})
		if err != nil {
			return
		}
		text := tree.String()
		again, err := xmltree.Parse([]byte(text), xmltree.Limits{Elements: 1000})
		if err != nil {
			if strings.Contains(text, "\ufffd") {
				return
			}
			t.Fatalf("%q became %q: %v", doc, text, err)
		}
		if again.String() != text {
			t.Fatalf("%q became %q", text, again.String())
		}
	})
}
