package xmltree

import (
	"bytes"
	"encoding/xml"
	"strconv"
)

// Append writes the tree after dst, without an XML declaration. Elements use
// the default namespace, changed where it changes; attributes get a prefix.
func (n *Node) Append(dst []byte) []byte {
	w := writer{dst: dst}
	w.node(n, "")
	return w.dst
}

// String is the tree as XML.
func (n *Node) String() string { return string(n.Append(nil)) }

type writer struct{ dst []byte }

// node writes an element where the default namespace is space.
func (w *writer) node(n *Node, space string) {
	w.dst = append(append(w.dst, '<'), n.Name.Local...)
	if n.Name.Space != space {
		w.attr("xmlns", n.Name.Space)
	}
	declared := map[string]string{}
	for _, d := range n.Decls {
		if d.Prefix != "" && d.Prefix != "xml" && d.Prefix != "xmlns" && d.Space != "" {
			declared[d.Prefix] = d.Space
			w.attr("xmlns:"+d.Prefix, d.Space)
		}
	}
	for _, a := range n.Attrs {
		w.attr(w.attrName(a.Name, declared), a.Value)
	}
	switch {
	case len(n.Children) > 0:
		w.dst = append(w.dst, '>')
		for _, c := range n.Children {
			w.node(c, n.Name.Space)
		}
	case n.Text != "":
		w.dst = append(w.dst, '>')
		w.escape(n.Text)
	default:
		w.dst = append(w.dst, "/>"...)
		return
	}
	w.dst = append(append(append(w.dst, "</"...), n.Name.Local...), '>')
}

// attrName returns the qualified name of an attribute and declares its prefix
// where needed.
func (w *writer) attrName(name xml.Name, declared map[string]string) string {
	switch name.Space {
	case "":
		return name.Local
	case xmlSpace:
		return "xml:" + name.Local
	}
	for prefix, space := range declared {
		if space == name.Space {
			return prefix + ":" + name.Local
		}
	}
	prefix := "a"
	for i := 1; declared[prefix] != ""; i++ {
		prefix = "a" + strconv.Itoa(i)
	}
	declared[prefix] = name.Space
	w.attr("xmlns:"+prefix, name.Space)
	return prefix + ":" + name.Local
}

func (w *writer) attr(name, value string) {
	w.dst = append(append(append(w.dst, ' '), name...), `="`...)
	w.escape(value)
	w.dst = append(w.dst, '"')
}

func (w *writer) escape(text string) {
	buf := bytes.NewBuffer(w.dst)
	if err := xml.EscapeText(buf, []byte(text)); err != nil {
		panic(err) // a bytes.Buffer does not fail
	}
	w.dst = buf.Bytes()
}
