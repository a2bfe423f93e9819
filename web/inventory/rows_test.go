package inventory

import (
	"encoding/json"
	"testing"

	"nettwin/graph/rdf"
)

// Goal: rows become JSON by the shape that a query's head tells, and a head
// that is wrong is an error. Method: one small answer through each shape.
func TestShapes(t *testing.T) {
	lit, number := rdf.String, func(n string) rdf.Term { return rdf.Literal(n, rdf.XSDInteger) }
	long := answer{[]string{"key", "field", "value"}, [][]rdf.Term{
		{number("1"), lit("n"), number("7")}, {number("1"), lit("n"), number("8")}, {number("1"), lit("in.a"), lit("<x>")},
		{number("2"), lit("s"), lit("down")},
		{number("2"), lit("o"), rdf.Literal("41FF42", rdf.XSD+"hexBinary")},
	}}
	wide := answer{[]string{"a", "b"}, [][]rdf.Term{{lit("x"), number("1")}, {lit("y"), {}}}}
	for _, c := range []struct {
		head string
		a    answer
		want string
	}{
		{"#+ section: s\n#+ shape: list\n#+ null: in.b z", long, `[{"n":7,"in":{"a":"<x>","b":null},"z":null},{"s":"down","o":"A�B","z":null}]`},
		{"#+ section: s\n#+ shape: list", wide, `[{"a":"x","b":1},{"a":"y"}]`},
		{"#+ section: s\n#+ shape: object\n#+ null: c", wide, `{"a":"x","b":1,"c":null}`},
		{"#+ section: s\n#+ shape: map", wide, `{"x":1,"y":null}`},
		{"#+ section: s\n#+ shape: pairs", wide, `[["x",1],["y",null]]`},
		{"#+ section: s\n#+ shape: value", wide, `"x"`},
		{"#+ section: s\n#+ shape: value\n", answer{vars: []string{"a"}}, `null`},
		{"#+ section: s\n#+ shape: list\n#+ text: b", wide, `[{"a":"x","b":"1"},{"a":"y"}]`},
	} {
		s, err := readHead(c.head)
		if err != nil {
			t.Fatal(err)
		}
		o := newObject()
		o.put("got", s.json(c.a))
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if json.Unmarshal(text, &got) != nil || json.Unmarshal([]byte(`{"got":`+c.want+`}`), &want) != nil {
			t.Fatalf("%s", text)
		}
		if a, b := asJSON(got), asJSON(want); a != b {
			t.Errorf("%q: got %s, want %s", c.head, a, b)
		}
	}
	for _, head := range []string{"#+ section: s\n#+ shape: tree", "#+ section: s\n#+ shape: list\n#+ code: nothing"} {
		if _, err := readHead(head); err == nil {
			t.Errorf("%q: no error", head)
		}
	}
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
