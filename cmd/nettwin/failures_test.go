package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nettwin/fixtures"
)

// The tests of this file give the command what goes wrong in real life and
// demand a message that says what, where and what to do, and that the stored
// data are as before.

// export is all that a data directory holds.
func export(t *testing.T, dir string) string {
	t.Helper()
	got := nettwin(t, "", "export", "--data", dir)
	if got.code != 0 {
		t.Fatalf("export: code %d: %s", got.code, got.stderr)
	}
	return got.stdout
}

// TestTakenPort starts servers on the address of a running one.
func TestTakenPort(t *testing.T) {
	taken := strings.TrimSuffix(strings.TrimPrefix(shared.get(t).url, "http://"), "/")
	newSession(t, t.TempDir(), taken).run([]step{
		{args: []string{"serve", "--data", "$DIR/s", "--listen", "$URL"}, code: exitFailed, tells: []string{"$URL is taken", "--listen"}},
		{args: []string{"demo", "--data", "$DIR/d", "--listen", "$URL"}, code: exitFailed, tells: []string{"$URL is taken", "--listen"}},
	})
}

// TestBadConfiguration gives serve configurations that it must refuse, with
// file, line, column and key, before it makes a store.
func TestBadConfiguration(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "key.yaml", "listen: 127.0.0.1:0\ndevises: []\n")
	write(t, dir, "nested.yaml", "devices:\n  - {name: r1, adress: 192.0.2.1}\n")
	write(t, dir, "secret.yaml", "credentials:\n  lab: {snmp: {version: 2c, community: hunter2}}\n")
	write(t, dir, "broken.yaml", "devices: [\n")
	newSession(t, dir, "").run([]step{
		{args: []string{"serve", "--data", "$DIR/d", "--config", "$DIR/key.yaml"}, code: exitFailed,
			tells: []string{"$DIR/key.yaml:2:1", `unknown key "devises"`, `did you mean "devices"?`}},
		{args: []string{"serve", "--data", "$DIR/d", "--config", "$DIR/nested.yaml"}, code: exitFailed,
			tells: []string{"$DIR/nested.yaml:2:", `"adress"`, `did you mean "address"?`}},
		{args: []string{"serve", "--data", "$DIR/d", "--config", "$DIR/secret.yaml"}, code: exitFailed, tells: []string{"$DIR/secret.yaml:2:", "community", "env:"}},
		{args: []string{"serve", "--data", "$DIR/d", "--config", "$DIR/broken.yaml"}, code: exitFailed, tells: []string{"$DIR/broken.yaml:", "YAML"}},
		{args: []string{"serve", "--data", "$DIR/d", "--config", "$DIR/none.yaml"}, code: exitFailed, tells: []string{"$DIR/none.yaml", "no such file"}},
		{args: []string{"serve", "--data", "$DIR/d", "--listen", "0.0.0.0:0"}, code: exitFailed, tells: []string{"without authentication", "tokens"}},
	})
	if _, err := os.Stat(filepath.Join(dir, "d")); err == nil {
		t.Error("a refused configuration made a data directory")
	}
	if got := nettwin(t, "", "serve", "--data", dir+"/d", "--config", dir+"/secret.yaml"); strings.Contains(got.stderr, "hunter2") {
		t.Errorf("the message repeats the secret: %s", got.stderr)
	}
}

var agentLine = regexp.MustCompile(`agent at (\S+) serves`)

// simulateRouter runs "nettwin simulate snmp" on the recording of a router and
// returns its address.
func simulateRouter(t *testing.T, dir, device string, more ...string) string {
	t.Helper()
	recording, err := fixtures.Recording(device)
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, dir, device+".snmprec", string(recording))
	ctx, cancel := context.WithCancel(context.Background())
	stdout, stderr, code := newOutput(), newOutput(), make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"simulate", "snmp", file}, more...), strings.NewReader(""), stdout, stderr)
	}()
	t.Cleanup(func() {
		cancel()
		if c := <-code; c != 0 {
			t.Errorf("simulate ended with code %d: %s", c, stderr)
		}
	})
	address, err := stdout.wait(agentLine, code, readyWait)
	if err != nil {
		t.Fatalf("simulate: %v: %s", err, stderr)
	}
	return address
}

// silentAgent is a UDP socket that never answers.
func silentAgent(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}

// TestCollectFailures collects from devices that do not answer or refuse: the
// message names the device and what to check and holds no password, and what
// an earlier collection stored is as it was.
func TestCollectFailures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	agent := simulateRouter(t, dir, "r4", "--user", "twin:sha256:auth-secret:aes:priv-secret")
	good := filepath.Join(dir, "good")
	v3 := func(user, auth, priv string) string {
		return "snmp://" + user + ":" + auth + "@" + agent + "?auth=sha256&priv=aes&privpass=" + priv
	}
	got := nettwin(t, "", "collect", "--once", "--data", good, v3("twin", "auth-secret", "priv-secret"))
	if got.code != 0 || !strings.Contains(got.stdout, "facts") {
		t.Fatalf("the right password: code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	before := export(t, good)
	if !strings.Contains(before, `<https://w3id.org/nettwin/ns#name> "r4" .`) {
		t.Fatal("the collection did not bring r4 into the twin")
	}
	silent, nobody := silentAgent(t), "127.0.0.1:1"
	for _, c := range []struct {
		name, url string
		tells     []string
	}{
		{"no agent", "snmp://public@" + nobody, []string{nobody, "check that the agent runs and its port"}},
		{"timeout", "snmp://public@" + silent, []string{silent, "no answer", "check that the address is right", "community"}},
		{"wrong authentication password", v3("twin", "wrong-secret", "priv-secret"), []string{agent, "authentication failed", "check the authentication password", `"twin"`}},
		{"wrong privacy password", v3("twin", "auth-secret", "wrong-secret"), []string{agent, "authentication failed", "check the privacy password", `"twin"`}},
		{"unknown user", v3("nobody", "auth-secret", "priv-secret"), []string{agent, "authentication failed", `does not know the user "nobody"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(data, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			got := nettwin(t, "", "collect", "--once", "--data", data, c.url)
			if got.code != exitFailed {
				t.Errorf("exit code %d, want %d", got.code, exitFailed)
			}
			for _, text := range c.tells {
				if !strings.Contains(got.stderr, text) {
					t.Errorf("it tells %q without %q", got.stderr, text)
				}
			}
			if strings.Contains(got.stdout+got.stderr, "-secret") {
				t.Errorf("a password is told: %s%s", got.stdout, got.stderr)
			}
			if after := export(t, data); after != before {
				t.Errorf("the failed collection changed the data: %q added, %q gone",
					minus(strings.Split(after, "\n"), strings.Split(before, "\n")), minus(strings.Split(before, "\n"), strings.Split(after, "\n")))
			}
		})
	}
}

// TestCollectUsage gives addresses that are none; they hold secrets and are
// not repeated.
func TestCollectUsage(t *testing.T) {
	newSession(t, t.TempDir(), "").run([]step{
		{args: []string{"collect", "--once", "--data", "$DIR/d", "http://hunter2@192.0.2.1"}, code: exitUsage, tells: []string{`the scheme is "http", expected snmp`}},
		{args: []string{"collect", "--once", "--data", "$DIR/d", "snmp://hunter2@"}, code: exitUsage, tells: []string{"host is missing"}},
		{args: []string{"collect", "--data", "$DIR/d", "snmp://public@192.0.2.1"}, code: exitUsage, tells: []string{"--once"}},
		{args: []string{"collect", "--once", "snmp://public@192.0.2.1"}, code: exitUsage, tells: []string{"--data"}},
	})
}

// TestOtherBase opens stores with another base than they were made with.
func TestOtherBase(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "r1.ttl", routerTurtle)
	newSession(t, dir, "").run([]step{
		{args: []string{"load", "--data", "$DIR/d", "--base", "https://noc.example/", "$DIR/r1.ttl"}, says: []string{"2 added"}},
		{args: []string{"serve", "--data", "$DIR/d", "--base", "https://other.example/"}, code: exitFailed, tells: []string{"https://noc.example/", "https://other.example/", "--base"}},
		{args: []string{"demo", "--data", "$DIR/d", "--listen", "127.0.0.1:0"}, code: exitFailed, tells: []string{"https://noc.example/", "https://demo.example/"}},
		{args: []string{"update", "--data", "$DIR/d", "--base", "https://noc.example/", "DELETE WHERE { ?s ?p 4 }"}, says: []string{"1 deleted"}},
	})
}

// twoCommits makes a store of two loads and returns its one log file.
func twoCommits(t *testing.T, dir string) (data, log string) {
	t.Helper()
	data = filepath.Join(dir, "data")
	for _, name := range []string{"r1", "r2"} {
		file := write(t, dir, name+".nq", `<http://example.org/`+name+`> <http://example.org/name> "`+name+"\" .\n")
		if got := nettwin(t, "", "load", "--data", data, file); got.code != 0 {
			t.Fatal(got.stderr)
		}
	}
	logs, err := filepath.Glob(filepath.Join(data, "graph", "wal-*"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("logs %q, %v", logs, err)
	}
	return data, logs[0]
}

// TestTruncatedLog cuts the end of the log off, as a full disk or a crash
// would: the next command tells what was cut, where, and has what came before.
func TestTruncatedLog(t *testing.T) {
	data, log := twoCommits(t, t.TempDir())
	info, err := os.Stat(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(log, info.Size()-5); err != nil {
		t.Fatal(err)
	}
	got := nettwin(t, "", "export", "--data", data)
	if got.code != 0 || got.stdout != "<http://example.org/r1> <http://example.org/name> \"r1\" .\n" {
		t.Errorf("code %d, it has %q, want r1 alone", got.code, got.stdout)
	}
	for _, text := range []string{"torn tail of the log cut off", log, "offset=", "bytes=", "last_seq=1"} {
		if !strings.Contains(got.stderr, text) {
			t.Errorf("it tells %q without %q", got.stderr, text)
		}
	}
	if again := nettwin(t, "", "export", "--data", data); again.stdout != got.stdout || again.stderr != "" {
		t.Errorf("the second time: %q, it tells %q", again.stdout, again.stderr)
	}
}

// TestDamagedLog changes one byte in the middle of the log: no command works
// on the store, all tell file and offset and what to do, and the file stays.
func TestDamagedLog(t *testing.T) {
	data, log := twoCommits(t, t.TempDir())
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 0xff
	if err := os.WriteFile(log, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"export", "--data", data},
		{"query", "--data", data, "ASK {}"},
		{"update", "--data", data, "INSERT DATA { <http://a> <http://b> 1 }"},
		{"serve", "--data", data, "--listen", "127.0.0.1:0"},
	} {
		got := nettwin(t, "", args...)
		if got.code != exitFailed {
			t.Errorf("%s: code %d", args[0], got.code)
		}
		for _, text := range []string{"corrupt file " + log, "at offset ", "nothing was changed; restore this file from a backup"} {
			if !strings.Contains(got.stderr, text) {
				t.Errorf("%s: it tells %q without %q", args[0], got.stderr, text)
			}
		}
	}
	if after, err := os.ReadFile(log); err != nil || string(after) != string(content) {
		t.Errorf("the damaged log was changed (%v)", err)
	}
}

// TestDamagedItem changes one byte of an item's pack: verification finds it,
// tells where, and ends with its own code; getting it fails as well.
func TestDamagedItem(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if got := nettwin(t, "", "collect", "--once", "--data", data, "snmp://public@"+simulateRouter(t, dir, "r9")); got.code != 0 {
		t.Fatal(got.stderr)
	}
	if got := nettwin(t, "", "names", "verify", "--all", "--data", data); got.code != 0 || !strings.Contains(got.stdout, " 0 damaged") {
		t.Fatalf("before: code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	packs, err := filepath.Glob(filepath.Join(data, "items", "*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("packs %q, %v", packs, err)
	}
	content, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 0xff
	if err := os.WriteFile(packs[0], content, 0o600); err != nil {
		t.Fatal(err)
	}
	got := nettwin(t, "", "names", "verify", "--all", "--data", data)
	if got.code != exitDamage || !strings.Contains(got.stdout, " 1 damaged") {
		t.Errorf("code %d, want %d: %s", got.code, exitDamage, got.stdout)
	}
	name := regexp.MustCompile(`item (b\w+) at offset \d+`).FindStringSubmatch(got.stderr)
	if name == nil || !strings.Contains(got.stderr, packs[0]) {
		t.Fatalf("it tells %q without pack, item and offset", got.stderr)
	}
	if got := nettwin(t, "", "names", "get", "--data", data, name[1]); got.code != exitDamage || got.stdout != "" {
		t.Errorf("names get of the damaged item: code %d, want %d: %s", got.code, exitDamage, got.stderr)
	}
}
