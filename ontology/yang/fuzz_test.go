package yang

import (
	"bytes"
	"testing"
)

// FuzzCompile: no source makes the compiler panic or run without bound, and
// the same sources give the same schema.
func FuzzCompile(f *testing.F) {
	for _, body := range []string{"leaf a { type string; }", "grouping g { leaf x { type leafref { path \"../y\"; } } } uses g { augment c { leaf q { type empty; } } }",
		"typedef t { type union { type int8 { range \"1 | 3..max\"; } type enumeration { enum a; } } } list l { key \"k\"; leaf k { type t; } unique k; }",
		"feature f; choice c { if-feature \"not (f or f)\"; case a { leaf x { type bits { bit q; } } } container y; }",
		"rpc r { input { leaf a { type string; } } } notification n; augment /m:r/m:input { leaf b { type binary; } }",
		"deviation /m:a { deviate add { default \"x\" + 'y'; } } identity i { base j; } identity j; leaf z { type identityref { base i; } }"} {
		f.Add(moduleText("m", body), moduleText("n", "import m { prefix m; } augment /m:a { leaf x { type string; } }"))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var first string
		for i := range 2 {
			s, problems, err := Compile(map[string][]byte{"a.yang": a, "b.yang": b}, nil, Options{MaxNodes: 2000})
			text := ""
			for _, p := range problems {
				text += p.String() + "\n"
			}
			if err == nil {
				for _, n := range s.Data() {
					text += n.Path() + "\n"
				}
			}
			if i == 0 {
				first = text
			} else if text != first {
				t.Fatalf("two compilations differ:\n%s\n%s", first, text)
			}
		}
	})
}

// checkDecoded holds what must be so of any tree: encoders and validation
// take it, and what the encoder writes decodes to the same facts.
func checkDecoded(t *testing.T, s *Schema, tree *Tree) {
	for _, p := range tree.Pushes() {
		if p.Tree != nil {
			factLines(p.Tree)
		}
	}
	want := factLines(tree)
	tree.Validate(ValidateOptions{})
	s.Build(tree.Facts)
	if _, err := s.Diff(&Tree{Schema: s}, tree); err != nil {
		_ = err.Error()
	}
	var j bytes.Buffer
	if err := tree.EncodeJSON(&j, EncodeOptions{}); err != nil {
		t.Fatal(err)
	}
	again, err := s.ReadJSON(bytes.NewReader(j.Bytes()), DecodeOptions{})
	if err != nil {
		t.Fatalf("%v in %s", err, j.Bytes())
	}
	if tree.Stats.Misfits+tree.Stats.Unknown+tree.Stats.Invalid == 0 {
		if d := diffLines(want, factLines(again)); d != "" {
			t.Fatalf("facts after json:\n%s\n%s", d, j.Bytes())
		}
	}
}

// FuzzDecodeXML: no input makes the decoder panic; what it takes it writes
// and reads again.
func FuzzDecodeXML(f *testing.F) {
	s := oracleSchema(f)
	for _, inner := range []string{`<i8>-7</i8><nothing/>`, `<blob>aA==</blob><bits>c a</bits>`, `<tag>a</tag><tag>b</tag>`,
		`<person><name>a</name><family>b</family><friend>a</friend></person>`, `<where xmlns:q="urn:acme:kinds">/q:kinds/q:step[q:id='1']</where>`,
		`<any><kinds><i8>1</i8></kinds></any>`, `<step><id>9</id></step><sample><at>1</at></sample>`} {
		f.Add([]byte(`<kinds xmlns="urn:acme:kinds">` + inner + `</kinds>`))
	}
	f.Add([]byte(`<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" xmlns:k="urn:acme:kinds"><data><k:kinds><k:colour>k:red</k:colour><x xmlns="u:v"><y/>z<y a="1">&#x41;<![CDATA[<]]></y></x></k:kinds></data></rpc-reply>`))
	f.Add([]byte(`<push-change-update xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-push"><id>1</id><datastore-changes><yang-patch><edit><operation>replace</operation><target>/acme-kinds:kinds/person=a,b</target><value><person xmlns="urn:acme:kinds"><name>a</name><family>b</family></person></value></edit></yang-patch></datastore-changes></push-change-update>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		tree, err := s.ReadXML(bytes.NewReader(text), DecodeOptions{MaxElements: 5000})
		if err != nil {
			return
		}
		checkDecoded(t, s, tree)
	})
}

// FuzzDecodeJSON: the same for JSON.
func FuzzDecodeJSON(f *testing.F) {
	s := oracleSchema(f)
	for _, inner := range []string{`"i8":-7,"nothing":[null]`, `"u64":"18446744073709551615","bits":"c a"`, `"tag":["a","b"],"number":[1,2]`,
		`"person":[{"name":"a","family":"b","friend":"a"}]`, `"where":"/acme-kinds:kinds/step[id='1']"`, `"either":"on","colour":"acme-more:green"`,
		`"any":{"acme-kinds:kinds":{"i8":1}}`, `"step":[{"id":9}],"sample":[{"at":1},{}]`} {
		f.Add([]byte(`{"acme-kinds:kinds":{` + inner + `}}`))
	}
	f.Add([]byte(`{"ietf-restconf:data":{"acme-kinds:kinds":{"@i8":{"a":1},"i8":"5","x:y":[{"z":[1,"b",null]},{}],"any":{"q":[[1]]},"person":{"name":"a"},"tag":"b"}}}`))
	f.Add([]byte(`{"ietf-yang-push:push-change-update":{"datastore-changes":{"yang-patch":{"edit":[{"value":{"acme-kinds:i8":1},"operation":"replace","target":"/acme-kinds:kinds/i8"},{"operation":"delete","target":"/acme-kinds:kinds/tag=a"}]}}}}`))
	f.Add([]byte(`{"ietf-yp-notification:envelope":{"hostname":"a","contents":{"ietf-yang-push:push-update":{"id":1,"datastore-contents":{"x:y":[{"k":1}]}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		tree, err := s.ReadJSON(bytes.NewReader(text), DecodeOptions{MaxElements: 5000})
		if err != nil {
			return
		}
		checkDecoded(t, s, tree)
	})
}

// FuzzDataPath: no path makes the decoder panic.
func FuzzDataPath(f *testing.F) {
	s := oracleSchema(f)
	f.Add("acme-kinds:kinds/person=a,b%2F/pets")
	f.Fuzz(func(t *testing.T, path string) {
		if tree, err := s.ReadJSON(bytes.NewReader([]byte("{}")), DecodeOptions{At: path}); err == nil {
			checkDecoded(t, s, tree)
		}
	})
}
