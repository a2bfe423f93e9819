package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nettwin/internal/config"
	"nettwin/internal/testenv"
)

// readmeLimit is what the README promises of its queries.
const readmeLimit = time.Second

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testenv.ProjectRoot(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sparqlBlock is a question in bold, its query and the output shown below it.
var sparqlBlock = regexp.MustCompile("(?ms)^\\*\\*([^*\n]+)\\*\\*[^\n]*\n\n```sparql\n(.*?)^```\n```\n(.*?)^```")

// TestReadmeQueries asks the demo each query of the README as it stands there,
// first over HTTP: it must answer, with at least one row, within a second.
// Then as the README says, by "nettwin query": the output must be the one that
// is shown. Only ends of support may come that were too far away when the
// README was written.
func TestReadmeQueries(t *testing.T) {
	text := readme(t)
	blocks := sparqlBlock.FindAllStringSubmatch(text, -1)
	if all := strings.Count(text, "```sparql\n"); len(blocks) < 5 || all != len(blocks) {
		t.Errorf("the README has %d queries, %d of them with question and output, it promises five", all, len(blocks))
	}
	d := shared.get(t)
	for _, block := range blocks {
		title, query, output := block[1], block[2], block[3]
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
		got := nettwin(t, "", "query", "--url", d.url, query)
		if got.code != 0 || !sameOutput(got.stdout, output) {
			t.Errorf("%s: code %d, it prints\n%s%s\nthe README shows\n%s", title, got.code, got.stdout, got.stderr, output)
		}
	}
}

// sameOutput compares tables; more rows are right only if they tell of ends of
// support.
func sameOutput(got, want string) bool {
	if got == want {
		return true
	}
	rows := func(s string) []string {
		return regexp.MustCompile(`(?m)^([^─\d].*|\d+[^\d ].*)$`).FindAllString(s, -1)
	}
	more := minus(rows(got), rows(want))
	for _, line := range more {
		if !strings.Contains(line, "): end of support ") {
			return false
		}
	}
	return len(more) > 0 && len(minus(rows(want), rows(got))) == 0
}

// TestReadmeConfiguration reads the configuration that the README shows.
func TestReadmeConfiguration(t *testing.T) {
	_, rest, found := strings.Cut(readme(t), "```yaml\n")
	text, _, _ := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the README shows no configuration")
	}
	cfg, err := config.Load(write(t, t.TempDir(), "nettwin.yaml", text))
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Devices) == 0 || cfg.Devices[0].Collect.SNMP == 0 || cfg.Credentials[cfg.Devices[0].Credential].SNMP.User == "" {
		t.Errorf("it configures no device to collect from: %+v", cfg.Devices)
	}
}
