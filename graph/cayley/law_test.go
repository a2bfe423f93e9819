package cayley_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImportLaw holds this module to the project's law (internal/arch, which
// sees the main module only): the package imports the contract and RDF, the
// command also engines and names; of Cayley nothing imports graph/kv, which
// does not build with the pinned quad.
func TestImportLaw(t *testing.T) {
	may := map[string]string{
		"nettwin/graph/cayley":                   " nettwin/graph nettwin/graph/rdf ",
		"nettwin/graph/cayley/cmd/nettwin-gizmo": " nettwin/graph nettwin/graph/rdf nettwin/graph/cayley nettwin/graph/disk nettwin/graph/mem nettwin/naming ",
	}
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}:{{range .Imports}} {{.}}{{end}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		allowed, ok := may[pkg]
		if !ok {
			t.Errorf("%s: no entry in the law: add one", pkg)
		}
		for _, imp := range strings.Fields(imports) {
			if strings.HasPrefix(imp, "nettwin/") && !strings.Contains(allowed, " "+imp+" ") || strings.Contains(imp, "cayley/graph/kv") {
				t.Errorf("%s must not import %s", pkg, imp)
			}
		}
	}
}
