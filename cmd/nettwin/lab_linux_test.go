package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/internal/invariant"
	"nettwin/internal/testenv"
)

// The real lab of fixtures/lab, under a name of its own: nobody's lab is in
// the way, and none of it.
const (
	labName      = "test"
	labState     = "/run/nettwin-" + labName
	labPrefix    = "nt-" + labName + "-" // of its namespaces
	labCollector = "198.18.0.254"
	// insideLab is set in the process that runs within the collector's
	// namespace.
	insideLab = "NETTWIN_TEST_INSIDE_LAB"
)

// Limits of the parts of the test.
const (
	labQueueLimit = 4 * time.Minute // for another run's end
	labUpLimit    = 60 * time.Second
	labDownLimit  = 30 * time.Second
	labTestLimit  = 4 * time.Minute // of all stages, on a machine that is busy with other tests
)

// labTools are what the lab's programs need; Debian's packages of them are in
// .ci/run.
var labTools = []string{"python3", "ip", "ss", "sysctl", "hostname", "mount", "cc", "ping", "iperf3", "snmpd", "snmpset", "vtysh", "lldpd", "lldpcli",
	"rsyslogd", "softflowd", "softflowctl", "nfcapd", "nfdump", "netconfd", "netconf-subsystem", "sshd", "ssh-keygen", "ifconfig"}

// TestRealLab holds the product against real daemons in network namespaces:
// nine FRR routers with snmpd, lldpd and rsyslogd, three with netconfd, three
// with softflowd. "nettwin serve" runs with a configuration file; what it says
// by SPARQL is compared with what ip, vtysh, lldpcli and nfdump say. A cable
// is cut and mended; a plan is carried out by NETCONF; one confirmed commit is
// confirmed, another times out. The lab is taken down in every case: by the
// process that holds it, when this one is gone.
func TestRealLab(t *testing.T) {
	t.Parallel()
	if os.Getenv(insideLab) != "" {
		stages(t)
		return
	}
	testenv.Namespaces(t)
	for _, tool := range labTools {
		testenv.Tool(t, tool)
	}
	started := time.Now()
	lock := labLock(t)
	defer lock.Close()
	t.Logf("nobody else's run after %v", time.Since(started).Round(time.Millisecond))
	started = time.Now()
	down := holdLab(t, lock)
	t.Cleanup(func() {
		ended := time.Now()
		down()
		t.Logf("down after %v; %v in all", time.Since(ended).Round(time.Millisecond), time.Since(started).Round(time.Millisecond))
	})
	t.Logf("up after %v", time.Since(started).Round(time.Millisecond))

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), labTestLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ip", "netns", "exec", labPrefix+"noc", self,
		"-test.run=^TestRealLab$", "-test.v", "-test.parallel=4", "-test.timeout="+labTestLimit.String())
	cmd.Env = append(labEnv(), insideLab+"=1")
	cmd.WaitDelay = labDownLimit
	out, err := cmd.CombinedOutput()
	t.Logf("inside the lab:\n%s", out)
	if err != nil {
		t.Errorf("inside the lab: %v", errors.Join(err, ctx.Err()))
		logOfLab(t)
	}
	if !bytes.Contains(out, []byte("--- PASS: TestRealLab ")) {
		t.Error("the stages did not run to their end")
	}
}

// labEnv names the lab to its programs.
func labEnv() []string { return append(os.Environ(), "NETTWIN_LAB="+labName) }

// labLock keeps two test runs on one machine from using the lab at a time. The
// lock is free when every process that has the file is gone.
func labLock(t *testing.T) *os.File {
	t.Helper()
	file, err := os.OpenFile(labState+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(labQueueLimit); ; time.Sleep(100 * time.Millisecond) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file
		}
		if time.Now().After(end) {
			t.Fatalf("%s: held by another test run for more than %v: %v", file.Name(), labQueueLimit, err)
		}
	}
}

// holdLab brings the lab up and returns what takes it down and waits for that.
func holdLab(t *testing.T, lock *os.File) (down func()) {
	t.Helper()
	cmd := exec.Command(filepath.Join(testenv.ProjectRoot(), "fixtures/lab/hold.sh"))
	cmd.Env = labEnv()
	cmd.ExtraFiles = []*os.File{lock}                     // when we are killed it still has to take the lab down
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a key that ends the test is not for it
	said := newOutput()
	cmd.Stderr = said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	standing, ended := make(chan bool, 1), make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			fmt.Fprintln(said, lines.Text())
			if lines.Text() == "standing" {
				standing <- true
			}
		}
		ended <- cmd.Wait()
	}()
	down = func() {
		stdin.Close()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("hold.sh: %v: %s", err, said)
			}
		case <-time.After(labUpLimit + labDownLimit): // it may still be on the way up
			cmd.Process.Kill()
			t.Errorf("hold.sh does not end: %s", said)
		}
		if left, err := exec.Command("ip", "netns", "list").Output(); err != nil || bytes.Contains(left, []byte(labPrefix)) {
			t.Errorf("the lab left namespaces: %v %s", err, left)
		}
	}
	select {
	case <-standing:
		return down
	case err := <-ended:
		t.Fatalf("the lab did not come up: %v: %s", err, said)
	case <-time.After(labUpLimit):
		logOfLab(t)
		down()
		t.Fatalf("the lab did not come up within %v: %s", labUpLimit, said)
	}
	return nil
}

// logOfLab shows the ends of what the daemons printed.
func logOfLab(t *testing.T) {
	t.Helper()
	files, _ := filepath.Glob(labState + "/*/*.log")
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && len(text) > 0 && filepath.Base(file) != "snmpd.log" { // which lists every request
			t.Logf("%s: …%s", file, text[max(0, len(text)-500):])
		}
	}
}

// inLab runs a step of fixtures/lab/lab.py.
func inLab(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "python3", append([]string{"-B", filepath.Join(testenv.ProjectRoot(), "fixtures/lab/lab.py")}, args...)...)
	cmd.Env = labEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("lab.py %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// stages is the test inside the collector's namespace.
func stages(t *testing.T) {
	s := serveLab(t)
	stage := func(name string, run func(*testing.T)) {
		started := time.Now()
		if !t.Run(name, run) {
			t.Logf("sources: %+v", s.sources(t))
		}
		t.Logf("stage %s took %v", name, time.Since(started).Round(time.Millisecond))
	}
	stage("truth", s.compareWithTruth)
	if !invariant.Enabled { // which makes these take minutes
		stage("flap", s.cutAndMend)
		stage("plan", s.carryOutPlan)
	}
	// These have nothing to do with each other, and wait much.
	stage("side by side", func(t *testing.T) {
		t.Run("commit", func(t *testing.T) { t.Parallel(); commitToNetconfd(t, s) })
		t.Run("contract", func(t *testing.T) { t.Parallel(); conformOnNetconfd(t, s) })
		t.Run("flows", func(t *testing.T) { t.Parallel(); s.compareFlows(t) })
	})
	if said := s.stderr.String(); t.Failed() {
		t.Logf("the service said: %s", said[max(0, len(said)-4000):])
	}
}

// labConfig is the configuration of nine routers. They are polled so rarely
// that what is learnt after the start they told; but for r7, which a plan is
// made for, and that wants fresh data.
func labConfig(hostKey, token string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `base: https://demo.example/
tokens:
  - {name: lab, role: operator, sha256: %x}
credentials:
  lab: {snmp: {version: 2c, community: env:NETTWIN_TEST_COMMUNITY}, ssh: {user: root, key: file:%s/ssh/client, hostKey: %q}}
listeners: {trap: %[4]s:162, syslog: %[4]s:514, flow: [%[4]s:4739, %[4]s:2055]}
devices:
`, sha256.Sum256([]byte(token)), labState, hostKey, labCollector)
	for n := 1; n <= 9; n++ {
		collect := "snmp: 1h"
		switch n {
		case 1, 4:
			collect = "snmp: 1h, netconf: on-change"
		case 7:
			collect = "snmp: 15s, netconf: 15s"
		}
		fmt.Fprintf(&b, "  - {name: r%d, address: 198.18.0.%[1]d, credential: lab, collect: {%s, trap: true, syslog: true, flow: true}}\n", n, collect)
	}
	return b.String()
}

// serveLab starts "nettwin serve" and waits until it has read every router by
// every protocol.
func serveLab(t *testing.T) labTwin {
	t.Helper()
	started := time.Now()
	dir, err := os.MkdirTemp("", "nettwin-lab-*") // TestMain removes it
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(labState + "/ssh/host.pub")
	if err != nil {
		t.Fatal(err)
	}
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		t.Fatal(err)
	}
	// The models, services and intentions of the demo are those of this network.
	env := &environment{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, log: newLog(io.Discard, false)}
	tw, err := openTwin(t.Context(), env, dir, "https://demo.example/")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(loadFiles(t.Context(), tw), tw.Close()); err != nil {
		t.Fatal(err)
	}
	token := rand.Text()
	os.Setenv("NETTWIN_TEST_COMMUNITY", "public")
	config := write(t, dir, "nettwin.yaml", labConfig(ssh.FingerprintSHA256(hostKey), token))
	d, err := startServer("serve", dir, "--config", config)
	if err != nil {
		t.Fatal(err)
	}
	shared.once.Do(func() { shared.demo = d }) // it is that of all tests here
	s := labTwin{story{d, token}}
	eventually(t, "reading all routers", func() bool {
		want := []string{"r1 netconf", "r4 netconf", "r7 netconf"}
		for n := 1; n <= 9; n++ {
			want = append(want, fmt.Sprintf("r%d snmp", n))
		}
		for _, source := range s.sources(t) {
			if source.State == "in sync" && source.LastError == "" {
				want = slices.DeleteFunc(want, func(w string) bool { return w == source.Device+" "+source.Collector })
			}
		}
		return len(want) == 0
	})
	t.Logf("all routers are read after %v", time.Since(started).Round(time.Millisecond))
	return s
}

// labTwin is the twin of the lab.
type labTwin struct{ story }
