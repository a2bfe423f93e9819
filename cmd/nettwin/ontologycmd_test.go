package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/internal/testenv"
)

// Goal: the vocabulary of YANG modules is RDF that a store takes and answers
// about; what is wrong with a module is told with its place. Method: the command
// on the shared modules, loaded and asked for the keys of a list and for what a
// leafref points at; and on a broken module.
func TestOntologyYANG(t *testing.T) {
	dir := t.TempDir()
	code, text, errs := invoke(t, "ontology", "yang", "--module", "ietf-interfaces", "--module", "ietf-ip", testenv.Shared(t, "data/yang"))
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	file := filepath.Join(dir, "vocabulary.ttl")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := invoke(t, "load", "--data", filepath.Join(dir, "twin"), file); code != 0 {
		t.Fatal(errs)
	}
	code, text, errs = invoke(t, "--json", "query", "--data", filepath.Join(dir, "twin"),
		`PREFIX schema: <https://w3id.org/nettwin/yang#> SELECT ?list ?keys ?target WHERE { ?list schema:kind "list" ; schema:keys ?keys .
		 OPTIONAL { ?list schema:key/schema:leafref ?target } FILTER(STRENDS(STR(?list), "/interfaces/interface")) }`)
	if code != 0 || !strings.Contains(text, "https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface") || !strings.Contains(text, `"name"`) {
		t.Errorf("exit code %d: %s%s", code, text, errs)
	}
	broken := filepath.Join(dir, "broken")
	if err := os.Mkdir(broken, 0o755); err != nil {
		t.Fatal(err)
	}
	module := "module m {\n  namespace urn:m; prefix m;\n  leaf a { type nothing; }\n  leaf b { type string; }\n}\n"
	if err := os.WriteFile(filepath.Join(broken, "m.yang"), []byte(module), 0o644); err != nil {
		t.Fatal(err)
	}
	code, text, errs = invoke(t, "ontology", "yang", broken)
	if code != 0 || !strings.Contains(errs, "m.yang:3:12: ") || !strings.Contains(text, "<https://w3id.org/nettwin/yang/m/b>") {
		t.Errorf("exit code %d: %s%s", code, text, errs)
	}
	if code, _, errs := invoke(t, "ontology", "yang", "--module", "gone", broken); code != exitFailed || !strings.Contains(errs, "gone") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
