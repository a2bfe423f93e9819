package control_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"nettwin/control"
	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/ontology"
	"nettwin/sparql"
)

const testAction = `# name: set-note
# action: twin:SetNote
# comment: Write a note,
#   over two lines.
# citation: none
# freshness: 90s
# parameters: thing=twin:target, note=<https://x.test/note>
PREFIX x: <https://x.test/>
DELETE { ?thing x:note ?was } INSERT { ?thing x:note ?note }
WHERE { OPTIONAL { ?thing x:note ?was } } ;
INSERT { ?thing x:seen true } WHERE { { SELECT ?thing { ?thing x:note ?n } } }
`

// Goal: shipped actions are actions, in words of the vocabulary. Method: load
// them; look up each twin: name.
func TestShippedActions(t *testing.T) {
	list, err := control.LoadActions(ontology.Knowledge(), testBase)
	if err != nil || len(list) < 2 {
		t.Fatalf("%d actions, %v", len(list), err)
	}
	vocabulary := string(ontology.Vocabulary())
	for _, a := range list {
		if !strings.Contains(vocabulary, "\ntwin:"+strings.TrimPrefix(a.IRI, "https://w3id.org/nettwin/ns#")+" a twin:Action") {
			t.Errorf("%s: twin.ttl has no %s", a.File, a.IRI)
		}
	}
}

// Goal: parameters are terms and nothing else. Method: a value that would end
// a string and a pattern if it were text.
func TestBind(t *testing.T) {
	a, err := control.ParseAction("actions/set-note.action", testAction, testBase)
	if err != nil {
		t.Fatal(err)
	}
	if a.Comment != "Write a note, over two lines." || a.Freshness.Seconds() != 90 {
		t.Errorf("header %+v", a)
	}
	store := mem.New(mem.Options{})
	defer store.Close()
	thing, note := rdf.IRI("https://x.test/a"), rdf.String("\" } ; CLEAR ALL ; INSERT DATA { <x:a> <x:b> \"\\")
	other := rdf.Quad{S: rdf.IRI("https://x.test/b"), P: rdf.IRI("https://x.test/note"), O: rdf.String("kept")}
	if _, err := store.Commit(t.Context(), &graph.Batch{Adds: []rdf.Quad{other}}); err != nil {
		t.Fatal(err)
	}
	update, err := a.Bind(map[string]rdf.Term{"thing": thing, "note": note})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := update.Run(t.Context(), store, sparql.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	head, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer head.Close()
	got := rdf.NewDataset()
	for q, err := range graph.ExportQuads(t.Context(), head, graph.Pattern{}) {
		if err != nil {
			t.Fatal(err)
		}
		got.Add(q)
	}
	seen := rdf.Quad{S: thing, P: rdf.IRI("https://x.test/seen"), O: rdf.Literal("true", rdf.XSDBoolean)}
	if got.Len() != 3 || !got.Has(other) || !got.Has(seen) || !got.Has(rdf.Quad{S: thing, P: other.P, O: note}) {
		t.Errorf("the store holds %v", got.Quads())
	}
	if _, err := a.Bind(map[string]rdf.Term{"thing": thing}); err == nil {
		t.Error("a missing parameter passes")
	}
	if _, err := a.Bind(map[string]rdf.Term{"thing": thing, "note": rdf.BNode("b")}); err == nil {
		t.Error("a blank node passes")
	}
}

// Goal: a file that cannot be used is refused with what and where. Method: one
// mistake each.
func TestBadActions(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{"# name: set-note", "# name: other", "is not the file's name"},
		{"# citation: none\n", "", "citation"},
		{"90s", "soon", "freshness"},
		{"90s", "48h", "freshness"},
		{"90s", "-1s", "freshness"},
		{"thing=twin:target", "thing twin:target", "parameters"},
		{"twin:SetNote", "SetNote", "action"},
		{"INSERT { ?thing x:seen true } WHERE { { SELECT ?thing { ?thing x:note ?n } } }", "CLEAR ALL", "only DELETE and INSERT"},
		{"INSERT { ?thing x:seen true } WHERE { { SELECT ?thing { ?thing x:note ?n } } }", "INSERT DATA { x:a x:b x:c }", "only DELETE and INSERT"},
		{"x:seen true", "y:seen true", ":11:"},
		{"# freshness: 90s", "# freshness: 90s\n# freshness: 9s", "twice"},
	} {
		text := strings.Replace(testAction, test.old, test.new, 1)
		var bad *control.ActionError
		if _, err := control.ParseAction("actions/set-note.action", text, testBase); !errors.As(err, &bad) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s for %s: %v, expected %q", test.new, test.old, err, test.want)
		}
	}
	files := fstest.MapFS{"actions/set-note.action": {Data: []byte(testAction)}, "actions/broken.action": {Data: []byte("?")},
		"actions/twin.action": {Data: []byte(strings.Replace(testAction, "name: set-note", "name: twin", 1))}}
	list, err := control.LoadActions(files, testBase)
	if len(list) != 1 || err == nil || !strings.Contains(err.Error(), "twin.action") || !strings.Contains(err.Error(), "broken.action") {
		t.Errorf("%d actions, %v", len(list), err)
	}
}

// FuzzAction: no file makes parsing panic. Method: random text.
func FuzzAction(f *testing.F) {
	f.Add(testAction)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := control.ParseAction("actions/set-note.action", text, testBase)
		if err == nil && (a.Freshness <= 0 || a.IRI == "" || len(a.Parameters) == 0) {
			t.Errorf("%q gives %+v", text, a)
		}
	})
}
