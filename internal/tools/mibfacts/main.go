package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nettwin/internal/tools/mibfacts/internal/smi"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "mibfacts:", err)
		os.Exit(1)
	}
}

func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("mibfacts", flag.ContinueOnError)
	flags.SetOutput(stderr)
	mibs := flags.String("mibs", "", "folder of SMI modules, one file a module, named like it")
	out := flags.String("out", filepath.Join("ontology", "map", "mib"), "folder of the tables; its parent holds selectors.tsv")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *mibs == "" {
		return fmt.Errorf("-mibs must name the folder of SMI modules")
	}
	names := flags.Args()
	if len(names) == 0 {
		var err error
		if names, err = generated(*out); err != nil {
			return err
		}
	}
	selected, err := conventions(filepath.Join(filepath.Dir(*out), "selectors.tsv"))
	if err != nil {
		return err
	}
	set := smi.NewSet(*mibs)
	for _, name := range names {
		text, err := facts(set, name, selected)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(*out, name+".tsv"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// mark opens the tables that this tool wrote; others are written by hand.
const mark = "# generated: internal/tools/mibfacts"

// generated returns the names of the modules whose tables in dir this tool
// wrote.
func generated(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(text), mark+"\n") {
			names = append(names, strings.TrimSuffix(filepath.Base(f), ".tsv"))
		}
	}
	return names, nil
}

// conventions returns the textual conventions of selectors.tsv: those whose
// values are read according to another object.
func conventions(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if name != "" && !strings.HasPrefix(name, "#") && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, nil
}
