package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nettwin/graph/rdf/patch"
)

// Goal: changes go from one store to another as RDF Patch, by files, by HTTP,
// and while they are made; the copy is the same dataset. Method: a data
// directory with additions and deletions, exported in two pieces, applied to
// another directory and to a running twin, which a third follows.
func TestPatch(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	run := func(args ...string) string {
		t.Helper()
		got := nettwin(t, "", args...)
		if got.code != 0 {
			t.Fatalf("%s: %s", strings.Join(args, " "), got.stderr)
		}
		return got.stdout
	}
	run("load", "--data", from, write(t, dir, "a.trig", `@prefix e: <https://e.example/> . e:s e:p "a", "b", _:x . e:g { _:x e:p <<( e:s e:p "a" )>> }`))
	run("update", "--data", from, `DELETE { ?s ?p "a" } INSERT { GRAPH <https://e.example/h> { ?s ?p "ä\n" } } WHERE { ?s ?p "a" }`)
	first, second := filepath.Join(dir, "1.rdfp"), filepath.Join(dir, "2.rdfp")
	run("patch", "export", "--data", from, "--limit", "1", "-o", first)
	run("patch", "export", "--data", from, "--since", "1", "-o", second)
	if out := run("patch", "apply", "--data", to, first); !strings.Contains(out, "1 transactions, 1 commits: 4 added, 0 deleted") {
		t.Error(out)
	}
	done := decode[patch.Applied](t, nettwin(t, "", "patch", "apply", "--json", "--data", to, second))
	if done.Adds != 1 || done.Deletes != 1 {
		t.Errorf("%+v", done)
	}
	same(t, "quads", quadsOf(t, "--data", to), quadsOf(t, "--data", from))
	if got := nettwin(t, "TX .\nA <a:s> <a:p> .\n", "patch", "apply", "--data", to, "-"); got.code != exitFailed || !strings.Contains(got.stderr, "2:15") {
		t.Errorf("a fault: code %d: %s", got.code, got.stderr)
	}
	if got := nettwin(t, "", "patch", "export", "--data", to, "--since", "99"); got.code != exitFailed || !strings.Contains(got.stderr, "commit 99") {
		t.Errorf("after a commit that is none: code %d: %s", got.code, got.stderr)
	}

	d, stop := ownServer(t, "serve", filepath.Join(dir, "served"))
	defer stop()
	url := strings.TrimRight(d.url, "/")
	var info struct{ Head uint64 } // what it says of its rules comes first
	if err := getJSON(t.Context(), d.url+"api/v1/info", &info); err != nil {
		t.Fatal(err)
	}
	follower := newFollower(t, url, info.Head)
	run("patch", "apply", "--url", url, first)
	run("patch", "apply", "--url", url, second)
	text := follower.until(t, "ä")
	third := filepath.Join(dir, "third")
	run("patch", "apply", "--data", third, write(t, dir, "followed.rdfp", text))
	same(t, "quads of the follower", quadsOf(t, "--data", third), quadsOf(t, "--data", from))
	if out := run("patch", "export", "--url", url, "--since", fmt.Sprint(info.Head+1), "--limit", "1"); out != text[strings.Index(text, "TC .\n")+len("TC .\n"):] {
		t.Errorf("the second commit:\n%s\nas it was followed:\n%s", out, text)
	}
}

// follower is "nettwin patch export --follow".
type follower struct {
	out  *output
	stop func()
}

func newFollower(t *testing.T, url string, since uint64) *follower {
	t.Helper()
	cmd := commandProcess(t, "patch", "export", "--follow", "--url", url, "--since", fmt.Sprint(since))
	f := &follower{out: newOutput()}
	cmd.Stdout = f.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(f.stop)
	return f
}

// until waits for the end of a transaction with a text in it and ends.
func (f *follower) until(t *testing.T, text string) string {
	t.Helper()
	defer f.stop()
	pattern := regexp.MustCompile(fmt.Sprintf(`(?s)(.*%s.*?\nTC \.\n)`, text))
	got, err := f.out.wait(pattern, nil, readyWait)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
