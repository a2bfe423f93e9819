package gnmi

//lint:file-ignore SA1019 values in their deprecated forms are read, which old devices send.

import (
	"encoding/json"
	"testing"

	"github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"nettwin/ingest/schemas"
	"nettwin/ontology/yang"
)

// FuzzParsePath: no text makes the reader of paths panic, and what it reads is a
// path within the limits.
func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"/", "/a/b[k=v]/c", `/a[k=x\]y][l=m/n]`, "oc:/interfaces", "/a[", "a", "/m:a/*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			return
		}
		if _, steps, err := Steps(nil, p); err != nil || len(steps) > maxSteps {
			t.Errorf("%q: %d steps, %v", text, len(steps), err)
		}
	})
}

// FuzzReadValue: no value makes the reader panic, and what it makes of scalars
// is JSON.
func FuzzReadValue(f *testing.F) {
	for _, v := range []*gnmi.TypedValue{
		{Value: &gnmi.TypedValue_StringVal{StringVal: "x\x01"}}, {Value: &gnmi.TypedValue_UintVal{UintVal: 1<<64 - 1}},
		{Value: &gnmi.TypedValue_DoubleVal{DoubleVal: 1e300}}, {Value: &gnmi.TypedValue_JsonVal{JsonVal: []byte(`{"a":1}`)}},
		{Value: &gnmi.TypedValue_DecimalVal{DecimalVal: &gnmi.Decimal64{Digits: -5, Precision: 3}}},
		{Value: &gnmi.TypedValue_LeaflistVal{LeaflistVal: &gnmi.ScalarArray{Element: []*gnmi.TypedValue{{Value: &gnmi.TypedValue_BoolVal{BoolVal: true}}}}}},
	} {
		wire, err := proto.Marshal(&gnmi.Update{Val: v})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		u := &gnmi.Update{}
		if proto.Unmarshal(wire, u) != nil {
			return
		}
		v, err := ReadValue(u)
		isDocument := u.GetVal().GetJsonVal() != nil || u.GetVal().GetJsonIetfVal() != nil || u.GetVal().GetLeaflistVal() != nil || u.GetVal() == nil
		if err == nil && !isDocument && !json.Valid(v.JSON) {
			t.Errorf("%v is %q", u, v.JSON)
		}
	})
}

// FuzzApply: no notifications make a tree panic, grow beyond its limit, or break
// its invariants.
func FuzzApply(f *testing.F) {
	for _, text := range []string{
		`{"prefix":{"elem":[{"name":"a:b"},{"name":"c","key":{"k":"1"}}]},"update":[{"path":{"elem":[{"name":"d"}]},"val":{"stringVal":"x"}}]}`,
		`{"update":[{"path":{"elem":[{"name":"t:top"}]},"val":{"jsonVal":"eyJsaXN0IjpbeyJrIjoiMSIsInYiOjJ9XSwibGwiOlsxLDJdLCJ4IjpbW11dfQ=="}}],"delete":[{"elem":[{"name":"t:top"},{"name":"list"}]}]}`,
		`{"atomic":true,"prefix":{"origin":"o","element":["a[k=v]","b"]},"update":[{"path":{"elem":[{"name":"01:00"}]},"val":{"leaflistVal":{"element":[{"intVal":"1"}]}}}]}`,
	} {
		n := &gnmi.Notification{}
		if err := protojson.Unmarshal([]byte(text), n); err != nil {
			f.Fatal(err)
		}
		wire, err := proto.Marshal(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire, wire)
	}
	model, err := fuzzModel()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		tree := newTree(model, 2000)
		for _, wire := range [][]byte{first, second, first} {
			n := &gnmi.Notification{}
			if proto.Unmarshal(wire, n) != nil {
				return
			}
			if err := tree.apply(n); err != nil && len(tree.index) <= tree.max {
				t.Fatal(err)
			}
			tree.check(t)
		}
		tree.facts()
		if err := tree.apply(&gnmi.Notification{Delete: []*gnmi.Path{{}}}); err != nil || len(tree.index) > 0 {
			t.Fatalf("%d elements are left, %v", len(tree.index), err)
		}
	})
}

func fuzzModel() (*schemas.Model, error) {
	m, err := schemas.Unmapped("")
	if err != nil {
		return nil, err
	}
	text := []byte(`module t { namespace "urn:t"; prefix t; container top { list list { key "k"; leaf k { type string; } leaf v { type uint8; }
  container c { leaf d { type string; } } } leaf-list ll { type int32; } list free { config false; leaf f { type string; } } anydata any; leaf u { type union { type uint64; type string; } } } }`)
	m.Schema, _, err = yang.Compile(map[string][]byte{"t.yang": text}, nil, yang.Options{})
	return m, err
}
