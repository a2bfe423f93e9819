package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ingest/snmp"
	"nettwin/internal/invariant"
	simulated "nettwin/internal/simulate/snmp"
	"nettwin/internal/testenv"
	"nettwin/sparql"
	"nettwin/sparql/results"
)

// Numbers of the recordings, so that none gets lost unseen.
const (
	recordedDevices    = 41
	recordedInterfaces = 2516
	recordedEntities   = 3133
	// sampleEvery is which part of the recordings a sample is.
	sampleEvery = 6
)

// walkExpectation is what an independent decoding of a recording says
// (../shared/data/README.md).
type walkExpectation struct {
	Walk struct {
		Interfaces []struct {
			IfIndex       int
			IfName        *string
			IfDescr       *string
			IfAlias       *string
			IfMtu         *int64
			IfPhysAddress *string
			IfAdminStatus *string
			IfOperStatus  *string
		}
		Entities []struct {
			EntPhysicalIndex                               int
			ContainedIn                                    *int
			Class                                          string
			Name, Descr, SerialNum, MfgName, ModelName     string
			HardwareRev, FirmwareRev, SoftwareRev, AssetID string
			IsFRU                                          *bool
		}
	}
}

// TestRecordings plays all recordings of real devices by simulated agents,
// collects from them through the whole path into one store on disk, runs the
// rules, and compares the interfaces and components in the twin with what an
// independent decoding of the recordings expects: in number and one by one; and
// the inventory documents that a server gives out, member by member.
// With the invariants compiled in, as under the race detector, which makes all
// of it ten times slower, it is a sample of them.
func TestRecordings(t *testing.T) {
	t.Parallel()
	dir := testenv.Shared(t, "data/snmp")
	files, err := filepath.Glob(filepath.Join(dir, "*.expected.json"))
	if err != nil || len(files) != recordedDevices {
		t.Fatalf("%d expectations in %s (%v), want %d", len(files), dir, err, recordedDevices)
	}
	if invariant.Enabled {
		var sample []string
		for i := 0; i < len(files); i += sampleEvery {
			sample = append(sample, files[i])
		}
		files = sample
	}
	r := newReplay(t)
	var names []string
	started := time.Now()
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".expected.json")
		names = append(names, name)
		r.collect(name, filepath.Join(dir, name+".snmprec"))
	}
	collected := time.Now()
	if err := r.twin.rules.Apply(t.Context(), nil); err != nil {
		t.Errorf("rules: %v", err)
	}
	t.Logf("%d facts collected in %v, rules ran in %v; %d quads", r.facts, collected.Sub(started).Round(time.Millisecond),
		time.Since(collected).Round(time.Millisecond), r.twin.store.Info().Quads)
	r.slowRules()

	interfaces, components := r.interfaces(), r.components()
	devices := r.ask(`SELECT ?device WHERE { ?d a twin:Device ; twin:configuredName ?device }`)
	same(t, "devices", lines(devices, "device"), names)
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want walkExpectation
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		r.compareInterfaces(names[i], interfaces[names[i]], &want)
		r.compareComponents(names[i], components[names[i]], &want)
	}
	t.Logf("equal to the expectations: %d devices, %d interfaces, %d components", len(names), r.interfacesSeen, r.componentsSeen)
	r.compareInventory(names, files)
	if invariant.Enabled {
		return
	}
	if r.interfacesSeen != recordedInterfaces || r.componentsSeen != recordedEntities {
		t.Errorf("%d interfaces, %d components, want %d and %d", r.interfacesSeen, r.componentsSeen, recordedInterfaces, recordedEntities)
	}
}

// replay is one twin that reads recordings.
type replay struct {
	t                              *testing.T
	env                            *environment
	twin                           *twin
	collector                      *snmp.Collector
	facts                          int
	interfacesSeen, componentsSeen int
}

func newReplay(t *testing.T) *replay {
	t.Helper()
	env := &environment{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, log: newLog(io.Discard, false)}
	tw, err := openTwin(t.Context(), env, t.TempDir(), "https://recordings.example/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tw.Close(); err != nil {
			t.Error(err)
		}
	})
	collector, err := tw.newSNMP(func(ingest.Target) (snmp.Credential, error) { return snmp.Credential{Community: "public"}, nil })
	if err != nil {
		t.Fatal(err)
	}
	return &replay{t: t, env: env, twin: tw, collector: collector}
}

// collect plays one recording and takes it in.
func (r *replay) collect(name, path string) {
	r.t.Helper()
	file, err := os.Open(path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	table, err := readRecording(r.env, path, file)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	agent, err := simulated.Listen(ctx, "127.0.0.1:0", simulated.Options{State: table, Communities: []string{"public"}})
	if err != nil {
		r.t.Fatal(err)
	}
	defer agent.Close()
	report, err := r.twin.collect(ctx, r.collector, ingest.Target{Name: name, Address: agent.Addr().String()})
	if err != nil {
		r.t.Errorf("%s: %v", name, err)
	}
	r.facts += report.Facts
}

// slowRules tells which rules took longest.
func (r *replay) slowRules() {
	for _, s := range r.twin.rules.Status() {
		if s.Error != "" {
			r.t.Errorf("rule %s: %s", s.Rule, s.Error)
		}
		if s.Duration > 200*time.Millisecond {
			r.t.Logf("rule %s: %v, %d derivations", s.Rule, s.Duration.Round(time.Millisecond), s.Derivations)
		}
	}
}

// ask evaluates a SELECT on the default graph.
func (r *replay) ask(text string) []row {
	r.t.Helper()
	query, err := sparql.Parse(twinPrefixes+text, "")
	if err != nil {
		r.t.Fatal(err)
	}
	snapshot, err := r.twin.store.Snapshot(graph.At{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer snapshot.Close()
	result, err := query.Run(r.t.Context(), snapshot, sparql.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	terms, err := results.Collect(r.t.Context(), result)
	if err != nil {
		r.t.Fatal(err)
	}
	var rows []row
	for _, solution := range terms {
		one := row{}
		for i, name := range result.Vars {
			if !solution[i].IsZero() {
				one[name] = value{Value: solution[i].Value(), Datatype: solution[i].Datatype()}
			}
		}
		rows = append(rows, one)
	}
	return rows
}

// properties asks for all properties of the things of a class: device → index
// → property's local name → values.
func (r *replay) properties(class, belongs, index string) map[string]map[string]map[string][]value {
	r.t.Helper()
	out := map[string]map[string]map[string][]value{}
	for _, one := range r.ask(`SELECT ?device ?index ?p ?o WHERE { ?x a twin:` + class + ` ; twin:` + belongs + ` ?d ; twin:` + index + ` ?index ; ?p ?o .
		?d twin:configuredName ?device }`) {
		device, index := one.s("device"), one.s("index")
		if out[device] == nil {
			out[device] = map[string]map[string][]value{}
		}
		if out[device][index] == nil {
			out[device][index] = map[string][]value{}
		}
		name := one.s("p")[strings.LastIndexAny(one.s("p"), "#/")+1:]
		out[device][index][name] = append(out[device][index][name], one["o"])
	}
	return out
}

func (r *replay) interfaces() map[string]map[string]map[string][]value {
	return r.properties("Interface", "interfaceOf", "ifIndex")
}

func (r *replay) components() map[string]map[string]map[string][]value {
	all := r.properties("Component", "componentOf", "entityIndex")
	for _, one := range r.ask(`SELECT ?device ?index ?in WHERE { ?x a twin:Component ; twin:componentOf ?d ; twin:entityIndex ?index ; twin:partOf ?y .
		?y twin:entityIndex ?in ; twin:componentOf ?d . ?d twin:configuredName ?device }`) {
		props := all[one.s("device")][one.s("index")]
		props["in"] = append(props["in"], one["in"])
	}
	return all
}

func (r *replay) compareInterfaces(device string, got map[string]map[string][]value, want *walkExpectation) {
	if len(got) != len(want.Walk.Interfaces) {
		r.t.Errorf("%s: %d interfaces, want %d", device, len(got), len(want.Walk.Interfaces))
	}
	for _, w := range want.Walk.Interfaces {
		index := strconv.Itoa(w.IfIndex)
		c := comparison{r, device + " interface " + index, got[index]}
		name := index
		for _, text := range []*string{w.IfDescr, w.IfName} {
			if text != nil && *text != "" {
				name = *text
			}
		}
		c.text("name", name)
		c.optional("description", w.IfDescr)
		c.optional("alias", w.IfAlias)
		if w.IfPhysAddress != nil {
			c.text("macAddress", *w.IfPhysAddress)
		}
		c.optional("adminStatus", w.IfAdminStatus)
		c.optional("operStatus", w.IfOperStatus)
		if w.IfMtu != nil {
			c.text("mtu", strconv.FormatInt(*w.IfMtu, 10))
		}
		r.interfacesSeen++
	}
}

// classes are our words for IANAPhysicalClass.
var classes = map[string]string{
	"chassis": "Chassis", "backplane": "Backplane", "container": "Container", "powerSupply": "PowerSupply", "fan": "Fan",
	"sensor": "Sensor", "module": "Module", "port": "Port", "stack": "Stack", "cpu": "CPU",
}

func (r *replay) compareComponents(device string, got map[string]map[string][]value, want *walkExpectation) {
	if len(got) != len(want.Walk.Entities) {
		r.t.Errorf("%s: %d components, want %d", device, len(got), len(want.Walk.Entities))
	}
	known := map[int]bool{}
	for _, w := range want.Walk.Entities {
		known[w.EntPhysicalIndex] = true
	}
	for _, w := range want.Walk.Entities {
		index := strconv.Itoa(w.EntPhysicalIndex)
		c := comparison{r, device + " component " + index, got[index]}
		c.text("name", w.Name)
		c.text("description", w.Descr)
		c.text("serialNumber", strings.TrimSpace(w.SerialNum))
		c.text("manufacturer", strings.TrimSpace(w.MfgName))
		c.text("modelName", strings.TrimSpace(w.ModelName))
		c.text("hardwareRevision", w.HardwareRev)
		c.text("firmwareRevision", w.FirmwareRev)
		c.text("softwareRevision", w.SoftwareRev)
		in := ""
		if w.ContainedIn != nil && known[*w.ContainedIn] {
			in = strconv.Itoa(*w.ContainedIn)
		}
		c.text("in", in)
		if w.IsFRU != nil {
			c.text("isFru", strconv.FormatBool(*w.IsFRU))
		}
		if class := classes[w.Class]; class != "" && !c.has("type", "https://w3id.org/nettwin/ns#"+class) {
			r.t.Errorf("%s: types %v, want %s", c.what, c.got["type"], class)
		}
		r.componentsSeen++
	}
}

// comparison compares the properties of one thing.
type comparison struct {
	*replay
	what string
	got  map[string][]value
}

func (c comparison) has(property, text string) bool {
	for _, v := range c.got[property] {
		if v.Value == text {
			return true
		}
	}
	return false
}

func (c comparison) optional(property string, want *string) {
	if want != nil {
		c.text(property, *want)
	}
}

// text compares a property with a text; the empty text means that there is
// no such property. Of octets with NULs among them, what stands before the
// first is the text: names and descriptions of edgeos have memory behind them.
func (c comparison) text(property, want string) {
	got := c.got[property]
	want, _, _ = strings.Cut(want, "\x00")
	switch {
	case want == "" && len(got) == 0:
	case len(got) != 1:
		c.t.Errorf("%s: %s is %v, want %q", c.what, property, got, want)
	case !sameText(got[0], want):
		c.t.Errorf("%s: %s is %q, want %q", c.what, property, got[0].Value, want)
	}
}

// sameText compares as the expectation's author decoded: octets that are no
// clean text, which the graph keeps as hexBinary, as UTF-8 with replacement
// characters and without NULs; octets that are no text at all as hexadecimal
// digits.
func sameText(got value, want string) bool {
	text := got.Value
	if got.Datatype == rdf.XSD+"hexBinary" {
		octets, err := hex.DecodeString(text)
		if err != nil {
			return false
		}
		text = string(octets)
	}
	digits := strings.ReplaceAll(got.Value, ":", "")
	return plain(text) == plain(want) || strings.EqualFold(digits, want) || fmt.Sprintf("%x", text) == want
}

func plain(s string) string {
	return strings.NewReplacer("\x00", "", "\uFFFD", "").Replace(strings.ToValidUTF8(s, "\uFFFD"))
}
