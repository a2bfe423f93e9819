package protocol

import (
	"os/exec"
	"strings"
	"testing"

	"nettwin/internal/testenv"
)

// TestPythonClients asks by the clients that notebooks use, as Debian packages
// them: SPARQLWrapper, rdflib's SPARQLUpdateStore and pandas. What they print
// is compared with what the data says.
func TestPythonClients(t *testing.T) {
	for _, c := range []struct {
		script, module string
		want           []string
	}{
		{"wrapper.py", "SPARQLWrapper", []string{
			`json [('http://x/a', '1', 'integer'), ('http://x/b', '2.50', 'decimal')]`,
			`posted 2`,
			"xml [('une ligne\\net üne', ''), ('eins', 'de')]",
			`csv b'o\r\neins\r\n"une ligne\net \xc3\xbcne"\r\n'`,
			`tsv b'?o\n1\n2.50\n'`,
			`ask True`, `turtle True`, `rdfxml 2`, `describe 5`, `refused True`,
		}},
		{"store.py", "rdflib", []string{
			`len 3`, `values [1, 2]`,
			`label rdflib.term.Literal('drei\n"Zeilen"', lang='de')`,
			`has True False`, `bound ['http://x/b']`, `left 2`, `after [7]`, `fetched 2 True`,
		}},
		{"frame.py", "pandas", []string{
			`['s', 'n', 'half', 'name'] 1000 int64 float64`,
			`499500 249.75 a "name", 1`,
		}},
	} {
		t.Run(c.module, func(t *testing.T) {
			python := testenv.Python(t, c.module)
			e := newEndpoint(t, Options{})
			cmd := exec.Command(python, "testdata/clients/"+c.script, e.url)
			cmd.Env = append(cmd.Environ(), "PYTHONWARNINGS=ignore", "PYTHONIOENCODING=utf-8")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got := strings.Split(strings.TrimSpace(string(out)), "\n")
			for i, want := range c.want {
				if i >= len(got) || got[i] != want {
					t.Fatalf("line %d is not %s:\n%s", i+1, want, out)
				}
			}
		})
	}
}
