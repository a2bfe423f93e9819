package yang

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// EncodeOptions say what is written.
type EncodeOptions struct {
	// Config leaves state data (config false) out.
	Config bool
	// Root names an element around XML data, in NETCONF's namespace: "data"
	// or "config"; "" writes the top elements alone.
	Root string
	// Namespaces names the namespaces of modules that have no schema: the
	// inverse of DecodeOptions.Modules.
	Namespaces map[string]string
}

// ordered returns the elements to write: in schema order, with keys first;
// entries of a list stay in their order; what has no schema comes last.
func ordered(list []*Element, config bool) []*Element {
	out := slices.Clone(list)
	if config {
		out = slices.DeleteFunc(out, func(e *Element) bool {
			return e.Node == nil || !e.Node.Config && inDatastore(e.Node)
		})
	}
	place := func(e *Element) int {
		if e.Node == nil {
			return int(^uint(0) >> 1)
		}
		return e.Node.order
	}
	slices.SortStableFunc(out, func(a, b *Element) int {
		switch p, q := place(a), place(b); {
		case p < q:
			return -1
		case p > q:
			return 1
		}
		return 0
	})
	return out
}

// inDatastore tells whether config means something for the node: it is not
// below an operation, a notification or a structure.
func inDatastore(n *Node) bool {
	for ; n != nil; n = n.Parent {
		switch n.Kind {
		case RPC, Action, Notification, Structure:
			return false
		}
	}
	return true
}

// EncodeJSON writes the tree as RFC 7951 does.
func (t *Tree) EncodeJSON(w io.Writer, opts EncodeOptions) error {
	b := bufio.NewWriter(w)
	j := &jsonWriter{w: b, config: opts.Config}
	j.object(t.Top, "")
	b.WriteByte('\n')
	return b.Flush()
}

type jsonWriter struct {
	w interface {
		WriteString(string) (int, error)
		WriteByte(byte) error
	}
	config bool
}

// object writes a JSON object of elements, those of one name together.
func (j *jsonWriter) object(list []*Element, module string) {
	list = ordered(list, j.config)
	j.w.WriteByte('{')
	done := map[childKey]bool{}
	groups := map[childKey][]*Element{}
	for _, e := range list {
		key := childKey{e.Module, e.Name}
		groups[key] = append(groups[key], e)
	}
	for _, e := range list {
		key := childKey{e.Module, e.Name}
		if done[key] {
			continue
		}
		if len(done) > 0 {
			j.w.WriteByte(',')
		}
		done[key] = true
		name := e.Name
		if e.Module != module {
			name = e.Module + ":" + e.Name
		}
		j.quoted(name)
		j.w.WriteByte(':')
		j.group(groups[key])
	}
	j.w.WriteByte('}')
}

func (j *jsonWriter) group(list []*Element) {
	n := list[0].Node
	array := n != nil && (n.Kind == List || n.Kind == LeafList) || n == nil && len(list) > 1
	if !array {
		j.element(list[len(list)-1])
		return
	}
	j.w.WriteByte('[')
	for i, e := range list {
		if i > 0 {
			j.w.WriteByte(',')
		}
		j.element(e)
	}
	j.w.WriteByte(']')
}

func (j *jsonWriter) element(e *Element) {
	switch {
	case e.Node != nil && e.isLeaf():
		j.value(e)
	case len(e.Children) > 0:
		module := e.Module
		if e.Node != nil && (e.Node.Kind == AnyData || e.Node.Kind == AnyXML) {
			module = "" // the content is data from the top: RFC 7951 §4 names its modules
		}
		j.object(e.Children, module)
	case e.Node == nil || e.Node.Kind == AnyXML || e.Node.Kind == AnyData:
		switch {
		case e.literal:
			j.w.WriteString(e.Value.Text)
		case e.Node != nil && e.Value.Text == "":
			j.w.WriteString("{}")
		default:
			j.quoted(e.Value.Text)
		}
	default:
		j.w.WriteString("{}")
	}
}

func (j *jsonWriter) value(e *Element) {
	v := e.Value
	if v.Type != nil {
		switch v.Type.Base {
		case Int8, Int16, Int32, Uint8, Uint16, Uint32, Boolean:
			j.w.WriteString(v.Text)
			return
		case Empty:
			if e.Node.Kind == LeafList {
				j.w.WriteString("null")
			} else {
				j.w.WriteString("[null]")
			}
			return
		}
	}
	j.quoted(v.Text)
}

// quoted writes a JSON string.
func (j *jsonWriter) quoted(s string) {
	const hexDigits = "0123456789abcdef"
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	j.w.WriteByte('"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		j.w.WriteString(s[start:i])
		start = i + 1
		switch c {
		case '"', '\\':
			j.w.WriteByte('\\')
			j.w.WriteByte(c)
		case '\n':
			j.w.WriteString(`\n`)
		case '\t':
			j.w.WriteString(`\t`)
		case '\r':
			j.w.WriteString(`\r`)
		default:
			j.w.WriteString(`\u00`)
			j.w.WriteByte(hexDigits[c>>4])
			j.w.WriteByte(hexDigits[c&15])
		}
	}
	j.w.WriteString(s[start:])
	j.w.WriteByte('"')
}

// anyJSON writes the content of anydata or anyxml as one JSON value.
func (t *Tree) anyJSON(e *Element) string {
	var b strings.Builder
	(&jsonWriter{w: &b}).element(e)
	return b.String()
}
