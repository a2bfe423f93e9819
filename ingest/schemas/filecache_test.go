package schemas_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/ingest/schemas"
	"nettwin/naming"
)

func openCache(t *testing.T, dir string, maxBytes int) *schemas.FileCache {
	t.Helper()
	c, err := schemas.OpenFileCache(dir, maxBytes, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	})
	return c
}

func put(t *testing.T, c *schemas.FileCache, id schemas.ID, text string) naming.Name {
	t.Helper()
	name, err := c.PutSchema(context.Background(), id, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// has reports whether the cache has a text; "" stands for none.
func has(t *testing.T, c *schemas.FileCache, id schemas.ID, text string) {
	t.Helper()
	got, name, err := c.Schema(context.Background(), id)
	switch {
	case text == "" && !errors.Is(err, fs.ErrNotExist):
		t.Errorf("%v: %q, %v", id, got, err)
	case text != "" && (err != nil || string(got) != text || name != naming.Of(naming.CodecRaw, []byte(text))):
		t.Errorf("%v: %q %v, %v", id, got, name, err)
	}
}

func module(device, name string) schemas.ID {
	return schemas.ID{Device: device, Set: "s1", Module: name, Revision: "2020-01-01"}
}

// files lists the texts in the folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "texts", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestFileCache puts texts, opens the folder again and expects the same
// texts; equal texts are one file, a replaced one leaves no file.
func TestFileCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "schemas")
	c := openCache(t, dir, 0)
	put(t, c, module("r1", "a"), "module a {}")
	put(t, c, module("r2", "a"), "module a {}")
	put(t, c, module("r1", "b"), "module b {}")
	if got := files(t, dir); len(got) != 2 {
		t.Errorf("files %v", got)
	}
	put(t, c, module("r1", "b"), "module b { prefix b; }")
	has(t, c, module("r1", "c"), "")
	has(t, c, schemas.ID{Device: "r1", Set: "s2", Module: "a", Revision: "2020-01-01"}, "")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutSchema(context.Background(), module("r9", "z"), []byte("z")); err == nil {
		t.Error("a closed cache takes a text")
	}
	again := openCache(t, dir, 0)
	has(t, again, module("r1", "a"), "module a {}")
	has(t, again, module("r2", "a"), "module a {}")
	has(t, again, module("r1", "b"), "module b { prefix b; }")
	if got := files(t, dir); len(got) != 2 {
		t.Errorf("files %v", got)
	}
}

// TestFileCacheDamaged damages a text in each of several ways and the index:
// what is damaged is not there any more, the rest is, and a fresh text takes
// its place.
func TestFileCacheDamaged(t *testing.T) {
	for what, harm := range map[string]func(path string) error{
		"flipped": func(path string) error { return os.WriteFile(path, []byte("module A {}"), 0o644) },
		"short":   func(path string) error { return os.Truncate(path, 3) },
		"gone":    os.Remove,
	} {
		dir := t.TempDir()
		c := openCache(t, dir, 0)
		name := put(t, c, module("r1", "a"), "module a {}")
		put(t, c, module("r2", "a"), "module a {}")
		put(t, c, module("r1", "b"), "module b {}")
		if err := harm(filepath.Join(dir, "texts", name.String())); err != nil {
			t.Fatal(err)
		}
		has(t, c, module("r1", "a"), "")
		has(t, c, module("r2", "a"), "")
		has(t, c, module("r1", "b"), "module b {}")
		put(t, c, module("r1", "a"), "module a {}")
		has(t, c, module("r1", "a"), "module a {}")
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		index, err := os.ReadFile(filepath.Join(dir, "index.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		torn := append(bytes.Clone(index), []byte("nonsense\n{\"device\":\"r7\",\"name\":\"x\"}\n{\"devi")...)
		if err := os.WriteFile(filepath.Join(dir, "index.jsonl"), torn, 0o644); err != nil {
			t.Fatal(err)
		}
		c = openCache(t, dir, 0)
		has(t, c, module("r1", "a"), "module a {}")
		has(t, c, module("r1", "b"), "module b {}")
		t.Log(what)
	}
}

// TestFileCacheBounded puts more than fits: the oldest go, their files too, and
// the index does not grow with what is gone.
func TestFileCacheBounded(t *testing.T) {
	dir := t.TempDir()
	text := func(i int) string { return fmt.Sprintf("%04d", i) + strings.Repeat("x", 96) }
	c := openCache(t, dir, 1000)
	for i := range 3000 {
		put(t, c, module("r1", fmt.Sprint(i)), text(i))
	}
	if got := files(t, dir); len(got) != 10 {
		t.Errorf("%d files", len(got))
	}
	has(t, c, module("r1", "2989"), "")
	has(t, c, module("r1", "2990"), text(2990))
	index, err := os.ReadFile(filepath.Join(dir, "index.jsonl"))
	if err != nil || bytes.Count(index, []byte("\n")) > 1100 {
		t.Errorf("%d lines, %v", bytes.Count(index, []byte("\n")), err)
	}
}

// FuzzFileCacheIndex opens folders with any index: none fails or panics.
func FuzzFileCacheIndex(f *testing.F) {
	f.Add([]byte(`{"device":"r1","set":"s","module":"a","revision":"","name":"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"}`))
	f.Fuzz(func(t *testing.T, index []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "index.jsonl"), index, 0o644); err != nil {
			t.Fatal(err)
		}
		put(t, openCache(t, dir, 0), module("r1", "a"), "module a {}")
	})
}
