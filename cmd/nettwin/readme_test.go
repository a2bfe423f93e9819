package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nettwin/internal/testenv"
)

// readmeLimit is what the README promises of its queries.
const readmeLimit = time.Second

var sparqlBlock = regexp.MustCompile("(?ms)^```sparql\n(.*?)^```")

// TestReadmeQueries asks the demo each query of the README as it stands there:
// it must answer, with at least one row, within a second.
func TestReadmeQueries(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testenv.ProjectRoot(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := sparqlBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 5 {
		t.Errorf("the README has %d queries, it promises five", len(blocks))
	}
	d := shared.get(t)
	for _, block := range blocks {
		query := block[1]
		title := strings.TrimLeft(strings.SplitN(query, "\n", 2)[0], "# ")
		started := time.Now()
		rows, err := askSPARQL(d.url, query)
		took := time.Since(started)
		switch {
		case err != nil:
			t.Errorf("%s: %v\n%s", title, err, query)
		case len(rows) == 0:
			t.Errorf("%s: no rows\n%s", title, query)
		case took > readmeLimit:
			t.Errorf("%s: took %v, more than %v", title, took, readmeLimit)
		}
		t.Logf("%s: %d rows in %v", title, len(rows), took.Round(100*time.Microsecond))
	}
}
