package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nettwin/internal/invariant"
	"nettwin/internal/testenv"
	"nettwin/ontology/yang"
	"nettwin/sparql"
)

// command runs nettwin as a user does and returns what it prints.
func command(t *testing.T, wantCode int, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != wantCode {
		t.Fatalf("nettwin %v: exit %d, want %d: %s", args, code, wantCode, errs.String())
	}
	return out.Bytes()
}

// opened opens the data directory that commands filled, to ask it.
func opened(t *testing.T, dir string) *replay {
	t.Helper()
	env := &environment{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, log: newLog(io.Discard, false)}
	tw, err := openTwin(t.Context(), env, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tw.Close(); err != nil {
			t.Error(err)
		}
	})
	return &replay{t: t, env: env, twin: tw}
}

func (r *replay) update(text string) {
	r.t.Helper()
	u, err := sparql.ParseUpdate(twinPrefixes+text, "")
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := u.Run(r.t.Context(), r.twin.store, sparql.UpdateOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

// zooNetwork is what the index says of a network.
type zooNetwork struct {
	Kind, Name string
	Stats      struct {
		Nodes        int     `json:"nodes"`
		Links        int     `json:"links"`
		MinDegree    int     `json:"min_degree"`
		MaxDegree    int     `json:"max_degree"`
		AvgDegree    float64 `json:"avg_degree"`
		StdDegree    float64 `json:"std_degree"`
		MinLinkLen   float64 `json:"min_link_len"`
		AvgLinkLen   float64 `json:"avg_link_len"`
		MaxLinkLen   float64 `json:"max_link_len"`
		DiameterHops int     `json:"diameter_hops"`
		AvgHops      float64 `json:"avg_sdp_hops"`
	} `json:"stats"`
}

// Goal: networks that others drew load, and questions in SPARQL give the
// statistics that their authors give. Method: all networks of the Topology Zoo
// by nettwin import; sizes and degrees by one query each, distances by updates
// that go one hop further each; a second import changes nothing.
func TestTopologyZoo(t *testing.T) {
	t.Parallel()
	dir := testenv.Shared(t, "data/topology")
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]zooNetwork{}
	for _, n := range decodeJSON[[]zooNetwork](t, text) {
		if n.Kind == "topohub-topozoo" {
			want[n.Name] = n
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "topohub-topozoo", "*.json"))
	if err != nil || len(files) != len(want) || len(files) != 68 {
		t.Fatalf("%d files, %d statistics (%v), want 68", len(files), len(want), err)
	}
	if invariant.Enabled { // as in TestRecordings
		sample := map[string]zooNetwork{}
		for i := 0; i < len(files); i += sampleEvery {
			name := strings.TrimSuffix(filepath.Base(files[i]), ".json")
			sample[name], files[i/sampleEvery] = want[name], files[i]
		}
		want, files = sample, files[:len(sample)]
	}
	data := t.TempDir()
	args := []string{"--json", "import", "topology", "--data", data, "--base", "https://zoo.example/"}
	command(t, 0, append(args, files...)...)
	for _, again := range decodeJSON[[]imported](t, command(t, 0, append(args, files...)...)) {
		if again.Adds != 0 || again.Deletes != 0 {
			t.Errorf("%s: a second import added %d and deleted %d", again.Document, again.Adds, again.Deletes)
		}
	}
	r := opened(t, data)
	got := map[string]map[string]float64{}
	take := func(query string) {
		for _, one := range r.ask(query) {
			name := one.s("name")
			if got[name] == nil {
				got[name] = map[string]float64{}
			}
			for key, v := range one {
				if key != "name" {
					n, err := strconv.ParseFloat(v.Value, 64)
					if err != nil {
						t.Fatal(err)
					}
					got[name][key] = n
				}
			}
		}
	}
	take(`SELECT ?name (COUNT(?n) AS ?nodes) { ?t a twin:Topology ; twin:topologyId ?name . ?n twin:nodeOf ?t } GROUP BY ?name`)
	take(`SELECT ?name (COUNT(?l) AS ?links) (MIN(?len) AS ?minLen) (AVG(?len) AS ?avgLen) (MAX(?len) AS ?maxLen) {
		?t twin:topologyId ?name . ?l twin:topologyLinkOf ?t ; twin:linkLength ?len } GROUP BY ?name`)
	take(`SELECT ?name (MIN(?d) AS ?minDegree) (MAX(?d) AS ?maxDegree) (AVG(?d) AS ?avgDegree) (AVG(?d * ?d) AS ?squares) {
		{ SELECT ?n (COUNT(?l) AS ?d) { ?l a twin:TopologyLink . { ?l twin:sourceNode ?n } UNION { ?l twin:targetNode ?n } } GROUP BY ?n }
		?n twin:nodeOf/twin:topologyId ?name } GROUP BY ?name`)
	r.walkHops()
	take(`SELECT ?name (MAX(?k) AS ?diameter) (AVG(?k) AS ?hops) { GRAPH <urn:hops> { ?d <urn:from> ?a ; <urn:hops> ?k } ?a twin:nodeOf/twin:topologyId ?name } GROUP BY ?name`)
	for name, w := range want {
		g := got[name]
		std := math.Sqrt(g["squares"] - g["avgDegree"]*g["avgDegree"])
		for what, pair := range map[string][2]float64{
			"nodes": {g["nodes"], float64(w.Stats.Nodes)}, "links": {g["links"], float64(w.Stats.Links)},
			"least degree": {g["minDegree"], float64(w.Stats.MinDegree)}, "greatest degree": {g["maxDegree"], float64(w.Stats.MaxDegree)},
			"mean degree": {g["avgDegree"], w.Stats.AvgDegree}, "deviation of degrees": {std, w.Stats.StdDegree},
			"shortest link": {g["minLen"], w.Stats.MinLinkLen}, "mean link": {g["avgLen"], w.Stats.AvgLinkLen}, "longest link": {g["maxLen"], w.Stats.MaxLinkLen},
			"diameter": {g["diameter"], float64(w.Stats.DiameterHops)}, "mean distance": {g["hops"], w.Stats.AvgHops},
		} {
			if !(math.Abs(pair[0]-pair[1]) <= 0.01) { // two decimals are given, of the lengths too
				t.Errorf("%s: %s is %g, want %g", name, what, pair[0], pair[1])
			}
		}
	}
	t.Logf("%d networks, each with 11 statistics", len(want))
}

// walkHops counts the hops between any two nodes of a topology.
func (r *replay) walkHops() {
	r.t.Helper()
	r.update(`INSERT { GRAPH <urn:front> { ?a <urn:at> ?b } GRAPH <urn:seen> { ?a <urn:at> ?b . ?a <urn:at> ?a } } WHERE { ?a twin:leadsTo ?b FILTER(?a != ?b) }`)
	for hop := 1; hop < 200; hop++ {
		r.update(fmt.Sprintf(`INSERT { GRAPH <urn:hops> { ?d <urn:from> ?a ; <urn:hops> %d } } WHERE { GRAPH <urn:front> { ?a <urn:at> ?b }
			BIND(IRI(CONCAT(STR(?a), "~", STR(?b))) AS ?d) }`, hop))
		r.update(`INSERT { GRAPH <urn:next> { ?a <urn:at> ?c } } WHERE { GRAPH <urn:front> { ?a <urn:at> ?b } ?b twin:leadsTo ?c
			FILTER NOT EXISTS { GRAPH <urn:seen> { ?a <urn:at> ?c } } }`)
		if len(r.ask(`SELECT ?a { GRAPH <urn:next> { ?a ?p ?c } } LIMIT 1`)) == 0 {
			return
		}
		r.update(`INSERT { GRAPH <urn:seen> { ?a <urn:at> ?c } } WHERE { GRAPH <urn:next> { ?a <urn:at> ?c } } ; MOVE <urn:next> TO <urn:front>`)
	}
	r.t.Fatal("a topology has distances of 200 hops and more")
}

// Goal: RFC 8345 documents load, are seen as topologies with what they hold and
// what carries them, and come out as they went in. Method: real documents;
// counts that are not ours; the exported document compared as JSON, lists as
// bags, and taken in again.
func TestTopologyDocuments(t *testing.T) {
	t.Parallel()
	var expected []struct {
		File     string
		Networks []struct {
			ID                string
			Types             []string
			Nodes, Links, TPs int
			Supporting        []string `json:"supporting_networks"`
		}
	}
	text, err := os.ReadFile(testenv.Shared(t, "data/instances/rfc8345.expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	dir, data := testenv.Shared(t, "data/instances/rfc8345-netoviz"), t.TempDir()
	var files []string
	for _, doc := range expected {
		files = append(files, filepath.Join(dir, doc.File))
	}
	command(t, 0, append([]string{"import", "topology", "--data", data}, files...)...)
	again := []string{"--json", "import", "topology", "--data", data}
	copies := t.TempDir()
	for i, file := range files {
		name := strings.TrimSuffix(expected[i].File, ".json")
		exported := command(t, 0, "export", "topology", "--rfc8345", "--data", data, "--document", name)
		original, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := bagged(decodeJSON[any](t, exported)), bagged(decodeJSON[any](t, original)); got != want {
			t.Errorf("%s: exported it is another document: %s", name, firstDifferenceOf(got, want))
		}
		again = append(again, write(t, copies, expected[i].File, string(exported)))
	}
	for _, one := range decodeJSON[[]imported](t, command(t, 0, again...)) {
		if one.Adds != 0 || one.Deletes != 0 {
			t.Errorf("%s: taken in again it added %d and deleted %d", one.Document, one.Adds, one.Deletes)
		}
	}
	command(t, exitNotFound, "export", "topology", "--data", data, "--document", "nothing")
	r := opened(t, data)
	counts := map[string]map[string]string{}
	for what, query := range map[string]string{
		"nodes":  `SELECT ?t (COUNT(DISTINCT ?x) AS ?n) { ?x twin:nodeOf ?t } GROUP BY ?t`,
		"links":  `SELECT ?t (COUNT(DISTINCT ?x) AS ?n) { ?x twin:topologyLinkOf ?t ; twin:sourceNode ?a ; twin:targetNode ?b } GROUP BY ?t`,
		"points": `SELECT ?t (COUNT(DISTINCT ?x) AS ?n) { ?x twin:pointOf/twin:nodeOf ?t } GROUP BY ?t`,
		"lower":  `SELECT ?t (GROUP_CONCAT(?l) AS ?n) { { SELECT ?t ?l { ?t a twin:Topology ; twin:supportedBy/twin:topologyId ?l } ORDER BY ?l } } GROUP BY ?t`,
	} {
		for _, one := range r.ask(query) {
			if counts[one.s("t")] == nil {
				counts[one.s("t")] = map[string]string{}
			}
			counts[one.s("t")][what] = one.s("n")
		}
	}
	networks := 0
	for _, doc := range expected {
		for _, n := range doc.Networks {
			networks++
			iri := r.twin.store.Info().Base + "id/topology/rfc8345/" + strings.TrimSuffix(doc.File, ".json") + "/ietf-network:networks/network=" + n.ID
			slices.Sort(n.Supporting)
			want := map[string]string{"nodes": strconv.Itoa(n.Nodes), "links": strconv.Itoa(n.Links), "points": strconv.Itoa(n.TPs), "lower": strings.Join(n.Supporting, " ")}
			for what, w := range want {
				got := counts[iri][what]
				if got == "" && w == "0" {
					got = "0"
				}
				if what == "lower" {
					list := strings.Fields(got)
					slices.Sort(list)
					got = strings.Join(list, " ")
				}
				if got != w {
					t.Errorf("%s %s: %s: %q, want %q", doc.File, n.ID, what, got, w)
				}
			}
		}
	}
	t.Logf("%d documents, %d networks", len(expected), networks)
}

// Goal: what the twin knows of its own network can be given to others as RFC
// 8345. Method: two devices with a cable and an IP link, exported, read by the
// standard's own YANG modules without anything unknown or wrong, and taken in
// again as a document.
func TestTopologyExport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	facts := write(t, dir, "facts.ttl", `@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix d: <http://e/id/device/> . @prefix i: <http://e/id/interface/> .
d:a a twin:Device . d:b a twin:Device .
i:a1 a twin:Interface ; twin:interfaceOf d:a . i:b1 a twin:Interface ; twin:interfaceOf d:b . i:b2 a twin:Interface ; twin:interfaceOf d:b .
<http://e/a1> twin:addressOf i:a1 . <http://e/b1> twin:addressOf i:b1 .
<http://e/id/link/1> a twin:Link ; twin:endpoint i:a1, i:b1 .
<http://e/id/iplink/1> a twin:IpLink ; twin:ipEndpoint i:a1, i:b1 .
`)
	data := filepath.Join(dir, "twin")
	command(t, 0, "load", "--data", data, "--base", "http://e/", facts)
	exported := command(t, 0, "export", "topology", "--rfc8345", "--data", data)
	library, _, err := yang.ParseFS(os.DirFS(testenv.Shared(t, "data/yang/modules-ietf-ieee-iana")))
	if err != nil {
		t.Fatal(err)
	}
	schema, problems, err := library.Compile([]string{"ietf-network", "ietf-network-topology"}, yang.Options{})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	tree, err := schema.ReadJSON(bytes.NewReader(exported), yang.DecodeOptions{})
	if err != nil || tree.Stats.Unknown+tree.Stats.Invalid+tree.Stats.Misfits > 0 || tree.Stats.Leafs < 40 {
		t.Errorf("by the modules: %+v %v %v\n%s", tree.Stats, tree.Problems, err, exported)
	}
	file := write(t, dir, "own.json", string(exported))
	command(t, 0, "import", "topology", "--data", data, file)
	r := opened(t, data)
	got := lines(r.ask(`SELECT ?line { { SELECT ?id (COUNT(DISTINCT ?n) AS ?nodes) (COUNT(DISTINCT ?l) AS ?links) (COUNT(DISTINCT ?p) AS ?points) (COUNT(DISTINCT ?s) AS ?lower) {
		?t twin:topologyId ?id . ?n twin:nodeOf ?t OPTIONAL { ?l twin:topologyLinkOf ?t ; twin:sourcePoint ?a ; twin:targetPoint ?b } OPTIONAL { ?p twin:pointOf ?n } OPTIONAL { ?n twin:supportedBy ?s } } GROUP BY ?id }
		BIND(CONCAT(STRAFTER(?id, "topology/"), " ", STR(?nodes), " ", STR(?links), " ", STR(?points), " ", STR(?lower)) AS ?line) }`), "line")
	same(t, "topologies: nodes, links, points, supporting nodes", got, []string{"l2 2 2 3 0", "l3 2 2 2 2"})
}

// bagged writes JSON so that the order of lists and members does not matter.
func bagged(v any) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = bagged(one)
		}
		slices.Sort(parts)
		return "[" + strings.Join(parts, ",\n") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if list, ok := v[name].([]any); ok && len(list) == 0 || v[name] == nil {
				continue // says nothing
			}
			parts = append(parts, strconv.Quote(name)+":"+bagged(v[name]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return compact(v)
}

func firstDifferenceOf(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	from := max(0, i-80)
	return fmt.Sprintf("got …%s… want …%s…", got[from:min(len(got), i+120)], want[from:min(len(want), i+120)])
}
