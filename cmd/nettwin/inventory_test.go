package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// inventoryBeyond are sections of documents that the expectations do not have,
// with the reason.
var inventoryBeyond = map[string]string{
	"asa ipAddresses_ipAddressTable": "the agent leaves out the length octet that the index of an IPv4 address has by RFC 4293: read nonetheless",
}

// compareInventory asks a server on the replayed twin for the inventory
// documents of all devices, and holds each section against the independent
// decoding of the recording: same names, same members, same values.
func (r *replay) compareInventory(names, files []string) {
	r.t.Helper()
	address := r.serve()
	documents := map[string]map[string]any{}
	for _, one := range decodeJSON[[]map[string]any](r.t, fetchOK(r.t, address+"api/v1/inventory")) {
		documents[fmt.Sprint(one["configuredName"])] = one
	}
	if len(documents) != len(names) {
		r.t.Errorf("%d inventory documents, want %d", len(documents), len(names))
	}
	sections, rows := 0, 0
	for i, name := range names {
		text, err := os.ReadFile(files[i])
		if err != nil {
			r.t.Fatal(err)
		}
		want := decodeJSON[struct{ Walk map[string]any }](r.t, text).Walk
		delete(want, "rowCounts")
		for member := range documents[name] {
			_, expected := want[member]
			if !expected && isSection(documents[name][member]) && inventoryBeyond[name+" "+member] == "" {
				r.t.Errorf("%s: the document has a section %s, the expectation has none", name, member)
			}
		}
		for member, w := range want {
			sections++
			if list, ok := w.([]any); ok {
				rows += len(list)
			}
			compareSection(r.t, name+" "+member, documents[name][member], w)
		}
	}
	r.t.Logf("inventory: %d documents, %d sections with %d rows in lists", len(documents), sections, rows)
	one := decodeJSON[map[string]any](r.t, fetchOK(r.t, address+"api/v1/inventory/"+names[0]))
	if compact(one) != compact(documents[names[0]]) {
		r.t.Errorf("%s: the document alone differs from that in the list", names[0])
	}
}

// serve runs a server on the twin until the test ends and returns its address.
func (r *replay) serve() string {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.t.Context()))
	ready, done := make(chan string, 1), make(chan error, 1)
	s := &service{twin: r.twin, env: r.env, listen: "127.0.0.1:0", onReady: func(at string) { ready <- at }}
	go func() { done <- s.run(ctx) }()
	r.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("server: %v", err)
		}
	})
	select {
	case at := <-ready:
		return at
	case err := <-done:
		done <- nil
		r.t.Fatalf("server: %v", err)
	case <-time.After(2 * time.Minute):
		r.t.Fatal("server: not ready after 2 minutes")
	}
	return ""
}

// isSection tells a section from what the document says of the whole device.
func isSection(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// compareSection compares lists as bags, all else as it stands.
func compareSection(t *testing.T, what string, got, want any) {
	t.Helper()
	wanted, isList := want.([]any)
	if !isList {
		if compact(got) != compact(want) {
			t.Errorf("%s: got %s, want %s", what, compact(got), compact(want))
		}
		return
	}
	given, _ := got.([]any)
	count := map[string]int{}
	for _, w := range wanted {
		count[compact(w)]++
	}
	for _, g := range given {
		count[compact(g)]--
	}
	var lines []string
	for text, n := range count {
		if n != 0 {
			lines = append(lines, fmt.Sprintf("%+d %s", -n, text))
		}
	}
	if len(lines) > 0 {
		slices.Sort(lines)
		t.Errorf("%s: %d rows, want %d; too many (+) and missing (-):\n%s", what, len(given), len(wanted), strings.Join(lines[:min(len(lines), 6)], "\n"))
	}
}

// compact writes JSON with the members in one order and numbers as they were.
func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func decodeJSON[T any](t *testing.T, text []byte) (v T) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

// fetchOK reads an answer that must be right.
func fetchOK(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %.300s", url, resp.Status, err, text)
	}
	return text
}
