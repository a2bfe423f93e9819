package restconf

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// refused is why a request is not answered with data.
type refused struct {
	status             int
	kind, tag, message string
}

func badRequest(tag, format string, args ...any) *refused {
	return &refused{http.StatusBadRequest, "protocol", tag, fmt.Sprintf(format, args...)}
}

// data serves the datastore and data resources (RFC 8040 §3.4, §3.5).
func (s *Server) data(w http.ResponseWriter, r *http.Request, path string) {
	query, bad := s.query(r)
	if bad != nil {
		s.refuse(w, r, bad)
		return
	}
	running := s.options.Device.Running().XML()
	tag := entityTag(running)
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	var everything, own []*xmltree.Node
	switch query.content {
	case "config":
		everything = running
	case "nonconfig":
		everything, own = s.state(), s.describe(s.base(r))
	default:
		everything, own = config.Overlay(s.set, running, s.state()), s.describe(s.base(r))
	}
	if path == "" {
		all := element{datastore: true}
		all.elements = query.reduce(s.set.Child, everything)
		all.self = query.reduce(s.own.set.Child, own)
		s.write(w, r, all)
		return
	}
	found, bad := s.find(everything, own, path)
	if bad != nil {
		s.refuse(w, r, bad)
		return
	}
	reduced := query.reduce(found.schema.Child, found.x.Children)
	x := *found.x
	x.Children = reduced
	found.x = &x
	s.write(w, r, found)
}

// state is the device's state without what the server says of itself.
func (s *Server) state() []*xmltree.Node {
	return slices.DeleteFunc(slices.Clone(s.options.Device.State()), func(x *xmltree.Node) bool {
		return x.Name.Space == librarySpace || x.Name.Space == monitoringSpace
	})
}

// entityTag changes when the configuration does (RFC 8040 §3.4.1.2).
func entityTag(running []*xmltree.Node) string {
	sum := sha256.New()
	for _, x := range running {
		sum.Write(x.Append(nil))
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`
}

// base is the root's URL as the client sees it.
func (s *Server) base(r *http.Request) string { return "https://" + r.Host + s.options.Root }

// element is what is written: one element with its schema, or the datastore.
type element struct {
	own    bool // of the server's own modules
	x      *xmltree.Node
	schema *yang.Node

	datastore      bool
	elements, self []*xmltree.Node
}

// find follows an api-path (RFC 8040 §3.5.3).
func (s *Server) find(everything, own []*xmltree.Node, path string) (element, *refused) {
	var at element
	list, child := everything, s.set.Child
	space := ""
	for i, step := range strings.Split(path, "/") {
		name, keyText, hasKeys := strings.Cut(step, "=")
		module, local, qualified := strings.Cut(name, ":")
		if !qualified {
			module, local = "", name
		}
		if i == 0 && !qualified {
			return at, badRequest("invalid-value", "the first name of a path needs its module: %s", name)
		}
		if qualified {
			space = s.space(module)
			if i == 0 && space != "" && s.own.set.HasNamespace(space) && s.own.set.Child(xml.Name{Space: space, Local: local}) != nil && slices.ContainsFunc(own, func(x *xmltree.Node) bool { return x.Is(space, local) }) {
				list, child, at.own = own, s.own.set.Child, true
			}
		}
		schema := child(xml.Name{Space: space, Local: local})
		if schema == nil {
			return at, badRequest("unknown-element", "there is no %s in the modules", name)
		}
		var keys []string
		if hasKeys {
			for k := range strings.SplitSeq(keyText, ",") {
				value, err := url.PathUnescape(k)
				if err != nil {
					return at, badRequest("invalid-value", "%v", err)
				}
				keys = append(keys, value)
			}
		}
		if schema.Kind == yang.List && len(keys) != len(schema.Keys) {
			return at, badRequest("missing-attribute", "%s has %d keys, the path %d", name, len(schema.Keys), len(keys))
		}
		var next *xmltree.Node
		for _, x := range list {
			if x.Is(space, local) && hasKey(schema, x, keys) {
				next = x
				break
			}
		}
		if next == nil {
			return at, &refused{http.StatusNotFound, "protocol", "invalid-value", "there is no instance of " + path}
		}
		at.x, at.schema = next, schema
		list, child = next.Children, schema.Child
	}
	return at, nil
}

func hasKey(n *yang.Node, x *xmltree.Node, keys []string) bool {
	if n.Kind == yang.LeafList {
		return len(keys) == 1 && x.Value() == keys[0]
	}
	for i, key := range keys {
		if k := x.Find(n.Keys[i]); k == nil || k.Value() != key {
			return false
		}
	}
	return true
}

// space is the namespace of a module; "" if there is none.
func (s *Server) space(module string) string {
	if m := s.set.Module(module, ""); m != nil {
		return m.Namespace
	}
	if m := s.own.set.Module(module, ""); m != nil {
		return m.Namespace
	}
	return ""
}

// selection is what the query parameters ask for (RFC 8040 §4.8).
type selection struct {
	server  *Server
	content string
	depth   int // 0: unbounded
	fields  []field
}

func (s *Server) query(r *http.Request) (selection, *refused) {
	q := selection{server: s, content: "all"}
	// The examples of RFC 8040 have semicolons as they are, which Go takes for
	// separators.
	parameters, err := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B"))
	if err != nil {
		return q, badRequest("invalid-value", "%v", err)
	}
	for name, values := range parameters {
		if len(values) != 1 {
			return q, badRequest("invalid-value", "the parameter %s stands %d times", name, len(values))
		}
		value := values[0]
		switch {
		case name == "content" && (value == "all" || value == "config" || value == "nonconfig"):
			q.content = value
		case name == "depth" && !s.options.NoFields && value == "unbounded":
		case name == "depth" && !s.options.NoFields:
			n, err := strconv.ParseUint(value, 10, 16)
			if err != nil || n == 0 {
				return q, badRequest("invalid-value", "depth is unbounded or a number from 1 to 65535, not %q", value)
			}
			q.depth = int(n)
		case name == "fields" && !s.options.NoFields:
			p := &fieldParser{text: value}
			if q.fields = p.list(0); p.failed || p.text != "" {
				return q, badRequest("invalid-value", "fields %q is malformed", value)
			}
		default:
			return q, badRequest("invalid-value", "the parameter %s=%s is not served", name, value)
		}
	}
	return q, nil
}

// reduce selects from elements by fields and depth. Keys of selected list
// entries are selected too.
func (q selection) reduce(schema func(xml.Name) *yang.Node, elements []*xmltree.Node) []*xmltree.Node {
	if q.fields != nil {
		elements = q.pick(schema, elements, q.fields, nil)
	}
	if q.depth > 0 {
		elements = cut(elements, q.depth)
	}
	return elements
}

func (q selection) pick(schema func(xml.Name) *yang.Node, elements []*xmltree.Node, fields []field, keys []string) []*xmltree.Node {
	var kept []*xmltree.Node
	for _, x := range elements {
		i := slices.IndexFunc(fields, func(f field) bool {
			return f.name == x.Name.Local && (f.module == "" || q.server.space(f.module) == x.Name.Space)
		})
		switch {
		case i < 0 && slices.Contains(keys, x.Name.Local), i >= 0 && fields[i].below == nil:
			kept = append(kept, x)
		case i >= 0:
			n := schema(x.Name)
			if n == nil {
				continue
			}
			c := *x
			c.Children = q.pick(n.Child, x.Children, fields[i].below, n.Keys)
			kept = append(kept, &c)
		}
	}
	return kept
}

func cut(elements []*xmltree.Node, depth int) []*xmltree.Node {
	var kept []*xmltree.Node
	for _, x := range elements {
		c := *x
		if c.Children = nil; depth > 1 {
			c.Children = cut(x.Children, depth-1)
		}
		if depth > 1 || len(x.Children) == 0 {
			kept = append(kept, &c)
		}
	}
	return kept
}

// field is one name of the parameter fields with what is asked for below it;
// nil means all.
type field struct {
	module, name string
	below        []field
}

type fieldParser struct {
	text   string
	failed bool
}

// maxFieldDepth bounds the nesting of fields.
const maxFieldDepth = 32

// list reads path ["(" list ")"] {";" …} (RFC 8040 §4.8.3).
func (p *fieldParser) list(depth int) []field {
	var all []field
	for {
		all = append(all, p.path(depth))
		if p.failed || !strings.HasPrefix(p.text, ";") {
			return all
		}
		p.text = p.text[1:]
	}
}

func (p *fieldParser) path(depth int) field {
	end := strings.IndexAny(p.text, ";()/")
	if end < 0 {
		end = len(p.text)
	}
	var f field
	module, name, ok := strings.Cut(p.text[:end], ":")
	if f.module, f.name = module, name; !ok {
		f.module, f.name = "", module
	}
	p.text = p.text[end:]
	if f.name == "" || depth > maxFieldDepth {
		p.failed = true
		return f
	}
	switch {
	case strings.HasPrefix(p.text, "/"):
		p.text = p.text[1:]
		f.below = []field{p.path(depth + 1)}
	case strings.HasPrefix(p.text, "("):
		p.text = p.text[1:]
		f.below = p.list(depth + 1)
		if !strings.HasPrefix(p.text, ")") {
			p.failed = true
			return f
		}
		p.text = p.text[1:]
	}
	return f
}
