package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/knakk/rdf"

	"nettwin/fixtures"
)

// The tests of this file hold the findings of the rules against cases.json
// and against what follows from the routers' own answers: nothing that should
// be found is missing, and nothing else is found.

// endOfLifeDays is how far ahead the shipped rules look.
const endOfLifeDays = 365

func cases(t *testing.T) fixtures.Cases {
	t.Helper()
	c, err := fixtures.ReadCases()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// derived asks for a pattern of the derived graph joined with one of the twin.
func (d *demo) derived(t *testing.T, pattern, twinPattern string) []row {
	t.Helper()
	return d.ask(t, `SELECT * WHERE { GRAPH <https://demo.example/graph/derived> { `+pattern+" } "+twinPattern+" }")
}

// lifecycle reads the table of product models with knakk/rdf, which is not our
// own reader: manufacturer and model to the day on which support, or else
// life, ends.
func lifecycle(t *testing.T) map[string]string {
	t.Helper()
	models := map[string]map[string]string{}
	decoder := rdf.NewTripleDecoder(bytes.NewReader(fixtures.Lifecycle()), rdf.Turtle)
	for {
		triple, err := decoder.Decode()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		subject := triple.Subj.String()
		if models[subject] == nil {
			models[subject] = map[string]string{}
		}
		models[subject][strings.TrimPrefix(triple.Pred.String(), "https://w3id.org/nettwin/ns#")] = triple.Obj.String()
	}
	table := map[string]string{}
	for _, m := range models {
		day := m["endOfSupport"]
		if day == "" {
			day = m["endOfLife"]
		}
		table[m["manufacturer"]+" "+m["modelName"]] = day
	}
	return table
}

// entity is a row of a recording's entPhysicalTable, read from the lines of
// the recording.
type entity struct {
	device, index, class, name, serial, maker, model string
}

func entities(t *testing.T, device string) []entity {
	t.Helper()
	data, err := fixtures.Recording(device)
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]map[string]string{}
	for line := range strings.Lines(string(data)) {
		cells := strings.SplitN(strings.TrimRight(line, "\r\n"), "|", 3)
		rest, ok := strings.CutPrefix(cells[0], "1.3.6.1.2.1.47.1.1.1.1.")
		if !ok {
			continue
		}
		column, index, _ := strings.Cut(rest, ".")
		if columns[index] == nil {
			columns[index] = map[string]string{}
		}
		columns[index][column] = cells[2]
	}
	var out []entity
	for index, c := range columns {
		out = append(out, entity{device: device, index: index, class: c["5"], name: c["7"], serial: c["11"], maker: c["12"], model: c["13"]})
	}
	return out
}

const chassisClass = "3" // IANAPhysicalClass chassis

// TestCaseEndOfLife expects a finding for each device and component whose
// model's support ends within a year of now or has ended, as the life-cycle
// table and the recorded inventory say, at its device or component. Models
// whose day is within one day of the limit may be found or not: the rules may
// have run before midnight.
func TestCaseEndOfLife(t *testing.T) {
	d := shared.get(t)
	rows := d.derived(t, `?f a twin:EndOfLifeFinding ; twin:about ?thing ; twin:onDevice ?d ; twin:dueDate ?day ; twin:message ?message`,
		`?d twin:name ?device . ?thing a ?class . FILTER(?class IN (twin:Device, twin:Component))
		OPTIONAL { ?thing twin:entityIndex ?index } OPTIONAL { ?thing twin:serialNumber ?serial }`)
	limit := time.Now().UTC().AddDate(0, 0, endOfLifeDays)
	table, real, open := lifecycle(t), []string{}, []string{}
	for _, device := range topology(t).Routers {
		for _, e := range entities(t, device) {
			day, err := time.Parse(time.DateOnly, table[e.maker+" "+e.model])
			if err != nil {
				continue // no model, or no date announced
			}
			index := e.index
			if e.class == chassisClass {
				index = "-"
			}
			line := strings.Join([]string{device, index, e.serial, day.Format(time.DateOnly)}, " ")
			switch {
			case day.Sub(limit).Abs() <= 24*time.Hour:
				open = append(open, line)
			case day.Before(limit):
				real = append(real, line)
			}
		}
	}
	found := lines(rows, "device", "index", "serial", "day")
	same(t, "end of life", minus(found, open), real)
	for _, c := range cases(t).Cases {
		if c.Rule != fixtures.RuleEndOfLife {
			continue
		}
		day, err := time.Parse(time.DateOnly, c.EndOfSupport)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(rows, func(r row) bool { return r.s("device") == c.Device && r.s("serial") == c.SerialNumber })
		if at < 0 && day.Before(limit) {
			t.Errorf("case %s of %s %s: not found", c.Model, c.Kind, c.Device)
			continue
		}
		for _, word := range []string{c.Device, c.Manufacturer, c.Model, c.EndOfSupport} {
			if at >= 0 && !strings.Contains(rows[at].s("message"), word) {
				t.Errorf("the message %q does not say %q", rows[at].s("message"), word)
			}
		}
	}
}

// TestCaseDuplicateAddress expects a finding for each address that `ip addr`
// shows on more than one interface, those left out that every host may have:
// loopback (127/8, ::1) and link-local ones.
func TestCaseDuplicateAddress(t *testing.T) {
	d := shared.get(t)
	rows := d.derived(t, `?f a twin:DuplicateAddressFinding ; twin:address ?address ; twin:about ?i ; twin:onDevice ?d`,
		`?i twin:name ?name ; twin:interfaceOf ?d . ?d twin:name ?device`)
	holders := map[string][]string{}
	for _, device := range topology(t).Routers {
		for _, l := range truth[[]ipLink](t, device, "addr.json") {
			for _, a := range l.Addrs {
				holders[a.Local] = append(holders[a.Local], device+" "+l.Name+" "+a.Local)
			}
		}
	}
	c, silent := cases(t), map[string]bool{}
	for _, s := range c.Silent {
		silent[s.Address] = true
		if s.Address != "" && len(holders[s.Address]) < 2 {
			t.Errorf("%s is on one interface only: its silence proves nothing", s.Address)
		}
	}
	var real []string
	for address, at := range holders {
		if len(at) > 1 && !silent[address] {
			real = append(real, at...)
		}
	}
	same(t, "duplicate addresses", lines(rows, "device", "name", "address"), real)
	findings := map[string]bool{}
	for _, r := range rows {
		findings[r.s("f")] = true
	}
	for _, k := range c.Cases {
		for _, h := range k.Holders {
			if line := h.Device + " " + h.Interface + " " + k.Address; !slices.Contains(lines(rows, "device", "name", "address"), line) {
				t.Errorf("case %s: %v is not named", k.Address, h)
			}
		}
	}
	if len(findings) != 1 {
		t.Errorf("%d findings, the case wants one that names both interfaces", len(findings))
	}
}

// TestCaseLLDPDisagreement expects a finding for each interface that names a
// port which itself names another one, as lldpcli shows both. One-sided words
// are none: r7's end of the spare is down and hears nothing.
func TestCaseLLDPDisagreement(t *testing.T) {
	d := shared.get(t)
	rows := d.derived(t, `?f a twin:LldpDisagreementFinding ; twin:claim ?claim ; twin:contradiction ?no`,
		`?claim twin:localInterface ?i ; twin:remoteInterface ?said . ?no twin:localInterface ?said ; twin:remoteInterface ?instead .
		?i twin:name ?in ; twin:interfaceOf ?id . ?id twin:name ?idn .
		?said twin:name ?sn ; twin:interfaceOf ?sd . ?sd twin:name ?sdn .
		?instead twin:name ?on ; twin:interfaceOf ?od . ?od twin:name ?odn`)
	var found, real []string
	for _, r := range rows {
		found = append(found, fmt.Sprintf("%s says %s, which says %s", end(r.s("idn"), r.s("in")), end(r.s("sdn"), r.s("sn")), end(r.s("odn"), r.s("on"))))
	}
	heard := heardByLLDP(t)
	for at, a := range heard {
		if answer, ok := heard[a.port]; ok && answer.port != at {
			real = append(real, fmt.Sprintf("%s says %s, which says %s", at, a.port, answer.port))
		}
	}
	same(t, "LLDP disagreements", found, real)
	for _, c := range cases(t).Cases {
		if c.Rule != fixtures.RuleLLDPDisagreement {
			continue
		}
		want := fmt.Sprintf("%s:%s says %s:%s, which says %s:%s", c.Claim.By.Device, c.Claim.By.Interface, c.Claim.Neighbour.Device,
			c.Claim.Neighbour.PortID, c.Contradiction.Neighbour.Device, c.Contradiction.Neighbour.PortID)
		if !slices.Contains(found, want) {
			t.Errorf("the case %q is not found", want)
		}
	}
	about := d.derived(t, `?f a twin:LldpDisagreementFinding ; twin:about ?i`,
		`?i twin:name ?name ; twin:interfaceOf ?d . ?d twin:name ?device`)
	for _, s := range cases(t).Silent {
		if s.At != nil && slices.Contains(lines(about, "device", "name"), s.At.Device+" "+s.At.Interface) {
			t.Errorf("a finding is about %v, which should be silent: %s", *s.At, s.Why)
		}
	}
}

// TestCaseInterfaceDown expects a finding for each cable of the plan of which
// `ip link` shows one end down and the other up.
func TestCaseInterfaceDown(t *testing.T) {
	rows := shared.get(t).derived(t, `?f a twin:NeighbourUpFinding ; twin:about ?i ; twin:message ?message`,
		`?i twin:name ?name ; twin:operStatus ?state ; twin:interfaceOf ?d . ?d twin:name ?device`)
	state := map[string]string{}
	for _, device := range topology(t).Routers {
		for _, l := range truth[[]ipLink](t, device, "link.json") {
			state[end(device, l.Name)] = l.is("LOWER_UP")
		}
	}
	var real []string
	for _, l := range topology(t).Links {
		a, b := state[end(l.A.Device, l.A.Interface)], state[end(l.B.Device, l.B.Interface)]
		if a != "" && b != "" && a != b {
			real = append(real, l.A.Device+" "+l.A.Interface+" "+a, l.B.Device+" "+l.B.Interface+" "+b)
		}
	}
	same(t, "interfaces down with their neighbour up", lines(rows, "device", "name", "state"), real)
	for _, c := range cases(t).Cases {
		if c.Rule != fixtures.RuleInterfaceDownPeer {
			continue
		}
		for _, want := range []string{c.Down.Device + " " + c.Down.Interface + " down", c.Up.Device + " " + c.Up.Interface + " up"} {
			if !slices.Contains(lines(rows, "device", "name", "state"), want) {
				t.Errorf("the case's end %q is not named", want)
			}
		}
	}
}

// TestCasesByRule asks of each finding which rule's derivation made it.
func TestCasesByRule(t *testing.T) {
	d := shared.get(t)
	seen := map[string]bool{}
	for _, r := range d.derived(t, `?f a ?class ; twin:message ?message`, "") {
		fact := fmt.Sprintf("<%s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <%s> <https://demo.example/graph/derived> .", r.s("f"), r.s("class"))
		made := lines(d.derived(t, fmt.Sprintf(`?derivation twin:derives %q ; twin:rule ?rule`, fact), ""), "rule")
		class := strings.TrimPrefix(r.s("class"), "https://w3id.org/nettwin/ns#")
		if class == "Need" {
			continue // what should be done, not what was found
		}
		want := "https://demo.example/id/rule/" + ruleOf[class]
		if len(made) != 1 || made[0] != want && made[0] != want+"-device" && made[0] != want+"-module" {
			t.Errorf("%s was made by the rules %q, want %s", r.s("f"), made, want)
		}
		seen[ruleOf[class]] = true
	}
	for _, c := range cases(t).Cases {
		if !seen[c.Rule] {
			t.Errorf("no finding is made by rule %s", c.Rule)
		}
	}
}

// ruleOf are the rules of cases.json by the class of their findings.
var ruleOf = map[string]string{
	"EndOfLifeFinding": fixtures.RuleEndOfLife, "DuplicateAddressFinding": fixtures.RuleDuplicateAddress,
	"LldpDisagreementFinding": fixtures.RuleLLDPDisagreement, "NeighbourUpFinding": fixtures.RuleInterfaceDownPeer,
}
