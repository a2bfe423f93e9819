package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstdOf(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

func names(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "<http://example.org/r%d> <http://example.org/name> \"router number %d\" .\n", i/3, i)
	}
	return b.String()
}

// TestLoadFiles loads what users have: compressed files whatever their names,
// folders, standard input, several at once, also more than a batch holds; all
// that one command names is one commit, or none after a fault in any of them.
func TestLoadFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "plain.nq", names(0, 10))
	write(t, dir, "zipped.nq.gz", zipped(t, names(10, 20)))
	write(t, dir, "really-zstd.nq.gz", zstdOf(t, names(20, 30)))
	write(t, dir, "zstd.ttl.zst", zstdOf(t, names(30, 40)))
	write(t, dir, "not-said.nt", zipped(t, names(40, 50)))
	write(t, dir, "notes.txt", "no RDF")
	if err := os.Mkdir(filepath.Join(dir, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "deep/more.trig", "<http://example.org/g> { <http://example.org/r1> <http://example.org/name> \"one\" }")
	data := t.TempDir()
	many := write(t, t.TempDir(), "many.nq", names(0, 120_000))
	broken := write(t, t.TempDir(), "broken.nq", names(0, 70_000)+"<http://example.org/s> <http://example.org/p> oops .\n"+names(0, 70_000))
	cut := write(t, t.TempDir(), "cut.nq.gz", zipped(t, names(0, 10))[:60])
	empty := t.TempDir()
	newSession(t, dir, "").run([]step{
		{args: []string{"load", "--data", data, dir}, stdout: "51 quads read from 6 files: 51 added, 0 deleted; newest commit 1\n"},
		{args: []string{"load", "--data", data, "--format", "nquads", "-"}, stdin: zstdOf(t, names(0, 60)), stdout: "60 quads read from 1 files: 10 added, 0 deleted; newest commit 2\n"},
		{args: []string{"load", "--data", data, "--graph", "http://example.org/h", "$DIR/plain.nq", "$DIR/zstd.ttl.zst"}, stdout: "20 quads read from 2 files: 20 added, 0 deleted; newest commit 3\n"},
		{args: []string{"load", "--data", data, "--graph", "http://example.org/h", "$DIR/deep/more.trig"}, code: exitFailed, tells: []string{"more.trig", "--graph", "nothing was stored"}},
		{args: []string{"load", "--data", data, "$DIR/plain.nq", many, broken}, code: exitFailed, tells: []string{broken, "70001:47", "oops", "nothing was stored"}},
		{args: []string{"load", "--data", data, cut}, code: exitFailed, tells: []string{cut, "unexpected EOF", "nothing was stored"}},
		{args: []string{"load", "--data", data, empty}, code: exitFailed, tells: []string{empty, "known format"}},
		{args: []string{"load", "--data", data, "--memory", "12", many}, code: exitUsage, tells: []string{"--memory 12", "64MiB"}},
		{args: []string{"load", "--data", data, "--memory", "many", many}, code: exitUsage, tells: []string{"--memory many"}},
		{args: []string{"query", "--data", data, "--format", "csv", "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"}, stdout: "n\r\n81\r\n"},
		{args: []string{"load", "--data", data, "--memory", "128MiB", many}, stdout: "120000 quads read from 1 files: 119940 added, 0 deleted; newest commit 4\n"},
		{args: []string{"load", "--data", data, "--replace", many}, stdout: "120000 quads read from 1 files: 0 added, 21 deleted; newest commit 5\n"},
		{args: []string{"query", "--data", data, "--as-of", "3", "--format", "csv", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}, stdout: "n\r\n60\r\n"},
	})
}

// TestExportFiles: what is exported in any format, compressed or not, loads into
// an equal store; a file that cannot be whole is not left.
func TestExportFiles(t *testing.T) {
	data := t.TempDir()
	source := write(t, t.TempDir(), "source.nt", names(0, 3000))
	if got := nettwin(t, "", "load", "--data", data, source); got.code != 0 {
		t.Fatal(got)
	}
	want := nettwin(t, "", "export", "--data", data).stdout
	lines := strings.Split(want, "\n")
	slices.Sort(lines)
	out := t.TempDir()
	for i, c := range []struct{ file, format, coding string }{
		{"a.nq", "nquads", ""}, {"b.nt.gz", "ntriples", ""}, {"c.ttl.zst", "turtle", ""}, {"d.trig", "trig", "gzip"}, {"e.nq.gz", "nquads", "none"},
	} {
		file := filepath.Join(out, c.file)
		args := []string{"export", "--data", data, "--format", c.format, "-o", file}
		if c.coding != "" {
			args = append(args, "--compress", c.coding)
		}
		if got := nettwin(t, "", args...); got.code != 0 {
			t.Fatalf("%s: %+v", c.file, got)
		}
		other := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if got := nettwin(t, "", "load", "--data", other, file); !strings.Contains(got.stdout, "3000 quads read from 1 files: 3000 added") {
			t.Errorf("%s: %+v", c.file, got)
		}
		again := strings.Split(nettwin(t, "", "export", "--data", other).stdout, "\n")
		slices.Sort(again)
		if !slices.Equal(again, lines) {
			t.Errorf("%s comes back as another dataset", c.file)
		}
	}
	newSession(t, out, "").run([]step{
		{args: []string{"export", "--data", data, "--compress", "rar"}, code: exitUsage, tells: []string{"gzip, zstd or none"}},
		{args: []string{"export", "--data", data, "--graph", "http://example.org/none", "-o", "$DIR/none.nq"}, code: exitNotFound, tells: []string{"no graph"}},
	})
	if _, err := os.Stat(filepath.Join(out, "none.nq")); err == nil {
		t.Error("a file that is not whole is left")
	}
}

// TestLoadProgress: the line that a terminal shows says rate and what is left.
func TestLoadProgress(t *testing.T) {
	p := &loadProgress{total: 1000}
	p.quads.Store(3_000_000)
	if got := p.line(2 * time.Second); got != "3000000 quads, 1.50 M/s" {
		t.Error(got)
	}
	p.bytes.Store(250)
	if got := p.line(2 * time.Second); got != "3000000 quads, 1.50 M/s, 25 % read, 6s left" {
		t.Error(got)
	}
	p.bytes.Store(1000)
	if got := p.line(2 * time.Second); got != "3000000 quads, 1.50 M/s, sorting and writing" {
		t.Error(got)
	}
}

// TestParseSize reads sizes with and without units, and refuses others.
func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "12": 12, "1KiB": 1 << 10, "1.5GiB": 3 << 29, "512M": 512 << 20, "2 TB": 2 << 40, "x": -1, "1XiB": -1, "-1": -1, "9999999TiB": -1, "": -1,
	} {
		got, err := parseSize(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %d (%v), expected %d", text, got, err, want)
		}
	}
}
