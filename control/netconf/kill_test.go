package netconf_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"nettwin/control"
	"nettwin/internal/invariant"
)

// Rounds of TestKill; CI runs all that the project promises: each step nearly
// twice.
const (
	killRoundsUser = 3
	killRoundsCI   = 20
	killSteps      = 11 // from apply to end
)

// victimEnv names what a victim works on, as JSON.
const victimEnv = "NETTWIN_CONTROL_VICTIM"

type victimWork struct {
	Dir, Server, Plan string
	Agents            map[string]string
}

// Goal: a twin that is killed while it changes a device ends, once it is
// started again, in a known state that the device agrees with. Method: another
// process applies an approved plan to a simulated router and is killed (SIGKILL)
// after each of its steps in turn; this process opens what it left on disk and
// recovers.
func TestKill(t *testing.T) {
	rounds := killRoundsUser
	if os.Getenv("CI") == "true" && !invariant.Enabled {
		rounds = killRoundsCI
	}
	n := newNetwork(t, scene{})
	dir := t.TempDir()
	seen := map[control.State]int{}
	for round := range rounds {
		step := 1 + round*killSteps/rounds
		if rounds > killSteps {
			step = 1 + round%killSteps
		}
		plan := prepareVictim(t, n, dir, round == 0)
		killVictim(t, victimWork{Dir: dir, Server: n.wire.addr(), Plan: plan, Agents: n.agents}, step)
		state := recoverVictim(t, n, dir, plan)
		seen[state]++
		if t.Failed() {
			t.Fatalf("round %d, killed after step %d: %s", round, step, state)
		}
	}
	t.Logf("%d rounds: %v", rounds, seen)
	if seen[control.RolledBack] == 0 || seen[control.Done] == 0 {
		t.Errorf("outcomes %v: expected kills before and after the decision", seen)
	}
}

// prepareVictim disables the interface again and gets a plan approved.
func prepareVictim(t *testing.T, n *network, dir string, first bool) string {
	t.Helper()
	if err := n.network.Set(router, disabled, "enabled", "false"); err != nil {
		t.Fatal(err)
	}
	w := openTwin(t, dir, n.agents, n.wire.addr())
	defer w.close()
	w.collectAll()
	if first {
		w.intend()
	}
	c := w.controller()
	defer c.Close()
	p := must(c.Propose(t.Context(), w.need(c)))(t)
	if p.State != control.Verified {
		t.Fatalf("the plan is %s: %s", p.State, p.Reason)
	}
	must(c.Approve(t.Context(), p.ID, operator))(t)
	return p.ID
}

// killVictim lets another process apply the plan until it has told of a number
// of steps.
func killVictim(t *testing.T, work victimWork, step int) {
	t.Helper()
	text := must(json.Marshal(work))(t)
	cmd := exec.Command(must(os.Executable())(t), "-test.run=^TestVictim$", "-test.v")
	cmd.Env = append(os.Environ(), victimEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	lines := bufio.NewScanner(out)
	for steps := 0; steps < step && lines.Scan(); {
		said = append(said, lines.Text())
		if strings.HasPrefix(lines.Text(), "step ") {
			steps++
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Errorf("the victim ended by itself:\n%s", strings.Join(said, "\n"))
	}
}

// TestVictim is the process that TestKill kills; by itself it does nothing.
func TestVictim(t *testing.T) {
	text := os.Getenv(victimEnv)
	if text == "" {
		return
	}
	var work victimWork
	if err := json.Unmarshal([]byte(text), &work); err != nil {
		t.Fatal(err)
	}
	w := openTwin(t, work.Dir, work.Agents, work.Server)
	c := w.controller(func(o *control.Options) {
		o.Log = slog.New(stepHandler{slog.DiscardHandler, func(step, device string) { fmt.Println("step", step, device) }})
	})
	p := must(c.Apply(t.Context(), work.Plan, operator))(t)
	fmt.Println("ended", p.State, p.Reason)
	select {} // until it is killed
}

// recoverVictim starts a twin on what is left and looks at plan and router.
func recoverVictim(t *testing.T, n *network, dir, plan string) control.State {
	t.Helper()
	w := openTwin(t, dir, n.agents, n.wire.addr())
	defer w.close()
	c := w.controller()
	defer c.Close()
	if err := c.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := must(c.Plan(plan))(t)
	i, ok := n.router.Interface(disabled)
	if !ok || i.Admin != (p.State == control.Done) {
		t.Errorf("the plan is %s (%s), the interface %+v", p.State, p.Reason, i)
	}
	if p.State != control.Done && (p.State != control.RolledBack || !strings.Contains(p.Reason, "the twin was stopped")) {
		t.Errorf("the plan is %s: %s", p.State, p.Reason)
	}
	if tree := n.router.Running(); tree == nil {
		t.Error("the router has no configuration")
	}
	if a, err := c.Audit(t.Context(), 0, 1, false); err != nil || !a.Verified {
		t.Errorf("the audit: %+v, %v", a, err)
	}
	branches, err := w.store.Branches()
	if err != nil || len(branches) != 1 {
		t.Errorf("branches %v, %v", branches, err)
	}
	return p.State
}
