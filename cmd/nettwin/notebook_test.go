package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/internal/testenv"
)

// TestNotebook runs the code of the notebook in docs, cell after cell, against
// the demo: each cell must print what the notebook shows.
func TestNotebook(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testenv.ProjectRoot(), "docs", "network.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	var notebook struct {
		Cells []struct {
			Kind    string   `json:"cell_type"`
			Source  []string `json:"source"`
			Outputs []struct{ Text []string }
		}
	}
	if err := json.Unmarshal(text, &notebook); err != nil {
		t.Fatal(err)
	}
	const end = "-- end of cell --"
	var program, want strings.Builder
	cells := 0
	for _, c := range notebook.Cells {
		if c.Kind != "code" {
			continue
		}
		cells++
		program.WriteString(strings.Join(c.Source, "") + "\nprint('" + end + "')\n")
		for _, o := range c.Outputs {
			want.WriteString(strings.Join(o.Text, ""))
		}
		want.WriteString(end + "\n")
	}
	if cells < 5 {
		t.Fatalf("the notebook has %d cells of code", cells)
	}
	python := testenv.Python(t, "pandas")
	cmd := exec.Command(python, "-")
	cmd.Stdin = strings.NewReader(program.String())
	cmd.Env = append(cmd.Environ(), "NETTWIN="+shared.get(t).url, "PYTHONIOENCODING=utf-8")
	got, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	if string(got) != want.String() {
		t.Errorf("the notebook prints\n%s\nit shows\n%s", got, want.String())
	}
}
