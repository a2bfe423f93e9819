package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	simulated "nettwin/internal/simulate/snmp"
)

// Goal: a device that tells nothing by which it could be known again is read
// all the same, under its address or the name that the user gives it. Method:
// an agent with a description only, collected by command, exported by command.
func TestCollectNameless(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := write(t, dir, "box.snmprec", "1.3.6.1.2.1.1.1.0|4|a box\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.32473\n1.3.6.1.2.1.1.5.0|4|<private>\n")
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	table, err := readRecording(&environment{log: newLog(os.Stderr, false)}, file, in)
	if err != nil {
		t.Fatal(err)
	}
	agent, err := simulated.Listen(t.Context(), "127.0.0.1:0", simulated.Options{State: table, Communities: []string{"public"}})
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	address := agent.Addr().String()
	for name, flags := range map[string][]string{address: nil, "box1": {"--name", "box1"}} {
		data := filepath.Join(dir, strings.ReplaceAll(name, ":", "-"))
		command(t, 0, append([]string{"collect", "--once", "--data", data, "snmp://public@" + address}, flags...)...)
		documents := decodeJSON[[]struct{ ConfiguredName string }](t, command(t, 0, "export", "inventory", "--data", data))
		if len(documents) != 1 || documents[0].ConfiguredName != name {
			t.Errorf("documents %+v, want one of %s", documents, name)
		}
	}
}
