package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"nettwin/internal/testenv"
)

// Goal: a table goes through the pager when somebody reads it on a terminal,
// and only then; a reader who has seen enough ends it. Method: the command on a
// terminal of script(1), with pagers that mark, stop early, fail and are absent.
func TestPager(t *testing.T) {
	script := testenv.Tool(t, "script")
	dir := t.TempDir()
	var many strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&many, "<http://x/%d> <http://x/p> \"%s\" .\n", i, strings.Repeat("x", 100))
	}
	if r := nettwin(t, many.String(), "load", "--data", dir, "--format", "ntriples", "-"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	query := []string{"query", "--data", dir, "SELECT ?o { ?s <http://x/p> ?o } ORDER BY ?o"}
	for pager, want := range map[string]struct{ has, hasNot string }{
		"sed s/^/>/":   {">5000 rows", "\n5000 rows"},
		"head -n 1":    {"o\r\n", "rows"},
		"cat":          {"\n5000 rows", ">"},
		"":             {"\n5000 rows", ">"},
		"no-such-tool": {"\n5000 rows", ">"},
		"false":        {"pager false: exit status 1: set PAGER to another, or to cat", "rows\n"},
	} {
		inner := commandProcess(t, query...)
		cmd := exec.CommandContext(t.Context(), script, "--quiet", "--command", shellWords(inner.Args), "/dev/null")
		cmd.Env = append(inner.Env, "PAGER="+pager)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("pager %q: %v: %s", pager, err, out)
		}
		text := string(out)
		if !strings.Contains(text, want.has) || strings.Contains(text, want.hasNot) {
			t.Errorf("pager %q: %d bytes, end %q, want %q and not %q", pager, len(text), text[max(0, len(text)-200):], want.has, want.hasNot)
		}
	}
	t.Setenv("PAGER", "sed s/^/>/")
	if r := nettwin(t, "", query...); r.code != 0 || strings.Contains(r.stdout, ">") {
		t.Errorf("without a terminal: %d %.200s", r.code, r.stdout)
	}
}

func shellWords(args []string) string {
	var b strings.Builder
	for _, a := range args {
		b.WriteString("'" + strings.ReplaceAll(a, "'", `'\''`) + "' ")
	}
	return b.String()
}
