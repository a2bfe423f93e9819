package rdf_test

import (
	"strings"
	"testing"

	. "nettwin/graph/rdf"
)

// TestResolveIRI: the examples of RFC 3986 §5.4, as the RFC gives them, and
// cases with an empty path or without authority.
func TestResolveIRI(t *testing.T) {
	const rfc = "http://a/b/c/d;p?q"
	for _, c := range []struct{ base, ref, want string }{
		// §5.4.1
		{rfc, "g:h", "g:h"}, {rfc, "g", "http://a/b/c/g"}, {rfc, "./g", "http://a/b/c/g"},
		{rfc, "g/", "http://a/b/c/g/"}, {rfc, "/g", "http://a/g"}, {rfc, "//g", "http://g"},
		{rfc, "?y", "http://a/b/c/d;p?y"}, {rfc, "g?y", "http://a/b/c/g?y"},
		{rfc, "#s", "http://a/b/c/d;p?q#s"}, {rfc, "g#s", "http://a/b/c/g#s"},
		{rfc, "g?y#s", "http://a/b/c/g?y#s"}, {rfc, ";x", "http://a/b/c/;x"},
		{rfc, "g;x", "http://a/b/c/g;x"}, {rfc, "g;x?y#s", "http://a/b/c/g;x?y#s"},
		{rfc, "", "http://a/b/c/d;p?q"}, {rfc, ".", "http://a/b/c/"}, {rfc, "./", "http://a/b/c/"},
		{rfc, "..", "http://a/b/"}, {rfc, "../", "http://a/b/"}, {rfc, "../g", "http://a/b/g"},
		{rfc, "../..", "http://a/"}, {rfc, "../../", "http://a/"}, {rfc, "../../g", "http://a/g"},
		// §5.4.2
		{rfc, "../../../g", "http://a/g"}, {rfc, "../../../../g", "http://a/g"},
		{rfc, "/./g", "http://a/g"}, {rfc, "/../g", "http://a/g"}, {rfc, "g.", "http://a/b/c/g."},
		{rfc, ".g", "http://a/b/c/.g"}, {rfc, "g..", "http://a/b/c/g.."}, {rfc, "..g", "http://a/b/c/..g"},
		{rfc, "./../g", "http://a/b/g"}, {rfc, "./g/.", "http://a/b/c/g/"},
		{rfc, "g/./h", "http://a/b/c/g/h"}, {rfc, "g/../h", "http://a/b/c/h"},
		{rfc, "g;x=1/./y", "http://a/b/c/g;x=1/y"}, {rfc, "g;x=1/../y", "http://a/b/c/y"},
		{rfc, "g?y/./x", "http://a/b/c/g?y/./x"}, {rfc, "g?y/../x", "http://a/b/c/g?y/../x"},
		{rfc, "g#s/./x", "http://a/b/c/g#s/./x"}, {rfc, "g#s/../x", "http://a/b/c/g#s/../x"},
		{rfc, "http:g", "http:g"},
		// §5.2.3
		{"http://a", "g", "http://a/g"}, {"http://a?q", "g", "http://a/g"}, {"http://a#f", "", "http://a"},
		{"urn:a:b", "c", "urn:c"}, {"urn:a:b", "#c", "urn:a:b#c"}, {"file:///a/b", "c", "file:///a/c"},
		// Absolute IRIs stay as they are.
		{rfc, "http://x/a/../b", "http://x/a/../b"}, {"", "urn:x", "urn:x"},
	} {
		if got, err := ResolveIRI(c.base, c.ref); err != nil || got != c.want {
			t.Errorf("ResolveIRI(%q, %q) = %q, %v, want %q", c.base, c.ref, got, err, c.want)
		}
	}
}

// TestResolveIRIErrors: bad bases and references, with the messages.
func TestResolveIRIErrors(t *testing.T) {
	for _, c := range []struct{ base, ref, want string }{
		{"", "g", `resolve <g>: base: IRI "": expected an absolute IRI, found no scheme`},
		{"a/b", "g", `resolve <g>: base: IRI "a/b": expected an absolute IRI, found no scheme`},
		{"http://a/", "g h", `resolve <g h>: IRI "http://a/g h": invalid character " "`},
		{"http://a/", "x:\n", `IRI "x:\n": invalid character "\n"`},
		{"http://a/", "\xFF", "resolve <\xFF>: IRI \"http://a/\\xff\": invalid UTF-8"},
	} {
		if got, err := ResolveIRI(c.base, c.ref); err == nil || err.Error() != c.want {
			t.Errorf("ResolveIRI(%q, %q) = %q, %v, want %s", c.base, c.ref, got, err, c.want)
		}
	}
}

// FuzzResolveIRI: what resolves is absolute, resolving it again changes
// nothing, and the path equals that of a second implementation that follows
// the text of RFC 3986 §5.2.4 with string replacement.
func FuzzResolveIRI(f *testing.F) {
	for _, base := range []string{"http://a/b/c/d;p?q", "urn:a", "file:///", "a:b/../c"} {
		for _, ref := range []string{"../g", "?x#y", "//h/./i/../j", "/.//b", "x:y", "a/../../b/.", "..", ""} {
			f.Add(base, ref)
		}
	}
	f.Fuzz(func(t *testing.T, base, ref string) {
		got, err := ResolveIRI(base, ref)
		if err != nil {
			return
		}
		if err := CheckIRI(got); err != nil {
			t.Fatalf("ResolveIRI(%q, %q) = %q: %v", base, ref, got, err)
		}
		if again, err := ResolveIRI(base, got); err != nil || again != got {
			t.Fatalf("ResolveIRI(%q, %q) = %q, resolved again %q, %v", base, ref, got, again, err)
		}
		if path, _, _ := strings.Cut(ref, "?"); strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") {
			path, _, _ = strings.Cut(path, "#")
			if want := dotsByText(path); !strings.Contains(got, want) {
				t.Fatalf("ResolveIRI(%q, %q) = %q, expected the path %q in it", base, ref, got, want)
			}
		}
	})
}

// dotsByText removes the dot segments of an absolute path by splitting it.
func dotsByText(path string) string {
	segments := strings.Split(path, "/")[1:]
	var out []string
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".", "..":
			if s == ".." && len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/")
}
