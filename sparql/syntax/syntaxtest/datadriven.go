package syntaxtest

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the actual output into the files of cases")

// Case is one case of a file.
type Case struct {
	Line    int    // of the command
	Command string // first word of the command line
	Args    string // the rest of it
	Input   string
	Want    string
}

// RunFile runs all cases of a file. A case is a command line, input lines, a
// line "----" and the output up to the next blank line; lines that begin with
// "#" may stand before a command. With -rewrite the file is written anew.
func RunFile(t *testing.T, path string, run func(t *testing.T, c Case) string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	lines := strings.SplitAfter(string(data), "\n")
	cases := 0
	for i := 0; i < len(lines); {
		line := strings.TrimSpace(lines[i])
		if line == "" || strings.HasPrefix(line, "#") {
			out.WriteString(lines[i])
			i++
			continue
		}
		c, next := readCase(t, path, lines, i)
		out.WriteString(strings.Join(lines[i:i+1], "") + c.Input + "----\n")
		i = next
		cases++
		got := strings.TrimRight(run(t, c), "\n") + "\n"
		out.WriteString(got)
		if !*rewrite && got != c.Want {
			t.Errorf("%s:%d: %s\ngot:\n%swant:\n%s", path, c.Line, c.Input, got, c.Want)
		}
	}
	if cases == 0 {
		t.Errorf("%s: no cases", path)
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readCase reads the case whose command is on line i.
func readCase(t *testing.T, path string, lines []string, i int) (c Case, next int) {
	t.Helper()
	c.Line = i + 1
	c.Command, c.Args, _ = strings.Cut(strings.TrimSpace(lines[i]), " ")
	var input, want strings.Builder
	for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "----"; i++ {
		input.WriteString(lines[i])
	}
	if i == len(lines) {
		t.Fatalf("%s:%d: no ---- after the input", path, c.Line)
	}
	for i++; i < len(lines) && strings.TrimSpace(lines[i]) != ""; i++ {
		want.WriteString(lines[i])
	}
	c.Input, c.Want = input.String(), want.String()
	return c, i
}
