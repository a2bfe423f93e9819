package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Goal: all engines give the same answers before and after updates, every row
// has a figure for the engine on disk, and the table names them. Method: a small
// file with all kinds of terms, each engine in this process.
func TestEnginesAgree(t *testing.T) {
	dir := t.TempDir()
	var text strings.Builder
	for i := range 4000 {
		s := fmt.Sprintf("<http://example.org/d/%d>", i)
		fmt.Fprintf(&text, "%s <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/T%d> .\n", s, i%3)
		fmt.Fprintf(&text, "%s <http://example.org/count> \"%d\"^^<http://www.w3.org/2001/XMLSchema#integer> <http://example.org/g%d> .\n", s, i, i%7)
		fmt.Fprintf(&text, "%s <http://example.org/name> \"a long name %d\"@en .\n%s <http://example.org/x> _:b%d .\n", s, i, s, i)
	}
	file := filepath.Join(dir, "data.nq")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"disk", "pebble", "mem"}
	var all []*figures
	for _, name := range names {
		home := filepath.Join(dir, name)
		if err := os.Mkdir(home, 0o755); err != nil {
			t.Fatal(err)
		}
		e, err := openEngine(name, filepath.Join(home, "store"))
		if err != nil {
			t.Fatal(err)
		}
		f, err := newRun(e, options{file: file, seed: 1, commits: 5, mix: 200 * time.Millisecond}).all(context.Background())
		if err != nil {
			t.Fatal(name, err)
		}
		all = append(all, f)
		if err := sameAnswers(all[0], f, names[0], name); err != nil {
			t.Error(err)
		}
	}
	if f := all[0]; f.Quads != 16000 || f.Load == 0 || f.Index == 0 || f.Dictionary == 0 || f.P99 == 0 || f.MixP99 == 0 || f.Delta == 0 ||
		f.Branches == 0 || f.OnBranch == 0 || f.Fork == 0 || f.Diff == 0 || f.AsOf == 0 || f.Ready == 0 || f.RSS == 0 {
		t.Errorf("figures are missing: %+v", f)
	}
	var out strings.Builder
	if err := (options{file: file}).print(&out, names, all); err != nil || !strings.Contains(out.String(), "16000 quads; answers are equal") {
		t.Errorf("%v\n%s", err, out.String())
	}
	all[1].Answers[0] += "0"
	if err := sameAnswers(all[0], all[1], "a", "b"); err == nil {
		t.Error("different answers are taken for equal")
	}
}
