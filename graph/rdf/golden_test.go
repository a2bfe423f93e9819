package rdf_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	. "nettwin/graph/rdf"
)

var rewrite = flag.Bool("rewrite", false, "write what the golden tests see into their files")

// goldenCase is "command args", input lines, "----", output lines, and an
// empty line.
type goldenCase struct {
	comment       []string
	command       string
	args          map[string]string
	head          string
	input, output string
}

// runGolden runs each case of a file through run and compares outputs.
func runGolden(t *testing.T, path string, run func(t *testing.T, c goldenCase) string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cases := parseGolden(t, string(data))
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d %s", i+1, c.command), func(t *testing.T) {
			got := strings.TrimRight(run(t, c), "\n")
			if got != c.output && !*rewrite {
				t.Errorf("%s\n%s\n---- got\n%s\n---- want\n%s", c.head, c.input, got, c.output)
			}
			fmt.Fprintf(&out, "%s%s\n%s\n----\n%s\n\n", strings.Join(c.comment, ""), c.head, c.input, got)
		})
	}
	if *rewrite {
		if err := os.WriteFile(path, bytes.TrimSuffix(out.Bytes(), []byte("\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func parseGolden(t *testing.T, data string) []goldenCase {
	var cases []goldenCase
	lines := strings.SplitAfter(data, "\n")
	var comment []string
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\n")
		if line == "" || line[0] == '#' {
			if line != "" || len(comment) > 0 {
				comment = append(comment, lines[i])
			}
			continue
		}
		c := goldenCase{comment: comment, head: line, args: map[string]string{}}
		comment = nil
		words := strings.Fields(line)
		c.command = words[0]
		for _, w := range words[1:] {
			k, v, _ := strings.Cut(w, "=")
			c.args[k] = v
		}
		c.input, i = goldenBlock(lines, i+1, "----")
		c.output, i = goldenBlock(lines, i+1, "")
		cases = append(cases, c)
	}
	if len(cases) == 0 {
		t.Fatal("golden file without cases")
	}
	return cases
}

// goldenBlock returns the lines up to one that is end, and its index.
func goldenBlock(lines []string, i int, end string) (string, int) {
	var b strings.Builder
	for ; i < len(lines) && strings.TrimRight(lines[i], "\n") != end; i++ {
		b.WriteString(lines[i])
	}
	return strings.TrimRight(b.String(), "\n"), i
}

func formatNamed(t *testing.T, name string) Format {
	t.Helper()
	for _, f := range Formats() {
		if f.String() == name {
			return f
		}
	}
	t.Fatalf("no format %q", name)
	return 0
}

// TestErrors: the message of each error that a document can cause, from
// testdata/errors: "format [base=IRI] [term=BYTES] [depth=N] [quoted]"; quoted
// input is a Go string. A case without an error fails.
func TestErrors(t *testing.T) {
	runGolden(t, "testdata/errors", func(t *testing.T, c goldenCase) string {
		input := c.input
		if _, ok := c.args["quoted"]; ok {
			var err error
			if input, err = strconv.Unquote(input); err != nil {
				t.Fatal(err)
			}
		}
		opts := ReaderOptions{Base: c.args["base"]}
		opts.MaxTermBytes, _ = strconv.Atoi(c.args["term"])
		opts.MaxDepth, _ = strconv.Atoi(c.args["depth"])
		if c.command == "term" {
			_, err := ParseTerm(input)
			return fmt.Sprint(err)
		}
		rd := NewReader(strings.NewReader(input), formatNamed(t, c.command), opts)
		for {
			if _, err := rd.Read(); err != nil {
				if _, again := rd.Read(); again != err {
					t.Errorf("a second Read returns %v", again)
				}
				return err.Error()
			}
		}
	})
}

// TestWriterLayout: what the Turtle and TriG writers write, from
// testdata/writer: "format [base=IRI] [prefix=IRI …]", input N-Quads.
func TestWriterLayout(t *testing.T) {
	runGolden(t, "testdata/writer", func(t *testing.T, c goldenCase) string {
		quads, err := ReadAll(strings.NewReader(c.input), NQuads, ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		opts := WriterOptions{Base: c.args["base"]}
		for _, w := range strings.Fields(c.head)[1:] {
			if k, v, _ := strings.Cut(w, "="); k != "base" {
				opts.Prefixes = append(opts.Prefixes, PrefixDecl{strings.TrimSuffix(k, ":"), v})
			}
		}
		f := formatNamed(t, c.command)
		var b bytes.Buffer
		if err := WriteAll(&b, f, opts, quads); err != nil {
			return "error: " + err.Error()
		}
		back, err := ReadAll(bytes.NewReader(b.Bytes()), f, ReaderOptions{})
		if err != nil || !Isomorphic(back, quads) {
			t.Errorf("wrote\n%s\nread back %v, %v", b.Bytes(), back, err)
		}
		var lines []string
		for line := range strings.Lines(b.String()) {
			if line == "\n" {
				line = ".\n" // an empty line would end the case
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "")
	})
}
