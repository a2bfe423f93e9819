package gnmi

import (
	"encoding/xml"
	"slices"
	"strconv"

	"github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/protobuf/proto"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
	"nettwin/internal/simulate/yangjson"
)

// leaf is one value of the device.
type leaf struct {
	path  *gnmi.Path
	value *gnmi.TypedValue
}

// key is equal for the same path.
func (l leaf) key() string { return pathKey(l.path.GetElem()) }

func pathKey(elems []*gnmi.PathElem) string {
	out := ""
	for _, e := range elems {
		out += "/" + strconv.Quote(e.GetName())
		var keys []string
		for k := range e.GetKey() {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			out += "[" + k + "=" + strconv.Quote(e.GetKey()[k]) + "]"
		}
	}
	return out
}

// data is everything that the device has.
func (s *Server) data() []*xmltree.Node {
	return config.Overlay(s.set, s.options.Device.Running().XML(), s.options.Device.State())
}

// leaves are all values, each by itself.
func (s *Server) leaves(encoding gnmi.Encoding) []leaf {
	w := &walker{json: yangjson.New(s.set), encoding: encoding}
	w.json.Plain = encoding == gnmi.Encoding_JSON
	w.elements(s.set.Child, "", nil, s.data())
	return w.out
}

// walker lists the leaves of a tree.
type walker struct {
	json     *yangjson.Encoder
	encoding gnmi.Encoding
	out      []leaf
}

func (w *walker) elements(schema func(xml.Name) *yang.Node, parent string, at []*gnmi.PathElem, list []*xmltree.Node) {
	done := map[xml.Name]bool{}
	for _, x := range list {
		n := schema(x.Name)
		if n == nil || done[x.Name] {
			continue
		}
		e := &gnmi.PathElem{Name: qualified(w.json, x.Name, parent)}
		here := append(slices.Clone(at), e)
		switch n.Kind {
		case yang.Leaf:
			w.out = append(w.out, leaf{&gnmi.Path{Elem: here}, w.value(n, []*xmltree.Node{x})})
		case yang.LeafList:
			done[x.Name] = true
			same := slices.DeleteFunc(slices.Clone(list), func(o *xmltree.Node) bool { return o.Name != x.Name })
			w.out = append(w.out, leaf{&gnmi.Path{Elem: here}, w.value(n, same)})
		case yang.List:
			if len(n.Keys) == 0 {
				continue // a path cannot name its entries
			}
			e.Key = entryKey(w.json, n, x)
			w.elements(n.Child, x.Name.Space, here, x.Children)
		case yang.Container:
			w.elements(n.Child, x.Name.Space, here, x.Children)
		}
	}
}

func qualified(e *yangjson.Encoder, name xml.Name, parent string) string {
	if name.Space == parent {
		return name.Local
	}
	return e.Module(name.Space) + ":" + name.Local
}

func entryKey(e *yangjson.Encoder, n *yang.Node, x *xmltree.Node) map[string]string {
	key := map[string]string{}
	for _, name := range n.Keys {
		if k := x.Find(name); k != nil {
			key[name] = e.Scalar(n.Child(k.Name), k).Text
		}
	}
	return key
}

// value writes a leaf, or all of a leaf-list, in the encoding.
func (w *walker) value(n *yang.Node, same []*xmltree.Node) *gnmi.TypedValue {
	if w.encoding != gnmi.Encoding_PROTO {
		return inJSON(w.encoding, w.json.Values(nil, n, same))
	}
	if n.Kind == yang.Leaf {
		return scalar(w.json.Scalar(n, same[0]))
	}
	list := &gnmi.ScalarArray{}
	for _, x := range same {
		list.Element = append(list.Element, scalar(w.json.Scalar(n, x)))
	}
	return &gnmi.TypedValue{Value: &gnmi.TypedValue_LeaflistVal{LeaflistVal: list}}
}

func inJSON(encoding gnmi.Encoding, text []byte) *gnmi.TypedValue {
	if encoding == gnmi.Encoding_JSON {
		return &gnmi.TypedValue{Value: &gnmi.TypedValue_JsonVal{JsonVal: text}}
	}
	return &gnmi.TypedValue{Value: &gnmi.TypedValue_JsonIetfVal{JsonIetfVal: text}}
}

// scalar writes a value as one of gNMI's (specification §2.2.3).
func scalar(s yangjson.Scalar) *gnmi.TypedValue {
	if s.IsNumber() {
		if u, err := strconv.ParseUint(s.Text, 10, 64); err == nil && s.Base[0] == 'u' {
			return &gnmi.TypedValue{Value: &gnmi.TypedValue_UintVal{UintVal: u}}
		}
		if i, err := strconv.ParseInt(s.Text, 10, 64); err == nil && s.Base != "decimal64" {
			return &gnmi.TypedValue{Value: &gnmi.TypedValue_IntVal{IntVal: i}}
		}
		if f, err := strconv.ParseFloat(s.Text, 64); err == nil {
			return &gnmi.TypedValue{Value: &gnmi.TypedValue_DoubleVal{DoubleVal: f}}
		}
	}
	switch s.Base {
	case "boolean":
		return &gnmi.TypedValue{Value: &gnmi.TypedValue_BoolVal{BoolVal: s.Text == "true"}}
	case "empty":
		return &gnmi.TypedValue{Value: &gnmi.TypedValue_BoolVal{BoolVal: true}}
	}
	return &gnmi.TypedValue{Value: &gnmi.TypedValue_StringVal{StringVal: s.Text}}
}

// objects answers a path of Get: an object for all at the root, else each
// element that it names.
func (s *Server) objects(prefix, path *gnmi.Path, encoding gnmi.Encoding) []*gnmi.Update {
	json := yangjson.New(s.set)
	json.Plain = encoding == gnmi.Encoding_JSON
	want := slices.Concat(prefix.GetElem(), path.GetElem())
	if len(want) == 0 {
		return []*gnmi.Update{{Path: &gnmi.Path{}, Val: inJSON(encoding, json.Object(s.set.Child, "", s.data()))}}
	}
	var out []*gnmi.Update
	var find func(schema func(xml.Name) *yang.Node, parent string, at, rest []*gnmi.PathElem, list []*xmltree.Node)
	find = func(schema func(xml.Name) *yang.Node, parent string, at, rest []*gnmi.PathElem, list []*xmltree.Node) {
		for _, x := range list {
			n := schema(x.Name)
			if n == nil {
				continue
			}
			e := &gnmi.PathElem{Name: qualified(json, x.Name, parent)}
			if n.Kind == yang.List {
				e.Key = entryKey(json, n, x)
			}
			if !matchesElem(rest[0], e) {
				continue
			}
			here := append(slices.Clone(at), e)
			if len(rest) > 1 {
				find(n.Child, x.Name.Space, here, rest[1:], x.Children)
				continue
			}
			out = append(out, &gnmi.Update{Path: &gnmi.Path{Elem: here[len(prefix.GetElem()):]}, Val: inJSON(encoding, json.Value(nil, n, x))})
		}
	}
	find(s.set.Child, "", nil, want, s.data())
	return out
}

func same(a, b *gnmi.TypedValue) bool { return proto.Equal(a, b) }
