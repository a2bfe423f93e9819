package arch

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"nettwin/internal/testenv"
)

// law lists, for a package or a tree of packages ("x/..."), what of nettwin it
// may import besides its own children and internal/{invariant,clock}. The
// most specific entry counts. A package that no entry covers fails.
var law = []struct {
	pkg string
	may []string
}{
	{"graph/rdf", nil},
	{"graph/rdf/patch", []string{"graph", "graph/rdf"}},
	{"graph/vfs", nil},
	{"graph", []string{"graph/rdf"}},
	{"graph/internal/...", []string{"graph", "graph/rdf", "graph/internal/..."}},
	{"graph/mem/...", []string{"graph", "graph/rdf", "graph/internal/..."}},
	{"graph/disk/...", []string{"graph", "graph/rdf", "graph/vfs", "graph/internal/...", "graph/disk/internal/..."}},
	{"graph/graphtest", []string{"graph", "graph/rdf"}},
	{"naming/...", []string{"naming/...", "graph/rdf", "graph/vfs"}},
	{"ontology/...", []string{"ontology/...", "naming", "graph/rdf"}},
	{"ingest", []string{"graph", "graph/rdf", "naming/...", "ontology/..."}},
	{"ingest/...", []string{"ingest", "graph", "graph/rdf", "naming/...", "ontology/...", "internal/netconf", "internal/snmp", "internal/socket"}},
	{"ingest/telemetry", []string{"ingest", "graph/rdf", "ontology/yang"}},
	{"ingest/udpnotif", []string{"ingest", "ingest/telemetry", "internal/socket"}},
	{"ingest/replay", []string{"internal/snmp", "ontology/mib"}},
	{"ingest/output", []string{"ingest", "graph/rdf", "naming"}},
	{"ingest/mdt", []string{"ingest", "ingest/telemetry", "ontology/yang", "internal/socket"}},
	{"ingest/netconf", []string{"ingest", "ingest/schemas", "ingest/telemetry", "graph/rdf", "naming/...", "ontology/...", "internal/netconf"}},
	{"ingest/restconf", []string{"ingest", "ingest/schemas", "naming/...", "ontology/...", "internal/tlspeer"}},
	{"ingest/gnmi", []string{"ingest", "ingest/schemas", "naming/...", "ontology/...", "internal/tlspeer"}},
	{"sparql/expr", []string{"graph/rdf"}},
	{"sparql/results", []string{"graph/rdf"}},
	{"sparql/syntax", []string{"graph/rdf"}},
	{"sparql/syntax/syntaxtest", []string{"graph/rdf", "internal/testenv"}},
	{"sparql/algebra", []string{"graph/rdf", "sparql/expr", "sparql/syntax"}},
	{"sparql/ref", []string{"graph", "graph/rdf", "graph/mem", "sparql/algebra", "sparql/expr", "sparql/results"}},
	{"sparql/plan", []string{"graph", "graph/rdf", "sparql/algebra", "sparql/expr", "sparql/syntax"}},
	{"sparql/exec/...", []string{"graph", "graph/rdf", "sparql/plan", "sparql/algebra", "sparql/expr", "sparql/results"}},
	{"sparql", []string{"graph", "graph/rdf", "sparql/algebra", "sparql/exec", "sparql/expr", "sparql/plan", "sparql/ref", "sparql/results", "sparql/syntax"}},
	{"sparql/protocol", []string{"sparql", "sparql/algebra", "sparql/plan", "sparql/results", "sparql/syntax", "graph", "graph/rdf"}},
	{"sparql/sparqltest", []string{"graph", "graph/rdf", "graph/mem", "sparql", "sparql/results", "sparql/algebra", "sparql/syntax", "sparql/ref", "internal/testenv"}},
	{"reasoning/...", []string{"reasoning/...", "sparql", "sparql/syntax", "sparql/algebra", "sparql/plan", "sparql/exec", "sparql/expr", "sparql/results", "graph", "graph/rdf", "naming/...", "ontology/..."}},
	{"web/...", []string{"web/...", "control", "control/intent", "sparql/...", "reasoning/...", "ingest", "graph", "graph/rdf", "graph/rdf/patch", "naming/...", "ontology/...", "internal/auth", "internal/config"}},
	{"control/...", []string{"control/...", "reasoning/...", "sparql", "sparql/syntax", "sparql/algebra", "sparql/results", "sparql/expr", "graph", "graph/rdf", "naming/...", "ontology/...", "ingest", "internal/netconf"}},
	{"fixtures", nil},
	{"cmd/...", []string{"..."}},
	{"internal/simulate/...", []string{"internal/simulate/..."}},
	{"internal/auth", []string{"internal/config"}},
	{"internal/config", nil},
	{"internal/tools/...", nil},
	{"internal/netconf", nil},
	{"internal/snmp", []string{"ontology/mib"}},
	{"internal/socket", nil},
	{"internal/testenv", nil},
	{"internal/tlspeer", nil},
	{"internal/arch", nil},
	{"internal/archive", []string{"graph/vfs"}},
	{"internal/invariant", nil},
	{"internal/clock", nil},
}

// always may be imported by any package.
var always = map[string]bool{"internal/invariant": true, "internal/clock": true}

type goPackage struct {
	ImportPath string
	Dir        string
	Doc        string
	GoFiles    []string
	Imports    []string
}

// TestImportLaw reads the imports of every package (go list) and holds them
// against the law of ARCHITECTURE.md. Test files are free.
func TestImportLaw(t *testing.T) {
	for _, p := range packages(t) {
		rel := relative(p.ImportPath)
		may, ok := allowed(rel)
		if !ok {
			t.Errorf("%s: no entry in the law of internal/arch: add one", rel)
			continue
		}
		for _, imp := range p.Imports {
			if !strings.HasPrefix(imp, "nettwin/") {
				continue
			}
			target := relative(imp)
			if always[target] || strings.HasPrefix(target, rel+"/internal") || matchesAny(target, may) {
				continue
			}
			t.Errorf("%s must not import %s", rel, target)
		}
	}
}

// TestPackageComments asks of every package that it says what it is.
func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s: no package comment", relative(p.ImportPath))
		}
	}
}

// TestTopLevel allows only the product packages of STYLE.md §1 at top level.
func TestTopLevel(t *testing.T) {
	known := map[string]bool{"graph": true, "ontology": true, "ingest": true, "naming": true, "reasoning": true,
		"sparql": true, "control": true, "web": true, "fixtures": true, "cmd": true, "internal": true}
	for _, p := range packages(t) {
		if top, _, _ := strings.Cut(relative(p.ImportPath), "/"); !known[top] {
			t.Errorf("package %s: no product package of that name belongs at top level", p.ImportPath)
		}
	}
}

// oidLiteral finds OIDs of three arcs or more below 1.3.6.1 or 1.0.8802 in
// code, written with dots or as a list.
var oidLiteral = regexp.MustCompile(`(\b1\.3\.6\.1(\.\d+)+|\b1\.0\.8802(\.\d+)*|\b1, ?3, ?6, ?1, ?\d)`)

// protocolOIDs are those that SNMP itself needs: sysUpTime, snmpTrapOID and
// the USM and framework counters in reports (RFC 3414 §5, RFC 3412 §5).
var protocolOIDs = regexp.MustCompile(`^1\.3\.6\.1\.(2\.1\.1\.3(\.0)?|6\.3\.1\.1\.4\.1(\.0)?|6\.3\.15\.1\.1(\.\d+)*|6\.3\.11\.2\.1(\.\d+)*)$`)

// TestMappingIsData greps product code for OIDs: mappings are files under
// ontology, so that adding one needs no Go (DESIGN.md §4). The simulator is a
// device and not part of the twin.
func TestMappingIsData(t *testing.T) {
	root := testenv.ProjectRoot()
	for _, p := range packages(t) {
		if strings.HasPrefix(relative(p.ImportPath), "internal/simulate") {
			continue
		}
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			for _, lit := range stringAndListLiterals(t, path) {
				for _, oid := range oidLiteral.FindAllString(lit, -1) {
					if !protocolOIDs.MatchString(oid) {
						rel, _ := filepath.Rel(root, path)
						t.Errorf("%s names OID %s: mappings belong in files under ontology", rel, oid)
					}
				}
			}
		}
	}
}

// modelPath finds a name below the vocabularies of YANG modules, MIBs and IPFIX
// in code, and names of modules.
var modelPath = regexp.MustCompile(`nettwin/(?:yang|mib|ipfix)/[A-Za-z0-9]|\b(?:ietf|iana|ieee802|openconfig|frr|junos|nokia|Cisco-IOS)-[A-Za-z][A-Za-z0-9-]*`)

// protocolModules are those that NETCONF, RESTCONF and YANG themselves are
// written in: capabilities, monitoring (RFC 6022), with-defaults (RFC 6243),
// notifications (RFC 5277, RFC 6470), subscriptions and what they push (RFC 8639,
// RFC 8641, RFC 8072), yang-data (RFC 8040), structures (RFC 8791) and the library
// of modules (RFC 8525).
var protocolModules = regexp.MustCompile(`^ietf-(?:netconf|restconf|restconf-monitoring|notification|yang-structure-ext|netconf-monitoring|netconf-with-defaults|netconf-notifications|subscribed-notifications|yang-push|yang-patch|yp-notification|yang-library|yang-metadata|yang-types|datastores|origin)$`)

// TestModelsAreData greps product code for names of YANG modules and of what is
// in them, in MIBs and in IPFIX: all are mapped from schemas and tables
// (DESIGN.md §4). The simulator is a device and not part of the twin; code that
// a generator made for tests is below an internal/oracle.
func TestModelsAreData(t *testing.T) {
	root := testenv.ProjectRoot()
	for _, p := range packages(t) {
		rel := relative(p.ImportPath)
		if strings.HasPrefix(rel, "internal/simulate") || strings.Contains(rel, "internal/oracle") {
			continue
		}
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			for i, line := range stringAndListLiterals(t, path) {
				for _, word := range modelPath.FindAllString(line, -1) {
					if !protocolModules.MatchString(word) {
						file, _ := filepath.Rel(root, path)
						t.Errorf("%s:%d names %s: mappings belong in files under ontology", file, i+1, word)
					}
				}
			}
		}
	}
}

// dataPath finds a path of YANG data or schema: a module and two nodes at least.
var dataPath = regexp.MustCompile(`^/?[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+:[a-z][A-Za-z0-9-]*(?:=[^/]*)?/[a-z][A-Za-z0-9-]*`)

// camel finds names that no English word is spelt like.
var camel = regexp.MustCompile(`^[a-z]+[A-Z0-9][A-Za-z0-9]*$`)

// protocolNames are what protocols need: the generic traps and the sender of a
// trap that was passed on (RFC 3584 §3.1), and abstract data types (RFC 6313).
var protocolNames = map[string]bool{"coldStart": true, "snmpTrapAddress": true, "basicList": true, "subTemplateList": true, "subTemplateMultiList": true}

// TestNamesAreData holds every text in product code against the names that the
// tables under ontology/map have: of information elements of IPFIX, and of
// objects of MIBs; and looks for paths of YANG. None may stand in Go but in the
// simulator, which is a device, and in tools that make the tables.
func TestNamesAreData(t *testing.T) {
	root := testenv.ProjectRoot()
	names := tableNames(t, filepath.Join(root, "ontology", "map"))
	for name := range protocolNames {
		delete(names, name)
	}
	// What the twin calls a thing is its own word, whoever else has it.
	vocabulary, err := os.ReadFile(filepath.Join(root, "ontology", "twin.ttl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^twin:(\w+)`).FindAllStringSubmatch(string(vocabulary), -1) {
		delete(names, m[1])
	}
	if names["octetDeltaCount"] == "" || names["ifHCInOctets"] == "" {
		t.Fatalf("%d names, without the best known", len(names))
	}
	for _, p := range packages(t) {
		rel := relative(p.ImportPath)
		if strings.HasPrefix(rel, "internal/simulate") || strings.HasPrefix(rel, "internal/tools") || strings.Contains(rel, "internal/oracle") {
			continue
		}
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				last := text[strings.LastIndexAny(text, "/#:")+1:]
				if table := names[last]; table != "" {
					t.Errorf("%s names %s of %s: mappings belong in files under ontology", set.Position(lit.Pos()), last, table)
				}
				if dataPath.MatchString(text) && !strings.ContainsAny(text, " %<") {
					t.Errorf("%s names the YANG path %s: mappings belong in files under ontology", set.Position(lit.Pos()), text)
				}
				return true
			})
		}
	}
}

// tableNames returns the names of elements and objects, with the file that has
// them.
func tableNames(t *testing.T, dir string) map[string]string {
	t.Helper()
	names := map[string]string{}
	for pattern, column := range map[string]int{"ipfix*.tsv": 2, "mib/*.tsv": 1} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s in %s: %v", pattern, dir, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				cells := strings.Split(strings.TrimSpace(line), "\t")
				if strings.HasPrefix(line, "#") || len(cells) <= column || !camel.MatchString(cells[column]) {
					continue
				}
				names[cells[column]] = filepath.Base(file)
			}
		}
	}
	return names
}

// stringAndListLiterals returns the source of a file without its comments.
func stringAndListLiterals(t *testing.T, path string) []string {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	blank := bytes.Clone(src)
	for _, group := range file.Comments {
		for i := int(group.Pos()) - 1; i < int(group.End())-1 && i < len(blank); i++ {
			if blank[i] != '\n' {
				blank[i] = ' '
			}
		}
	}
	return strings.Split(string(blank), "\n")
}

func allowed(rel string) ([]string, bool) {
	best, found := []string(nil), -1
	for _, entry := range law {
		if rel == entry.pkg {
			return entry.may, true
		}
		if matches(rel, entry.pkg) && len(entry.pkg) > found {
			best, found = entry.may, len(entry.pkg)
		}
	}
	return best, found >= 0
}

func matchesAny(pkg string, patterns []string) bool {
	for _, pattern := range patterns {
		if matches(pkg, pattern) {
			return true
		}
	}
	return false
}

func matches(pkg, pattern string) bool {
	tree, isTree := strings.CutSuffix(pattern, "...")
	if !isTree {
		return pkg == pattern
	}
	return strings.HasPrefix(pkg+"/", tree)
}

func relative(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, "nettwin"), "/")
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,GoFiles,Imports", "./...")
	cmd.Dir = testenv.ProjectRoot()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var list []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
