package protocol

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
)

// TestSaved: saved queries are listed with what their heads and variables say,
// answer with their parameters filled in, and no value can change a query.
func TestSaved(t *testing.T) {
	e := newEndpoint(t, Options{Saved: fstest.MapFS{
		"by-value.rq": {Data: []byte("#+ summary: Things by value\n#+ description: \"All of them.\"\n#+ tags:\n#+   - demo\n#+   - test\n" +
			"# ?_no_iri parameter\nPREFIX x: <http://x/?_no>\nSELECT ?s { ?s <http://x/p> ?_value_integer . FILTER(\"?_no\" = '''?_no''' && 1 < 2) }")},
		"optional.rq": {Data: []byte("SELECT ?o { ?__thing_iri <http://x/p> ?o } ORDER BY ?o")},
		"lang.rq":     {Data: []byte("ASK { ?s <http://x/q> ?_text_de }")},
		"text.rq":     {Data: []byte("SELECT (?_text AS ?x) {}")},
		"other.txt":   {Data: []byte("no query")},
	}})
	e.do("PUT", "/data", "application/trig", sample)
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		e.Saved(w, httptest.NewRequest("GET", "http://twin.test"+SavedPath+path, nil))
		return w.Code, w.Body.String()
	}
	_, list := get("")
	for _, want := range []string{`"name": "by-value"`, `"summary": "Things by value"`, `"description": "All of them."`, `"demo"`, `"name": "value"`, `"type": "integer"`, `"name": "thing"`, `"required": false`, `"type": "de"`} {
		if !strings.Contains(list, want) {
			t.Errorf("no %s in\n%s", want, list)
		}
	}
	if strings.Contains(list, `"no"`) || strings.Contains(list, "other") {
		t.Error(list)
	}
	hostile := `") } # ` + "\n" + `"""\ ?_text`
	for _, c := range []struct {
		path, want string
		status     int
	}{
		{"/by-value?value=1&format=csv", "s\r\nhttp://x/a\r\n", 200},
		{"/by-value?format=csv", "parameter value (integer) is missing", 400},
		{"/optional?format=csv", "o\r\n1\r\n2\r\n", 200},
		{"/optional?format=csv&thing=http://x/b", "o\r\n2\r\n", 200},
		{"/optional?format=csv&thing=" + url.QueryEscape("http://x/b> ?p ?o . <x"), "invalid character", 400},
		{"/lang?text=eins", "true", 200},
		{"/lang?text=zwei", "false", 200},
		{"/text?format=csv&text=" + url.QueryEscape(hostile), strings.ReplaceAll(hostile, `"`, `""`), 200},
		{"/none", `no saved query "none"`, 404},
		{"/../other", "no saved query", 404},
	} {
		if status, text := get(c.path); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %q, want %d with %q", c.path, status, text, c.status, c.want)
		}
	}
}

// FuzzSaved: whatever the text and the value, a filled query differs from the
// text only in its parameters, and a value is one term.
func FuzzSaved(f *testing.F) {
	f.Add("SELECT ?s { ?s ?p ?_o FILTER(?s < ?p) }", `x"y`)
	f.Add("ASK { <a?_b> ?p \"?_c\" } # ?_d\n?_e_iri", "http://x/")
	f.Add("\"$0$_0", "a string that is not closed")
	f.Add(`VALUES ?v { ""?_a """?b""" }`, "v")
	f.Fuzz(func(t *testing.T, text, value string) {
		q := savedQuery{text: text}
		filled, err := q.fill(base, func(string) string { return value })
		if err != nil {
			return
		}
		before, err := scanVariables(text)
		if err != nil {
			t.Fatalf("%q was filled, and cannot be read: %v", text, err)
		}
		after, err := scanVariables(filled)
		if err != nil {
			t.Fatalf("%q with %q became %q: %v", text, value, filled, err)
		}
		kept := 0
		for _, v := range before {
			if _, ok := parameter(v.name); !ok || value == "" {
				kept++
			}
		}
		if strings.ToValidUTF8(text, "") == text && strings.ToValidUTF8(value, "") == value && len(after) != kept {
			t.Errorf("%q with %q: %q", text, value, filled)
		}
	})
}
