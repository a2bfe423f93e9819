package protocol

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// manyLines are so many quads in N-Quads, of which a tenth repeat others.
func manyLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<http://x/s%d> <http://x/p> \"number %d\" <http://x/g> .\n", i%1000, i%(n-n/10))
	}
	return b.String()
}

// TestLargeBodies: a body of more than a batch is one commit like a small one,
// compressed or not, and its answer says what came of it; one that is broken,
// cut short or too large after much that is good stores nothing and says where.
func TestLargeBodies(t *testing.T) {
	e := newEndpoint(t, Options{MaxDataBytes: 8 << 20})
	good := manyLines(60_000)
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(good)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	counts := func(h http.Header) string {
		return fmt.Sprint(h.Get("Nettwin-Commit"), " ", h.Get("Nettwin-Quads"), " ", h.Get("Nettwin-Adds"), " ", h.Get("Nettwin-Deletes"))
	}
	status, text, header := e.do("POST", "/data", "application/n-quads", packed.String(), "Content-Encoding", "zstd")
	if status != 204 || counts(header) != "1 60000 54000 0" || e.quads() != 54_000 {
		t.Errorf("%d %s: %s, %d quads", status, text, counts(header), e.quads())
	}
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
		header []string
	}{
		"broken":    {good + "<http://x/s> <http://x/p> oops .\n" + good, 400, "60001:27", nil},
		"cut short": {packed.String()[:packed.Len()-100], 400, "compressed body", []string{"Content-Encoding", "zstd"}},
		"too large": {strings.Repeat(good, 3), 413, "limit", nil},
		"conflict":  {good, 409, "commit", []string{"If-Match", `"9"`}},
	} {
		status, text, header := e.do("POST", "/data", "application/n-quads", c.body, c.header...)
		if status != c.status || !strings.Contains(text, c.says) || header.Get("Nettwin-Adds") != "" || e.quads() != 54_000 {
			t.Errorf("%s: %d %s, %d quads", name, status, text, e.quads())
		}
	}
	status, _, header = e.do("PUT", "/data", "application/n-quads", manyLines(10)+manyLines(60_000))
	if status != 204 || counts(header) != "2 60010 1 0" {
		t.Errorf("a replacement: %d, %s", status, counts(header))
	}
	status, _, header = e.do("PUT", "/data?graph=http://x/g", "text/turtle", "<http://x/s1> <http://x/p> \"number 1\" .")
	if status != 204 || counts(header) != "3 1 0 54000" || e.quads() != 1 {
		t.Errorf("a replacement of one graph: %d, %s, %d quads", status, counts(header), e.quads())
	}
}
