package yang

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"nettwin/internal/testenv"
)

// sharedLibrary parses all modules of the shared data, once.
func sharedLibrary(t testing.TB) *Library {
	t.Helper()
	dir := testenv.Shared(t, "data/yang")
	lib, problems, err := loadShared(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("parse: %s", p)
	}
	return lib
}

var (
	sharedOnce     sync.Once
	sharedLib      *Library
	sharedProblems []Problem
	sharedErr      error
)

func loadShared(dir string) (*Library, []Problem, error) {
	sharedOnce.Do(func() { sharedLib, sharedProblems, sharedErr = ParseFS(os.DirFS(dir)) })
	return sharedLib, sharedProblems, sharedErr
}

// treeNode is one line of a tree that yanglint printed.
type treeNode struct {
	flag, name, marks, keys, typ string
	uses                         bool
	sub                          []*treeNode
}

type treeSection struct {
	kind, arg string
	nodes     []*treeNode
}

var (
	sectionLine = regexp.MustCompile(`^(module|  augment|  rpcs|  notifications|  yang-data|  structure|  grouping|  uses)(?: ([^:]\S*))?:(?: (\S+))?$`)
)

// parseTree reads the format of RFC 8340 as yanglint writes it.
func parseTree(t *testing.T, text string) []treeSection {
	var out []treeSection
	var stack []*treeNode
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if m := sectionLine.FindStringSubmatch(line); m != nil {
			out = append(out, treeSection{kind: strings.TrimSpace(m[1]), arg: m[2] + m[3]})
			stack = nil
			continue
		}
		at := strings.Index(line, "--")
		if at < 1 {
			t.Fatalf("line %d: %q is neither section nor node", i+1, line)
		}
		sec := &out[len(out)-1]
		n := parseTreeNode(t, line[at+2:])
		base := 3
		if sec.kind != "module" {
			base = 5
		}
		depth := (at - base) / 3
		if depth < 0 || depth > len(stack) || (at-base)%3 != 0 {
			t.Fatalf("line %d: %q: depth %d below %d", i+1, line, depth, len(stack))
		}
		stack = append(stack[:depth], n)
		if depth == 0 {
			sec.nodes = append(sec.nodes, n)
		} else {
			p := stack[depth-1]
			p.sub = append(p.sub, n)
		}
	}
	return out
}

var nodeRest = regexp.MustCompile(`^(:?\(?[\w.:-]+\)?)([?!*@/]*)(?: \[([^\]]*)\])?(?: +(.*))?$`)

func parseTreeNode(t *testing.T, rest string) *treeNode {
	flag := ""
	switch {
	case strings.HasPrefix(rest, ":"):
	case strings.HasPrefix(rest, " "):
		rest = rest[1:]
	default:
		flag, rest, _ = strings.Cut(rest, " ")
	}
	m := nodeRest.FindStringSubmatch(rest)
	if m == nil {
		t.Fatalf("tree node %q", rest)
	}
	typ := strings.TrimSpace(regexp.MustCompile(`\{[^}]*\}\??$`).ReplaceAllString(m[4], ""))
	return &treeNode{flag: flag, name: m[1], marks: m[2], keys: m[3], typ: typ, uses: flag == "-u"}
}

// treeChecker compares a schema with a tree.
type treeChecker struct {
	t      *testing.T
	c      *compiler
	s      *Schema
	module string
	diffs  []string
	nodes  int

	sections  []treeSection
	reordered []string
}

// reordered are the modules whose siblings yanglint prints in another order
// than the module states them. RFC 7950 gives order a meaning for the keys of
// lists and the input and output of operations only.
var reordered = map[string]string{
	"ietf-network-topology-state":   "keys of a list in an augment: printed as stated, we put keys first",
	"ietf-isis":                     "keys of a list in an augment: printed as stated, we put keys first",
	"ietf-routing":                  "nodes of the module's own augment: libyang puts them elsewhere",
	"ietf-subscribed-notifications": "nodes of an augment within uses: libyang puts them first",
	"ietf-yang-instance-data":       "a structure: libyang prints containers before leafs",
	"ietf-snmp":                     "augments in submodules: libyang applies them in another order",
}

func (tc *treeChecker) diff(path, format string, args ...any) {
	tc.diffs = append(tc.diffs, path+": "+fmt.Sprintf(format, args...))
}

// children compares what stands below one node.
func (tc *treeChecker) children(path, section string, want []*treeNode, got []*Node) {
	index := map[string]*Node{}
	var order []string
	for _, n := range got {
		if (n.Kind == Input || n.Kind == Output) && len(n.sub) == 0 {
			continue
		}
		name := n.Name
		if n.Module.Name != tc.module {
			name = n.Module.Prefix + ":" + n.Name
		}
		switch n.Kind {
		case Choice:
			name = "(" + name + ")"
		case Case:
			name = ":(" + name + ")"
		}
		index[name] = n
		order = append(order, name)
	}
	var listed []string
	for _, w := range want {
		if w.uses {
			for _, name := range tc.groupingNames(w.name) {
				listed = append(listed, name)
				if index[name] == nil {
					tc.diff(path, "%s of grouping %s is missing", name, w.name)
				}
			}
			continue
		}
		listed = append(listed, w.name)
		n := index[w.name]
		if n == nil && index[":("+w.name+")"] != nil && len(index[":("+w.name+")"].sub) == 1 {
			n = index[":("+w.name+")"].sub[0] // a case that the choice's shorthand implies
			listed[len(listed)-1] = ":(" + w.name + ")"
		}
		if n == nil {
			tc.diff(path, "%s is missing", w.name)
			continue
		}
		tc.nodes++
		tc.node(path+"/"+w.name, section, w, n)
	}
	if slices.Equal(listed, order) {
		return
	}
	was := fmt.Sprintf("%v, not %v", order, listed)
	slices.Sort(listed)
	slices.Sort(order)
	switch extra := minus(order, listed); {
	case slices.Equal(listed, order):
		tc.reordered = append(tc.reordered, path+": "+was)
	case len(minus(extra, tc.alsoAugmented(path))) > 0 || len(minus(listed, order)) > 0:
		tc.diff(path, "has nodes that the tree does not have: %v", extra)
	}
}

// alsoAugmented names what other augments of the same module put below a
// target: the tree shows these apart.
func (tc *treeChecker) alsoAugmented(path string) []string {
	var out []string
	for _, sec := range tc.sections {
		if sec.kind == "augment" && "augment "+sec.arg == path {
			for _, n := range sec.nodes {
				out = append(out, n.name)
				if n.uses {
					out = append(out, tc.groupingNames(n.name)...)
				}
			}
		}
	}
	return out
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// groupingNames names the nodes of a grouping that the tree does not unfold.
func (tc *treeChecker) groupingNames(name string) []string {
	m := tc.c.load(tc.module, "")
	for _, u := range m.units {
		sc := &scope{unit: u, st: u.src.st}
		g, gsc := tc.c.findGrouping(sc, &statement{keyword: "uses", arg: name})
		if g == nil {
			continue
		}
		var out []string
		for _, n := range tc.c.build(gsc, m, g, 0) {
			switch n.Kind {
			case Choice:
				out = append(out, "("+n.Name+")")
			default:
				out = append(out, n.Name)
			}
		}
		return out
	}
	return nil
}

var spaces = regexp.MustCompile(`\s+`)

func (tc *treeChecker) node(path, section string, w *treeNode, n *Node) {
	marks := ""
	switch {
	case n.Kind == List || n.Kind == LeafList:
		marks = "*"
	case n.Kind == Container && n.Presence:
		marks = "!"
	case (n.Kind == Leaf || n.Kind == Choice || n.Kind == AnyData || n.Kind == AnyXML) && !n.Mandatory && !n.isKey:
		marks = "?"
	}
	if n.Kind != Case && marks != strings.TrimRight(w.marks, "@/") {
		tc.diff(path, "is %q, not %q", marks, w.marks)
	}
	if section == "data" && n.Kind != Case && (w.flag == "rw" || w.flag == "ro") && (w.flag == "rw") != n.Config {
		tc.diff(path, "config %v, not %s", n.Config, w.flag)
	}
	var keys []string
	for _, k := range n.Keys {
		keys = append(keys, k.Name)
	}
	if s := strings.Join(keys, " "); s != w.keys {
		tc.diff(path, "keys [%s], not [%s]", s, w.keys)
	}
	if n.Kind == Leaf || n.Kind == LeafList {
		typ := n.Type.Name
		if typ == "leafref" {
			typ = "-> " + spaces.ReplaceAllString(n.Type.Path, "")
			w.typ = "-> " + spaces.ReplaceAllString(strings.TrimPrefix(w.typ, "->"), "")
		}
		if typ != w.typ {
			tc.diff(path, "type %s, not %s", typ, w.typ)
		}
	}
	sub := n.sub
	if w.flag == "mp" && len(w.sub) == 0 {
		return
	}
	tc.children(path, section, w.sub, sub)
}

// TestTrees: every module that yanglint loads gives the schema nodes that
// yanglint prints: names, order, rw or ro, optionality, keys, types.
// Data nodes of augments count where the module states them: below the node
// that they augment; what the tree leaves folded as a uses counts by name.
func TestTrees(t *testing.T) {
	lib := sharedLibrary(t)
	var seeds []struct {
		Module string
		Loads  bool
	}
	text, err := os.ReadFile(testenv.Shared(t, "data/yang/yanglint.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &seeds); err != nil {
		t.Fatal(err)
	}
	equal, nodes := 0, 0
	for _, seed := range seeds {
		s, problems, err := lib.Compile([]string{seed.Module}, Options{})
		if err != nil {
			t.Errorf("%s: %v", seed.Module, err)
			continue
		}
		for _, p := range problems {
			t.Errorf("%s: problem: %s", seed.Module, p)
		}
		if !seed.Loads {
			continue
		}
		tree, err := os.ReadFile(testenv.Shared(t, filepath.Join("data/yang/trees", seed.Module+".tree")))
		if err != nil {
			t.Fatal(err)
		}
		tc := &treeChecker{t: t, c: testCompiler(lib), s: s, module: seed.Module}
		tc.sections = parseTree(t, string(tree))
		for _, sec := range tc.sections {
			tc.section(sec)
		}
		if _, known := reordered[seed.Module]; known != (len(tc.reordered) > 0) {
			t.Errorf("%s: order: %v", seed.Module, tc.reordered)
		}
		nodes += tc.nodes
		if len(tc.diffs) == 0 {
			equal++
			continue
		}
		for i, d := range tc.diffs {
			if i == 12 {
				t.Errorf("%s: … %d more", seed.Module, len(tc.diffs)-i)
				break
			}
			t.Errorf("%s: %s", seed.Module, d)
		}
	}
	t.Logf("%d of %d trees equal, %d nodes compared", equal, len(seeds)-2, nodes)
}

func testCompiler(lib *Library) *compiler {
	return &compiler{lib: lib, opts: Options{MaxNodes: DefaultMaxNodes}, chosen: map[string]string{}, modules: map[string]*module{},
		byName: map[string]*top{}, types: map[*statement]*Type{}, counters: map[string]bool{}}
}

func (tc *treeChecker) section(sec treeSection) {
	own := func(list []*Node) (out []*Node) {
		for _, n := range list {
			if n.Module.Name == tc.module {
				out = append(out, n)
			}
		}
		return out
	}
	switch sec.kind {
	case "module":
		tc.children("", "data", sec.nodes, own(topSchema(tc.s.data)))
	case "rpcs":
		tc.children("rpcs", "rpc", sec.nodes, own(tc.s.rpcs))
	case "notifications":
		tc.children("notifications", "notification", sec.nodes, own(tc.s.notes))
	case "structure":
		tc.children("structure", "structure", sec.nodes, tc.s.topIndex[childKey{tc.module, sec.arg}].sub)
	case "yang-data":
		for _, n := range sec.nodes {
			if got := tc.s.topIndex[childKey{tc.module, n.name}]; got == nil {
				tc.diff("yang-data", "%s is missing", n.name)
			} else {
				tc.node("yang-data/"+n.name, "structure", n, got)
			}
		}
	case "augment":
		tc.augment(sec)
	default:
		tc.t.Fatalf("section %s", sec.kind)
	}
}

// topSchema puts choices back over their data nodes.
func topSchema(data []*Node) []*Node {
	var out []*Node
	for _, n := range data {
		for n.up != nil {
			n = n.up
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// augment compares the nodes of an augment: they are this module's below the
// target, as far as they come from this statement.
func (tc *treeChecker) augment(sec treeSection) {
	m := tc.c.load(tc.module, "")
	n := tc.target(m, sec.arg)
	if n == nil {
		tc.diff("augment "+sec.arg, "no such node")
		return
	}
	section := "data"
	if !n.Config {
		section = "state" // the tree prints statements: it does not know of the target
	}
	for p := n; p != nil; p = p.Parent {
		if p.Kind == RPC || p.Kind == Notification || p.Kind == Action {
			section = "rpc"
		}
	}
	var got []*Node
	wanted := map[string]bool{}
	for _, w := range sec.nodes {
		wanted[w.name] = true
		if w.uses {
			for _, name := range tc.groupingNames(w.name) {
				wanted[name] = true
			}
		}
	}
	for _, o := range n.sub {
		name := o.Name
		if o.Kind == Case && wanted[name] {
			got = append(got, o)
			continue
		}
		if o.Kind == Choice {
			name = "(" + name + ")"
		} else if o.Kind == Case {
			name = ":(" + name + ")"
		}
		if o.Module.Name == tc.module && wanted[name] {
			got = append(got, o)
		}
	}
	tc.children("augment "+sec.arg, section, sec.nodes, got)
}

func (tc *treeChecker) target(m *module, path string) *Node {
	var n *Node
	for i, step := range strings.Split(path, "/")[1:] {
		mod, name := m.units[0].resolve(step)
		if mod == nil {
			return nil
		}
		if i == 0 {
			n = tc.s.topIndex[childKey{mod.Name, name}]
		} else {
			j := slices.IndexFunc(n.sub, func(o *Node) bool { return o.Name == name && o.Module.Name == mod.Name })
			if j < 0 {
				return nil
			}
			n = n.sub[j]
		}
		if n == nil {
			return nil
		}
	}
	return n
}
