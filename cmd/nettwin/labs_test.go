package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nettwin/internal/testenv"
)

// lab is a network of devices whose answers to commands somebody recorded.
type lab struct {
	*replay
	name, dir string
}

// labEnd is one end of a cable: a device and a port, as devices call it.
type labEnd struct{ device, port string }

// labLink are two ends in the order of their texts.
type labLink [2]labEnd

func linkOf(a, b labEnd) labLink {
	if a.String() > b.String() {
		a, b = b, a
	}
	return labLink{a, b}
}

func (e labEnd) String() string  { return e.device + " " + e.port }
func (l labLink) String() string { return l[0].String() + " -- " + l[1].String() }

// replayLab takes in the folder of a lab's recorded answers, one folder a
// device in it.
func replayLab(t *testing.T, dir string) *lab {
	t.Helper()
	r := newReplay(t)
	report, err := r.twin.play(t.Context(), r.env.log, (*moduleFolder)(nil).of(nil), filepath.Join(dir, "show"), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.twin.rules.Apply(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d taken", report.Files, report.Played())
	return &lab{r, filepath.Base(dir), dir}
}

// stitched are the links that the twin holds between ports: of the link layer
// or the network layer, where an interface that lies on one port stands for
// that port. Interfaces that lie on none, such as those of VLANs, or on several
// are no ports: what joins them is no cable.
func (l *lab) stitched() (cables, others map[labLink][]string) {
	below := map[string]map[string][]string{} // device → interface → what it lies on
	for _, one := range l.ask(`SELECT ?device ?name ?lower WHERE { GRAPH ?g { ?g twin:deviceName ?device .
		?row <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/name> ?name ;
			<https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/lower-layer-if> ?lower } }`) {
		if below[one.s("device")] == nil {
			below[one.s("device")] = map[string][]string{}
		}
		below[one.s("device")][one.s("name")] = append(below[one.s("device")][one.s("name")], one.s("lower"))
	}
	cables, others = map[labLink][]string{}, map[labLink][]string{}
	for _, one := range l.ask(`SELECT ?deviceA ?a ?typeA ?deviceB ?b ?typeB ?evidence WHERE {
		?link twin:endpoint|twin:ipEndpoint ?x, ?y ; twin:evidence|twin:ipEvidence ?evidence .
		FILTER(STR(?x) < STR(?y))
		?x twin:name ?a ; twin:interfaceOf/twin:configuredName ?deviceA . OPTIONAL { ?x twin:interfaceType ?typeA }
		?y twin:name ?b ; twin:interfaceOf/twin:configuredName ?deviceB . OPTIONAL { ?y twin:interfaceType ?typeB } }`) {
		a, portA := port(below, labEnd{one.s("deviceA"), one.s("a")}, one.s("typeA"))
		b, portB := port(below, labEnd{one.s("deviceB"), one.s("b")}, one.s("typeB"))
		to := others
		if portA && portB {
			to = cables
		}
		if link := linkOf(a, b); !slices.Contains(to[link], one.s("evidence")) {
			to[link] = append(to[link], one.s("evidence"))
		}
	}
	return cables, others
}

// noPort are types of interfaces that no cable is plugged into.
var noPort = []string{"l3ipvlan", "softwareLoopback", "tunnel", "ieee8023adLag"}

// port is the port under an interface.
func port(below map[string]map[string][]string, e labEnd, kind string) (labEnd, bool) {
	for range 4 {
		under := below[e.device][e.port]
		if len(under) != 1 {
			return e, len(under) == 0 && !slices.Contains(noPort, kind)
		}
		e.port, kind = under[0], ""
	}
	return e, false
}

// cabling reads the truth: device names as the recordings have them, ports
// spelt out.
func (l *lab) cabling() map[labLink]bool {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, "batfish", "layer1_topology.json"))
	if os.IsNotExist(err) {
		return nil
	}
	var doc struct {
		Edges []struct {
			Node1, Node2 struct{ Hostname, InterfaceName string }
		}
	}
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	links := map[labLink]bool{}
	for _, e := range doc.Edges {
		links[linkOf(l.end(e.Node1.Hostname, e.Node1.InterfaceName), l.end(e.Node2.Hostname, e.Node2.InterfaceName))] = true
	}
	return links
}

// shortPorts spells out how the truths abbreviate ports.
var shortPorts = []struct {
	pattern *regexp.Regexp
	full    string
}{
	{regexp.MustCompile(`^E(\d)`), "Ethernet$1"},
	{regexp.MustCompile(`^Gi(\d)`), "GigabitEthernet$1"},
	{regexp.MustCompile(`^/(\d+/c\d+/\d+)$`), "1/$1"}, // the card's number is left out
}

func (l *lab) end(device, port string) labEnd {
	entries, err := os.ReadDir(filepath.Join(l.dir, "show"))
	if err != nil {
		l.t.Fatal(err)
	}
	for _, e := range entries {
		if strings.EqualFold(e.Name(), device) {
			device = e.Name()
		}
	}
	for _, s := range shortPorts {
		port = s.pattern.ReplaceAllString(port, s.full)
	}
	return labEnd{device, port}
}

// lacking says what evidence the recordings do not hold of a cable.
func (l *lab) lacking(link labLink) string {
	var reasons []string
	for _, e := range link {
		if _, err := os.Stat(filepath.Join(l.dir, "show", e.device)); err != nil {
			reasons = append(reasons, "no recording of "+e.device)
		}
	}
	if len(reasons) > 0 {
		return strings.Join(reasons, ", ")
	}
	heard, err := filepath.Glob(filepath.Join(l.dir, "show", "*", "*[lc]*dp*neighbor*"))
	if err != nil {
		l.t.Fatal(err)
	}
	if len(heard) > 0 {
		return "LLDP or CDP is recorded"
	}
	addressed := map[labEnd]bool{}
	for _, one := range l.ask(`SELECT ?device ?name WHERE { ?x twin:hasAddress/a twin:Address ; twin:name ?name ; twin:interfaceOf/twin:configuredName ?device }`) {
		addressed[labEnd{one.s("device"), one.s("name")}] = true
	}
	for _, e := range link {
		if !addressed[e] {
			reasons = append(reasons, e.String())
		}
	}
	if len(reasons) == 0 {
		return "no LLDP, CDP, ARP or routing neighbour recorded, and a prefix with room for more than two"
	}
	return "no LLDP or CDP recorded, no address at " + strings.Join(reasons, " and ")
}

// Goal: networks of several makers, of which only recorded answers to commands
// are left, are stitched as they were cabled: no link is invented, and a cable
// that is not found has left no evidence. Method: each lab's folder of answers
// by the replay of the command; the links between ports against the lab's own
// cabling; cables without evidence, with what is missing of each, against
// testdata/labs/missing.tsv; system, interfaces, addresses and BGP peers
// against expected.json where a lab has them. Labs without a cabling must give as many links as
// testdata/labs/links.tsv lists, which were compared by hand with the
// interfaces' descriptions and addresses.
func TestLabs(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(testenv.Shared(t, "data/labs"), "*", "show"))
	if err != nil || len(dirs) == 0 {
		t.Fatal("no labs", err)
	}
	missing, untold := readLabTable(t, "missing.tsv"), readLabTable(t, "links.tsv")
	var found, all int
	for _, dir := range dirs {
		name := filepath.Base(filepath.Dir(dir))
		t.Run(name, func(t *testing.T) {
			if devices, _ := filepath.Glob(filepath.Join(dir, "*", "")); testing.Short() && len(devices) > 6 {
				t.Skip("a larger lab: left out by -short")
			}
			l := replayLab(t, filepath.Dir(dir))
			agree := l.compareState()
			cables, others := l.stitched()
			truth := l.cabling()
			for _, link := range sortedLinks(others) {
				t.Logf("no cable: %s %v", link, others[link])
			}
			t.Logf("%d values of devices as expected", agree)
			if truth == nil {
				l.compareUntold(cables, untold[name])
				return
			}
			right := 0
			for _, link := range sortedLinks(cables) {
				if !truth[link] {
					t.Errorf("invented: %s %v", link, cables[link])
					continue
				}
				right++
			}
			var lack []string
			for _, link := range sortedLinks(truth) {
				if _, ok := cables[link]; !ok {
					lack = append(lack, link.String()+"\t"+l.lacking(link))
				}
			}
			if !slices.Equal(lack, missing[name]) {
				t.Errorf("cables not found:\n%s\nexpected\n%s", strings.Join(lack, "\n"), strings.Join(missing[name], "\n"))
			}
			found, all = found+right, all+len(truth)
			t.Logf("%d of %d cables, %d without evidence, %d invented", right, len(truth), len(lack), len(cables)-right)
		})
	}
	t.Logf("%d of %d cables", found, all)
}

// compareUntold compares links of a lab whose cabling nobody wrote down.
func (l *lab) compareUntold(cables map[labLink][]string, want []string) {
	l.t.Helper()
	var got []string
	for _, link := range sortedLinks(cables) {
		got = append(got, link.String())
	}
	if !slices.Equal(got, want) {
		l.t.Errorf("links:\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	l.t.Logf("%d links; the lab has no cabling to compare", len(cables))
}

func sortedLinks[V any](links map[labLink]V) []labLink {
	return slices.SortedFunc(maps.Keys(links), func(a, b labLink) int { return strings.Compare(a.String(), b.String()) })
}

// readLabTable reads lines of a table in testdata/labs by their first cell.
func readLabTable(t *testing.T, file string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "labs", file))
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string][]string{}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, ok := strings.Cut(line, "\t")
		if !ok {
			t.Fatalf("testdata/labs/%s:%d: expected a lab, a tab and more", file, i+1)
		}
		lines[name] = append(lines[name], rest)
	}
	return lines
}
