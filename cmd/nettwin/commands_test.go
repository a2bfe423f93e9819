package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// result is what a command did.
type result struct {
	code           int
	stdout, stderr string
}

// nettwin runs a command in this process.
func nettwin(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// step is a command with what must come of it. In all texts $DIR is the
// session's folder and $URL the server.
type step struct {
	args   []string
	stdin  string
	code   int
	stdout string   // the whole output; "" is not looked at
	says   []string // each in stdout
	tells  []string // each in stderr; a step without them must leave stderr empty
}

// session runs steps one after the other.
type session struct {
	t       *testing.T
	replace *strings.Replacer
}

func newSession(t *testing.T, dir, url string) session {
	t.Helper()
	return session{t, strings.NewReplacer("$DIR", dir, "$URL", url)}
}

func (s session) run(steps []step) {
	s.t.Helper()
	for _, one := range steps {
		s.step(one)
	}
}

func (s session) step(one step) {
	s.t.Helper()
	args := make([]string, len(one.args))
	for i, arg := range one.args {
		args[i] = s.replace.Replace(arg)
	}
	got := nettwin(s.t, one.stdin, args...)
	what := "nettwin " + strings.Join(args, " ")
	if got.code != one.code {
		s.t.Errorf("%s: exit code %d, want %d; stderr: %s", what, got.code, one.code, got.stderr)
	}
	if want := s.replace.Replace(one.stdout); want != "" && got.stdout != want {
		s.t.Errorf("%s: it prints\n%s\nwant\n%s", what, got.stdout, want)
	}
	for _, text := range one.says {
		if !strings.Contains(got.stdout, s.replace.Replace(text)) {
			s.t.Errorf("%s: it prints\n%s\nwithout %q", what, got.stdout, text)
		}
	}
	for _, text := range one.tells {
		if !strings.Contains(got.stderr, s.replace.Replace(text)) {
			s.t.Errorf("%s: it tells\n%s\nwithout %q", what, got.stderr, text)
		}
	}
	if len(one.tells) == 0 && got.stderr != "" {
		s.t.Errorf("%s: it tells unasked: %s", what, got.stderr)
	}
}

// write puts a file into a folder and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const routerTurtle = `@prefix ex: <http://example.org/> .
ex:r1 ex:name "r1" ; ex:ports 4 .
`

// brokenTurtle is broken at line 3, column 15, after a good statement.
const brokenTurtle = `@prefix ex: <http://example.org/> .
ex:r2 ex:name "r2" .
ex:r3 ex:name .
`

const routerNQuads = `<http://example.org/r1> <http://example.org/name> "r1" .
<http://example.org/r1> <http://example.org/ports> "4"^^<http://www.w3.org/2001/XMLSchema#integer> .
`

// unknownName is the CID of bytes that nobody stored.
const unknownName = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"

// TestCommandsOnData runs commands as a newcomer does on a data directory,
// good and bad ones: outputs, messages and exit codes.
func TestCommandsOnData(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "r1.ttl", routerTurtle)
	write(t, dir, "broken.ttl", brokenTurtle)
	write(t, dir, "ask.rq", "ASK { ?s ?p 4 }")
	newSession(t, dir, "").run([]step{
		{args: []string{"version"}, says: []string{"nettwin "}},
		{args: []string{"--help"}, says: []string{"Usage: nettwin", "serve", "demo", "load", "export", "query", "update", "collect", "simulate", "names"}},
		{args: []string{"query", "--help"}, says: []string{"--data", "--url", "--format"}},
		{args: nil, says: []string{"Usage: nettwin", "demo"}},
		{args: []string{"--json"}, code: exitUsage, tells: []string{`expected one of "serve", "demo"`, `nettwin --help`}},
		{args: []string{"frobnicate"}, code: exitUsage, tells: []string{"unexpected argument frobnicate"}},
		{args: []string{"query", "--frobnicate"}, code: exitUsage, tells: []string{"unknown flag --frobnicate"}},

		{args: []string{"query", "ASK {}"}, code: exitUsage, tells: []string{"say where: --data DIR or --url URL"}},
		{args: []string{"query", "--data", "$DIR/no", "--url", "http://127.0.0.1:1/", "ASK {}"}, code: exitUsage, tells: []string{"--data and --url exclude each other"}},
		{args: []string{"query", "--data", "$DIR/no", "ASK {}"}, code: exitNotFound, tells: []string{"no store in $DIR/no", "nettwin load"}},
		{args: []string{"export", "--data", "$DIR/no"}, code: exitNotFound, tells: []string{"no store in $DIR/no"}},

		{args: []string{"load", "--data", "$DIR/d", "$DIR/r1.ttl"}, stdout: "2 quads read from 1 files: 2 added, 0 deleted; newest commit 1\n"},
		{args: []string{"load", "--data", "$DIR/d", "$DIR/r1.ttl"}, says: []string{"2 quads read from 1 files: 0 added, 0 deleted"}},
		{args: []string{"load", "--data", "$DIR/d", "--format", "turtle", "-"}, stdin: routerTurtle, says: []string{"0 added"}},
		{args: []string{"load", "--data", "$DIR/d", "$DIR/broken.ttl"}, code: exitFailed, tells: []string{"$DIR/broken.ttl", "3:15", "expected object", "nothing was stored"}},
		{args: []string{"load", "--data", "$DIR/d", "$DIR/none.ttl"}, code: exitFailed, tells: []string{"$DIR/none.ttl", "no such file", "nothing was stored"}},
		{args: []string{"load", "--data", "$DIR/d", "$DIR/ask.rq"}, code: exitUsage, tells: []string{"--format turtle, trig, ntriples or nquads"}},
		{args: []string{"load", "--data", "$DIR/d", "--base", "https://other.example/", "$DIR/r1.ttl"}, code: exitFailed,
			tells: []string{"http://localhost:7878/", "https://other.example/", "--base"}},
		{args: []string{"export", "--data", "$DIR/d"}, stdout: routerNQuads},
		{args: []string{"export", "--data", "$DIR/d", "--default", "--format", "ntriples"}, stdout: routerNQuads},
		{args: []string{"export", "--data", "$DIR/d", "--graph", "http://example.org/none"}, code: exitNotFound, tells: []string{"no graph <http://example.org/none>"}},
		{args: []string{"export", "--data", "$DIR/d", "--format", "docx"}, code: exitUsage, tells: []string{"turtle, trig, ntriples or nquads"}},

		{args: []string{"query", "--data", "$DIR/d", "SELECT ?p ?o { ?s ?p ?o } ORDER BY ?p"}, says: []string{"http://example.org/name   r1", "http://example.org/ports  4", "2 rows"}},
		{args: []string{"query", "--data", "$DIR/d", "--format", "csv", "SELECT ?o { ?s ?p ?o } ORDER BY ?p"}, stdout: "o\r\nr1\r\n4\r\n"},
		{args: []string{"--json", "query", "--data", "$DIR/d", "--file", "$DIR/ask.rq"}, stdout: "{\"head\":{},\"boolean\":true}\n"},
		{args: []string{"query", "--data", "$DIR/d", "CONSTRUCT WHERE { ?s <http://example.org/ports> ?o }"}, stdout: "<http://example.org/r1> <http://example.org/ports> 4 .\n"},
		{args: []string{"query", "--data", "$DIR/d", "SELECT * { ?s ?p }"}, code: exitFailed, tells: []string{"1:18", "expected an object", `found "}"`}},
		{args: []string{"query", "--data", "$DIR/d", "--format", "turtle", "SELECT * { ?s ?p ?o }"}, code: exitUsage, tells: []string{"json xml csv tsv"}},
		{args: []string{"query", "--data", "$DIR/d"}, code: exitUsage, tells: []string{"give a query as an argument or by --file"}},
		{args: []string{"query", "--data", "$DIR/d", "--as-of", "yesterday", "ASK {}"}, code: exitUsage, tells: []string{"yesterday", "dateTime"}},

		{args: []string{"update", "--data", "$DIR/d", "INSERT DATA { <http://example.org/r1> <http://example.org/ports> 5 }"}, stdout: "1 added, 0 deleted; newest commit 2\n"},
		{args: []string{"update", "--data", "$DIR/d", "INSERT DATA { <http://example.org/r1> <http://example.org/ports> }"}, code: exitFailed, tells: []string{"1:66", "expected an object"}},
		{args: []string{"query", "--data", "$DIR/d", "--as-of", "1", "ASK { ?s ?p 5 }"}, stdout: "false\n"},
		{args: []string{"query", "--data", "$DIR/d", "ASK { ?s ?p 5 }"}, stdout: "true\n"},
		{args: []string{"load", "--data", "$DIR/d", "--replace", "$DIR/r1.ttl"}, says: []string{"0 added, 1 deleted"}},
		{args: []string{"load", "--data", "$DIR/new", "--base", "https://noc.example/", "$DIR/r1.ttl"}, says: []string{"2 added"}},
		{args: []string{"load", "--data", "$DIR/bad", "--base", "noc", "$DIR/r1.ttl"}, code: exitFailed, tells: []string{`"noc"`}},

		{args: []string{"names", "get", "--data", "$DIR/d", "Qm"}, code: exitUsage, tells: []string{"not a name"}},
		{args: []string{"names", "get", "--data", "$DIR/d", unknownName}, code: exitNotFound, tells: []string{"no items in $DIR/d"}},
		{args: []string{"names", "verify", "--data", "$DIR/d", "--all"}, code: exitNotFound, tells: []string{"no items in $DIR/d"}},
		{args: []string{"names", "verify", "--data", "$DIR/d"}, code: exitUsage, tells: []string{"give either --all or names"}},
		{args: []string{"simulate", "snmp", "$DIR/none.snmprec"}, code: exitFailed, tells: []string{"none.snmprec", "no such file"}},
		{args: []string{"simulate"}, code: exitUsage, tells: []string{`expected one of "snmp", "ctl"`}},
	})
}

// TestCommandsOnURL runs the same kinds of commands against a server.
func TestCommandsOnURL(t *testing.T) {
	dir := t.TempDir()
	d, _ := ownServer(t, "serve", filepath.Join(dir, "served"), "--base", "https://noc.example/")
	write(t, dir, "r1.ttl", routerTurtle)
	write(t, dir, "r1.nq", routerNQuads)
	write(t, dir, "broken.ttl", brokenTurtle)
	s := newSession(t, dir, d.url)
	s.run([]step{
		{args: []string{"load", "--url", "$URL", "--graph", "http://example.org/g", "$DIR/r1.ttl"}, says: []string{"2 quads read from 1 files: 2 added, 0 deleted; newest commit "}},
		{args: []string{"load", "--url", "$URL", "$DIR/r1.nq"}, says: []string{"2 quads read from 1 files"}},
		{args: []string{"load", "--url", "$URL", "--graph", "http://example.org/g", "$DIR/broken.ttl"}, code: exitFailed,
			tells: []string{"$DIR/broken.ttl", "400 Bad Request", "3:15", "expected object"}},
		{args: []string{"export", "--url", "$URL", "--graph", "http://example.org/g", "--format", "ntriples"}, stdout: routerNQuads},
		{args: []string{"export", "--url", "$URL", "--default", "--format", "ntriples"}, stdout: routerNQuads},
		{args: []string{"export", "--url", "$URL", "--graph", "http://example.org/none"}, code: exitNotFound, tells: []string{"no graph <http://example.org/none>"}},
		{args: []string{"query", "--url", "$URL", "SELECT ?o { ?s <http://example.org/ports> ?o }"}, says: []string{"4", "1 row"}},
		{args: []string{"query", "--url", "$URL", "--format", "tsv", "SELECT ?o { ?s <http://example.org/ports> ?o }"}, stdout: "?o\n4\n"},
		{args: []string{"query", "--url", "$URL", "ASK { ?s ?p 4 }"}, stdout: "true\n"},
		{args: []string{"query", "--url", "$URL", "SELECT * { ?s ?p }"}, code: exitFailed, tells: []string{"1:18", "expected an object"}},
		{args: []string{"update", "--url", "$URL", "INSERT DATA { <http://example.org/r1> <http://example.org/ports> 5 }"}, says: []string{"done; newest commit "}},
		{args: []string{"query", "--url", "$URL", "ASK { ?s ?p 5 }"}, stdout: "true\n"},
		{args: []string{"update", "--url", "$URL", "INSERT DATA { <http://example.org/r1> }"}, code: exitFailed, tells: []string{"400 Bad Request", "1:39"}},
		{args: []string{"names", "get", "--url", "$URL", unknownName}, code: exitNotFound, tells: []string{"404 Not Found", "no such item"}},
		{args: []string{"query", "--url", "http://127.0.0.1:1/", "ASK {}"}, code: exitFailed, tells: []string{"http://127.0.0.1:1/", "is nettwin running there?"}},
		{args: []string{"query", "--data", "$DIR/served", "ASK {}"}, code: exitFailed, tells: []string{"in use", "stop the other process"}},
	})
}

// TestMalformedQueryOverHTTP: the endpoint tells line, column and what it
// expected.
func TestMalformedQueryOverHTTP(t *testing.T) {
	_, err := askSPARQL(shared.get(t).url, "SELECT *\nWHERE { ?s ?p }")
	if err == nil || !strings.Contains(err.Error(), "status 400") || !strings.Contains(err.Error(), "2:15") || !strings.Contains(err.Error(), "expected an object") {
		t.Errorf("got %v", err)
	}
}

// TestForeignOrigin sends an update as a page of another site would: it is
// refused, on loopback too, even with the operator's token, and nothing is
// stored. The same update without an origin passes.
func TestForeignOrigin(t *testing.T) {
	d := shared.get(t)
	token := d.operatorToken(t)
	const insert = `INSERT DATA { GRAPH <http://example.org/origin> { <http://example.org/s> <http://example.org/p> 1 } }`
	for _, c := range []struct {
		name    string
		headers map[string]string
		path    string
		status  int
	}{
		{"foreign origin", map[string]string{"Origin": "https://evil.example"}, "update", http.StatusForbidden},
		{"foreign origin with a token", map[string]string{"Origin": "https://evil.example", "Authorization": "Bearer " + token}, "update", http.StatusForbidden},
		{"opaque origin", map[string]string{"Origin": "null"}, "update", http.StatusForbidden},
		{"cross-site without origin", map[string]string{"Sec-Fetch-Site": "cross-site"}, "update", http.StatusForbidden},
		{"foreign host", map[string]string{"Host": "evil.example"}, "update", http.StatusMisdirectedRequest},
		{"a wrong token", map[string]string{"Authorization": "Bearer ntw_wrong"}, "update", http.StatusUnauthorized},
		{"no origin", nil, "update", http.StatusNoContent},
	} {
		ask := func() (int, []byte) {
			req, err := http.NewRequest(http.MethodPost, d.url+c.path, strings.NewReader(insert))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/sparql-update")
			for name, text := range c.headers {
				req.Header.Set(name, text)
			}
			req.Host = c.headers["Host"]
			status, body, err := send(req)
			if err != nil {
				t.Fatal(err)
			}
			return status, body
		}
		status, body := ask()
		for tries := 0; status == http.StatusConflict && tries < 20; tries++ { // collectors came first; it may be repeated
			status, body = ask()
		}
		if status != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.name, status, c.status, body)
		}
		stored := len(d.ask(t, `SELECT * { GRAPH <http://example.org/origin> { ?s ?p ?o } }`))
		if refused := c.status != http.StatusNoContent; refused && stored > 0 || !refused && stored != 1 {
			t.Fatalf("%s: %d quads are stored", c.name, stored)
		}
		if c.status == http.StatusForbidden && !strings.Contains(string(body), "only the server's own page and tools") {
			t.Errorf("%s: the answer does not speak of the origin: %s", c.name, body)
		}
	}
	if got := nettwin(t, "", "update", "--url", d.url, "DROP GRAPH <http://example.org/origin>"); got.code != 0 {
		t.Errorf("drop: %s", got.stderr)
	}
}

// operatorToken is the token that the demo prints.
func (d *demo) operatorToken(t *testing.T) string {
	t.Helper()
	_, rest, ok := strings.Cut(d.stdout.String(), "Operator token, new at every start: ")
	token, _, _ := strings.Cut(rest, "\n")
	if !ok || len(token) < 20 {
		t.Fatalf("the demo prints no operator token:\n%s", d.stdout)
	}
	return token
}
