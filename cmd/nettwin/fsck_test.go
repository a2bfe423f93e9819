package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFsck: a whole data directory is found whole; one changed byte in each
// file in turn that holds data is found and named, with its own exit code; a
// directory without a store is not found.
func TestFsck(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if got := nettwin(t, "", "collect", "--once", "--data", data, "snmp://public@"+simulateRouter(t, dir, "r9")); got.code != 0 {
		t.Fatal(got.stderr)
	}
	if got := nettwin(t, "", "fsck", data); got.code != 0 || !strings.Contains(got.stdout, ": 0 damages") {
		t.Fatalf("whole: code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	damaged := 0
	for _, pattern := range []string{"graph/STORE", "graph/MANIFEST", "graph/HISTORY", "graph/wal-*", "graph/seg-*", "graph/dict-*", "items/*.pack"} {
		files, err := filepath.Glob(filepath.Join(data, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(content) == 0 {
				continue
			}
			damaged++
			at := len(content) / 2
			content[at] ^= 0x10
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := nettwin(t, "", "fsck", data); got.code != exitDamage || !strings.Contains(got.stderr, filepath.Base(file)) {
				t.Errorf("%s, byte %d: code %d: %s%s", file, at, got.code, got.stdout, got.stderr)
			}
			content[at] ^= 0x10
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if damaged < 3 {
		t.Errorf("only %d files were damaged", damaged)
	}
	if got := nettwin(t, "", "fsck", "--json", data); got.code != 0 || !strings.Contains(got.stdout, `"ok": true`) {
		t.Errorf("whole again: code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	if got := nettwin(t, "", "fsck", dir); got.code != exitNotFound || !strings.Contains(got.stderr, dir) {
		t.Errorf("no store: code %d: %s", got.code, got.stderr)
	}
}
