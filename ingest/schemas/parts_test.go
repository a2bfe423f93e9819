package schemas_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"nettwin/ingest/schemas"
	"nettwin/naming"
)

// TestPolicy refuses what a policy file may not hold, with file and line.
func TestPolicy(t *testing.T) {
	for text, says := range map[string]string{
		"":                                   "",
		"# c\n\nskip\tm:n\nmeasure\tm/a/b\n": "",
		"measure\thttps://w3id.org/nettwin/yang/m/a/b\n": "",
		"\nskip\tm\n":      "p:2: skip",
		"skip\tm:n/o\n":    "p:1: skip",
		"measure\tm\n":     "p:1: measure",
		"ignore\tm:n\n":    "p:1: \"ignore\"",
		"skip m:n\n":       "p:1: ",
		"measure\tm/a b\n": "p:1: measure",
	} {
		_, err := schemas.LoadPolicy(fstest.MapFS{"p": {Data: []byte(text)}}, "p")
		if (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
	if _, err := schemas.LoadPolicy(fstest.MapFS{}, "p"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// FuzzLoadPolicy: no table makes the reader panic.
func FuzzLoadPolicy(f *testing.F) {
	f.Add("skip\tm:n\nmeasure\tm/a\n# x\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := schemas.LoadPolicy(fstest.MapFS{"p": {Data: []byte(text)}}, "p")
		if err != nil && !strings.HasPrefix(err.Error(), "policy: ") {
			t.Fatal(err)
		}
	})
}

// TestMemoryCache: a text is known by its content, kept once, told only under
// the id that brought it, and makes room when the cache is full.
func TestMemoryCache(t *testing.T) {
	c := schemas.NewMemoryCache(10)
	id := func(device, module string) schemas.ID { return schemas.ID{Device: device, Module: module} }
	put := func(id schemas.ID, text string) {
		t.Helper()
		if name, err := c.PutSchema(t.Context(), id, []byte(text)); err != nil || name != naming.Of(naming.CodecRaw, []byte(text)) {
			t.Errorf("%s, %v", name, err)
		}
	}
	want := func(id schemas.ID, text string) {
		t.Helper()
		got, name, err := c.Schema(t.Context(), id)
		switch {
		case text == "" && !errors.Is(err, fs.ErrNotExist):
			t.Errorf("%v: %q, %v", id, got, err)
		case text != "" && (err != nil || string(got) != text || name.Verify(got) != nil):
			t.Errorf("%v: %q, %v", id, got, err)
		}
	}
	want(id("a", "m"), "")
	put(id("a", "m"), "123456")
	put(id("b", "m"), "123456")
	put(id("b", "m"), "123456")
	put(id("b", "n"), "abcd")
	want(id("a", "m"), "123456")
	want(id("b", "m"), "123456")
	want(id("b", "n"), "abcd")
	want(id("a", "n"), "")
	put(id("b", "n"), "abc") // replaces
	want(id("b", "n"), "abc")
	put(id("c", "o"), "xyz") // too much: the first two go
	want(id("a", "m"), "")
	want(id("b", "m"), "")
	want(id("c", "o"), "xyz")
	put(id("d", "p"), "a text that is larger than all")
	want(id("d", "p"), "a text that is larger than all")
	want(id("c", "o"), "")
}

// TestDirectory: a text is found by name and revision, in subfolders too; the
// newest stands for one that is not there, and is told as such.
func TestDirectory(t *testing.T) {
	d, err := schemas.OpenDirectory(fstest.MapFS{
		"a@2020-01-01.yang":   {Data: []byte("module a { revision 2020-01-01; }")},
		"x/a@2024-01-01.yang": {Data: []byte("module a { revision 2024-01-01; }")},
		"x/b.yang":            {Data: []byte("module b { revision 2021-05-05; }")},
		"README":              {Data: []byte("module c {}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text  schemas.Text
		want  string
		exact bool
	}{
		{schemas.Text{Name: "a"}, "2024-01-01", true},
		{schemas.Text{Name: "a", Revision: "2020-01-01"}, "2020-01-01", true},
		{schemas.Text{Name: "a", Revision: "2019-01-01"}, "2024-01-01", false},
		{schemas.Text{Name: "b", Revision: "2021-05-05"}, "2021-05-05", true},
	} {
		got, exact, err := d.Text(c.text)
		if err != nil || !strings.Contains(string(got), c.want) || exact != c.exact {
			t.Errorf("%v: %s, %v, %v", c.text, got, exact, err)
		}
	}
	for _, d := range []*schemas.Directory{d, nil} {
		if _, _, err := d.Text(schemas.Text{Name: "c"}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("c: %v", err)
		}
	}
	if got := d.Modules(); len(got) != 2 || got[0].ID() != "a@2024-01-01" || got[1].ID() != "b" {
		t.Errorf("modules %v", got)
	}
}
