package demand

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/ontology"
)

const base = "https://twin.test/"

// few are rules of a small twin: things with names from two tables, what the
// rows of one say of them, and a rule about what is intended.
var few = map[string]string{
	"align/row-a.rule": `CONSTRUCT { ?row twin:rowName ?n } WHERE { GRAPH ?g { ?row a if:ifEntry ; if:ifDescr ?n } }`,
	"align/row-b.rule": `CONSTRUCT { ?row twin:rowName ?n } WHERE { GRAPH ?g { ?row ent:entPhysicalName ?n } }`,
	"align/make-a.rule": `CONSTRUCT { ?i a twin:Interface ; twin:name ?n . ?row twin:represents ?i }
WHERE { ?row twin:rowName ?n . GRAPH ?g { ?row if:ifIndex ?x } BIND(IRI(CONCAT(STR(<id/interface/>), ?n)) AS ?i) }`,
	"align/make-b.rule": `CONSTRUCT { ?c a twin:Component ; twin:name ?n . ?row twin:represents ?c }
WHERE { ?row twin:rowName ?n . GRAPH ?g { ?row a ent:entPhysicalEntry } BIND(IRI(CONCAT(STR(<id/component/>), ?n)) AS ?c) }`,
	"align/say-a.rule": `CONSTRUCT { ?i twin:operStatus ?s ; twin:mtu ?m ; twin:alias ?a }
WHERE { ?row twin:represents ?i . GRAPH ?g { { ?row if:ifOperStatus ?s } UNION { ?row if:ifMtu ?m } UNION { ?row if:ifIndex ?x . ?other if:ifIndex ?x ; if:ifAlias ?a } } }`,
	"align/device.rule": `CONSTRUCT { ?d a twin:Device ; twin:name ?n } WHERE { GRAPH ?g { ?g twin:describes ?d . ?s sys:sysName ?n } }`,
	"align/ospf.rule":   `CONSTRUCT { ?a a twin:OspfAdjacency ; twin:state ?s } WHERE { GRAPH ?g { ?row ospf:ospfNbrIpAddr ?t ; ospf:ospfNbrState ?s } BIND(IRI(CONCAT(STR(<id/adjacency/>), ?t)) AS ?a) }`,
	"align/bgp.rule":    `CONSTRUCT { ?a a twin:BgpSession ; twin:state ?s } WHERE { GRAPH ?g { ?row bgp:bgpPeerRemoteAddr ?t ; bgp:bgpPeerState ?s } BIND(IRI(CONCAT(STR(<id/adjacency/>), ?t)) AS ?a) }`,
	"rules/down.rule":   `CONSTRUCT { ?f a twin:Finding ; twin:about ?i } WHERE { ?i a twin:Interface ; twin:operStatus "down" . FILTER NOT EXISTS { ?c a twin:Component ; twin:name "spare" } BIND(IRI(CONCAT(STR(<id/finding/>), STR(?i))) AS ?f) }`,
	"rules/drift.rule":  `CONSTRUCT { ?f a twin:Finding ; twin:about ?i } WHERE { GRAPH <graph/intended> { ?i twin:mtu ?m } ?i twin:mtu ?n . BIND(IRI(CONCAT(STR(<id/finding/>), STR(?i))) AS ?f) }`,
	"rules/worse.rule":  `CONSTRUCT { ?f a twin:Worse } WHERE { GRAPH <graph/derived> { ?f a twin:Finding ; twin:about ?i } }`,
}

const prefixes = `PREFIX twin: <https://w3id.org/nettwin/ns#>
PREFIX if: <https://w3id.org/nettwin/mib/IF-MIB/>
PREFIX ent: <https://w3id.org/nettwin/mib/ENTITY-MIB/>
PREFIX sys: <https://w3id.org/nettwin/mib/SNMPv2-MIB/>
PREFIX ospf: <https://w3id.org/nettwin/mib/OSPF-MIB/>
PREFIX bgp: <https://w3id.org/nettwin/mib/BGP4-MIB/>
`

// small is a knowledge folder with few rules and the shipped tables.
func small(t testing.TB) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(ontology.Knowledge(), "map", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(ontology.Knowledge(), name)
		out[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range few {
		name := strings.TrimSuffix(path.Base(file), ".rule")
		out[file] = &fstest.MapFile{Data: []byte("# name: " + name + "\n# comment: a test\n# citation: none\n" + prefixes + text + "\n")}
	}
	return out
}

func newDeriver(t testing.TB, knowledge fs.FS, says func(g, p, o rdf.Term) bool) *Deriver {
	t.Helper()
	d, err := New(Options{Knowledge: knowledge, Base: base, Derived: naming.DerivedGraph(base),
		Look: []rdf.Term{naming.IntendedGraph(base)}, Says: says})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.broken) > 0 {
		t.Fatal(d.broken)
	}
	return d
}

// mibs are the MIB terms of a list, without their namespace.
func mibs(terms []string) (out []string) {
	for _, t := range terms {
		if rest, ok := strings.CutPrefix(t, "https://w3id.org/nettwin/mib/"); ok {
			out = append(out, rest)
		}
	}
	return out
}

// Goal: what a query or a rule rests on are the tables from which the rules make
// what it reads, and no others: neither those of things of another kind or
// class, nor those of branches that say something else. What reads what is
// intended asks for nothing while nothing is. Method: few rules; the tables were
// told by reading them.
func TestDemand(t *testing.T) {
	d := newDeriver(t, small(t), nil)
	for _, c := range []struct {
		where string
		want  string // the MIB terms
	}{
		{`?i a twin:Interface ; twin:operStatus ?s`, "IF-MIB/ifEntry"},
		{`?i twin:alias ?s`, "IF-MIB/ifEntry IF-MIB/ifXEntry"},
		// More than is needed: without a class, what a row represents may be either.
		{`?i twin:operStatus ?s ; twin:name ?n`, "ENTITY-MIB/entPhysicalEntry IF-MIB/ifEntry"},
		{`?c a twin:Component ; twin:name ?n`, "ENTITY-MIB/entPhysicalEntry"},
		{`?x twin:name ?n`, "ENTITY-MIB/entPhysicalEntry IF-MIB/ifEntry SNMPv2-MIB/system"},
		{`?d a twin:Device ; twin:name ?n`, "SNMPv2-MIB/system"},
		{`?o a twin:OspfAdjacency ; twin:state ?s`, "OSPF-MIB/ospfNbrEntry"},
		{`?o twin:state ?s`, "BGP4-MIB/bgpPeerEntry OSPF-MIB/ospfNbrEntry"},
		{`{ ?o a twin:BgpSession } UNION { ?d a twin:Device OPTIONAL { ?i a twin:Component } }`, "BGP4-MIB/bgpPeerEntry ENTITY-MIB/entPhysicalEntry SNMPv2-MIB/system"},
		{`?i a twin:Component ; twin:operStatus ?s`, ""}, // no component has one
		{`GRAPH ?g { ?r if:ifOperStatus "up" }`, "IF-MIB/ifEntry"},
		{`GRAPH ?g { ?r ?p ?v . VALUES ?p { ospf:ospfNbrState sys:sysName } }`, "OSPF-MIB/ospfNbrEntry SNMPv2-MIB/system"},
		{`GRAPH <graph/derived> { ?f a twin:Worse }`, "ENTITY-MIB/entPhysicalEntry IF-MIB/ifEntry"},
		{`?d a twin:Device . ?x twin:noRuleWritesThis ?y`, ""},
		{`?d twin:name ?n FILTER EXISTS { ?o a twin:OspfAdjacency }  ?d a twin:Device`, "OSPF-MIB/ospfNbrEntry SNMPv2-MIB/system"},
		{`?i a twin:Interface ; twin:mtu|twin:alias ?v`, "IF-MIB/ifEntry IF-MIB/ifXEntry"},
		{`{ SELECT ?s (COUNT(?i) AS ?n) { ?i twin:operStatus ?s } GROUP BY ?s }`, "IF-MIB/ifEntry"},
	} {
		terms, alive, err := d.Query(prefixes + "SELECT * { " + c.where + " }")
		if got := strings.Join(mibs(terms), " "); err != nil || got != c.want || alive != (c.want != "") {
			t.Errorf("%s: %q, %v, %v; want %q", c.where, got, alive, err, c.want)
		}
	}
	if _, _, err := d.Query("SELECT"); err == nil {
		t.Error("a query that is none was taken")
	}
	intends := func(g, p, _ rdf.Term) bool {
		return g == naming.IntendedGraph(base) && p == rdf.IRI(naming.Twin+"mtu")
	}
	for _, c := range []struct {
		rule string
		says func(g, p, o rdf.Term) bool
		want string
	}{
		{"rules/down.rule", nil, "ENTITY-MIB/entPhysicalEntry IF-MIB/ifEntry"},
		{"rules/drift.rule", nil, ""},
		{"rules/drift.rule", intends, "IF-MIB/ifEntry"},
		{"rules/none.rule", nil, ""},
	} {
		terms, alive := newDeriver(t, small(t), c.says).Rule(c.rule)
		if got := strings.Join(mibs(terms), " "); got != c.want || alive != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", c.rule, got, alive, c.want)
		}
	}
}

// Goal: the shipped knowledge is understood: what the state of interfaces rests
// on is less than everything; saved queries ask for the tables that they name;
// rules about intents for nothing while there is none.
func TestShipped(t *testing.T) {
	knowledge := ontology.Knowledge()
	text, err := fs.ReadFile(knowledge, "queries/inventory-lldp-neighbors.rq")
	if err != nil {
		t.Fatal(err)
	}
	d := newDeriver(t, knowledge, nil)
	terms, alive, err := d.Query(string(text))
	if err != nil || !alive || !slices.Contains(mibs(terms), "LLDP-MIB/lldpRemEntry") || !slices.Contains(mibs(terms), "LLDP-MIB/lldpLocPortEntry") {
		t.Errorf("neighbours by LLDP: %v %v %q", alive, err, terms)
	}
	terms, alive, err = d.Query(prefixes + "SELECT * { ?i a twin:Interface ; twin:operStatus ?s }")
	if err != nil || !alive || !slices.Contains(mibs(terms), "IF-MIB/ifEntry") || slices.Contains(mibs(terms), "OSPF-MIB/ospfNbrEntry") ||
		!slices.Contains(terms, "https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/name") {
		t.Errorf("state of interfaces: %v %v %q", alive, err, terms)
	}
	const rule = "rules/intent-interface-down.rule"
	if terms, alive := d.Rule(rule); alive || len(terms) > 0 {
		t.Errorf("without an intent: %v %q", alive, terms)
	}
	with := newDeriver(t, knowledge, func(rdf.Term, rdf.Term, rdf.Term) bool { return true })
	if terms, alive := with.Rule(rule); !alive || !slices.Contains(mibs(terms), "IF-MIB/ifEntry") {
		t.Errorf("with an intent: %v %q", alive, terms)
	}
	if !slices.Contains(d.Rules(), rule) || !Matches([]string{"intent-*"}, rule) || Matches([]string{"link-*"}, rule) {
		t.Error("rule files are not found by pattern")
	}
}

// Goal: what people name is found: MIB objects with what is below them, paths
// of YANG nodes, IRIs; nonsense is refused.
func TestObjects(t *testing.T) {
	d := newDeriver(t, ontology.Knowledge(), nil)
	for name, want := range map[string]string{
		"ifTable":                               "https://w3id.org/nettwin/mib/IF-MIB/ifEntry",
		"interfaces":                            "https://w3id.org/nettwin/mib/IF-MIB/ifEntry https://w3id.org/nettwin/mib/IF-MIB/interfaces",
		"sysName":                               "https://w3id.org/nettwin/mib/SNMPv2-MIB/sysName",
		"/ietf-interfaces:interfaces/interface": "https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/",
		"https://w3id.org/nettwin/mib/X/anything": "https://w3id.org/nettwin/mib/X/anything",
	} {
		got, err := d.Objects(name)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v; want %s", name, got, err, want)
		}
	}
	if _, err := d.Objects("no such thing"); err == nil {
		t.Error("nonsense was taken")
	}
}
