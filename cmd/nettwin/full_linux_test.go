package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nettwin/internal/testenv"
)

// Goal: a real medium that is full stops writes with an error that says so,
// reads go on, and writes too as soon as there is room. Method: serve from a
// small file system of its own, fill it, ask and update, free it.
func TestFullDisk(t *testing.T) {
	testenv.Namespaces(t)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=160m"); err != nil {
		t.Fatalf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	d, stop := ownServer(t, "serve", filepath.Join(dir, "data"))
	defer stop()
	update := func(value string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, d.url+"update", strings.NewReader(`INSERT DATA { <https://e.example/s> <https://e.example/p> "`+value+`" }`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/sparql-update")
		status, body, err := send(req)
		if err != nil {
			t.Fatal(err)
		}
		return status, string(body)
	}
	read := func(want string) {
		t.Helper()
		query := url.Values{"query": {`SELECT ?o { <https://e.example/s> <https://e.example/p> ?o } ORDER BY ?o`}, "format": {"csv"}}
		status, body := d.fetch(t, "sparql?"+query.Encode())
		if got := strings.Join(strings.Fields(string(body)), " "); status != http.StatusOK || got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
	if status, text := update("a"); status/100 != 2 {
		t.Fatalf("%d: %s", status, text)
	}
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 130<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, text := update("b"); status != http.StatusInsufficientStorage || !strings.Contains(text, "no room on the medium") {
		t.Errorf("full: %d: %s", status, text)
	}
	read("o a")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if status, text := update("c"); status/100 != 2 {
		t.Errorf("with room again: %d: %s", status, text)
	}
	read("o a c")
}
