package yang

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// maxDepth bounds groupings within groupings, typedefs of typedefs and nodes
// within each other.
const maxDepth = 64

// maxNodes bounds the schema: groupings could multiply without end.
const maxNodes = 1 << 18

// A compiler makes a Set of statements.
type compiler struct {
	set      *Set
	options  Options
	scopes   map[string]*scope // newest by name
	order    []string
	typedefs map[*stmt]*Type
	leafrefs []leafref
	nodes    int
}

// A leafref is a type whose target is found when the tree is complete.
type leafref struct {
	typ  *Type
	stmt *stmt // the path statement
	node *Node // the leaf
}

// compile builds the tree: nodes, then augments, then what refers to them.
func (c *compiler) compile() error {
	for _, name := range c.order {
		s := c.scopes[name]
		nodes, err := c.children(s.root, place{space: s.owner.Namespace, config: true})
		if err != nil {
			return err
		}
		c.set.Top = append(c.set.Top, nodes...)
	}
	if err := c.augments(); err != nil {
		return err
	}
	for _, ref := range c.leafrefs {
		if err := c.target(ref); err != nil {
			return err
		}
	}
	return nil
}

// A place says where statements become nodes.
type place struct {
	space  string // namespace of the module that uses them
	config bool
	parent *Node
	depth  int
}

// under is the place below a node.
func (p place) under(n *Node) place {
	return place{space: p.space, config: n.Config, parent: n, depth: p.depth + 1}
}

// children compiles the data definitions among the substatements of s.
func (c *compiler) children(s *stmt, at place) ([]*Node, error) {
	if at.depth > maxDepth {
		return nil, s.errorf("nodes: %w: more than %d levels", ErrNesting, maxDepth)
	}
	var nodes []*Node
	for _, sub := range s.subs {
		more, err := c.definition(sub, at)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, more...)
	}
	return nodes, nil
}

var kinds = map[string]Kind{
	"container": Container, "list": List, "leaf": Leaf, "leaf-list": LeafList,
	"choice": Choice, "case": Case, "anydata": AnyData, "anyxml": AnyData,
}

// definition compiles one statement; none but data definitions give nodes.
func (c *compiler) definition(s *stmt, at place) ([]*Node, error) {
	kind := kinds[s.keyword]
	if kind == 0 && s.keyword != "uses" {
		return nil, nil
	}
	if ok, err := c.supported(s); err != nil || !ok {
		return nil, err
	}
	if s.keyword == "uses" {
		return c.uses(s, at)
	}
	n, err := c.node(s, kind, at)
	if err != nil {
		return nil, err
	}
	if at.parent != nil && at.parent.Kind == Choice && kind != Case {
		// RFC 7950 §7.9.2: a case statement may be left out.
		implicit := &Node{Kind: Case, Name: n.Name, Config: n.Config, Parent: at.parent, Children: []*Node{n}}
		n.Parent = implicit
		n = implicit
	}
	return []*Node{n}, nil
}

func (c *compiler) node(s *stmt, kind Kind, at place) (*Node, error) {
	if c.nodes++; c.nodes > maxNodes {
		return nil, s.errorf("more than %d schema nodes", maxNodes)
	}
	n := &Node{Kind: kind, Name: xml.Name{Space: at.space, Local: s.arg}, Config: at.config, Parent: at.parent}
	if err := properties(n, s); err != nil {
		return nil, err
	}
	if kind == Leaf || kind == LeafList {
		return n, c.leaf(n, s)
	}
	var err error
	n.Children, err = c.children(s, at.under(n))
	return n, err
}

// properties reads the substatements that uses and refine may also set.
func properties(n *Node, s *stmt) error {
	for _, sub := range s.subs {
		var err error
		switch sub.keyword {
		case "config":
			n.Config = n.Config && sub.arg == "true"
		case "mandatory":
			n.Mandatory = sub.arg == "true"
		case "presence":
			n.Presence = true
		case "default":
			n.Default = append(n.Default, sub.arg)
		case "key":
			n.Keys = strings.Fields(sub.arg)
		case "ordered-by":
			n.UserOrdered = sub.arg == "user"
		case "min-elements":
			n.Min, err = strconv.Atoi(sub.arg)
		case "max-elements":
			if sub.arg != "unbounded" {
				n.Max, err = strconv.Atoi(sub.arg)
			}
		}
		if err != nil {
			return sub.errorf("%s %q is no number", sub.keyword, sub.arg)
		}
	}
	return nil
}

func (c *compiler) leaf(n *Node, s *stmt) error {
	ts := s.sub("type")
	if ts == nil {
		return s.errorf("leaf %q has no type", s.arg)
	}
	var err error
	if n.Type, err = c.typ(ts, 0); err != nil {
		return err
	}
	if n.Type.inherited != "" && n.Default == nil && !n.Mandatory && n.Kind == Leaf {
		n.Default = []string{n.Type.inherited}
	}
	c.collectLeafrefs(n.Type, n)
	return nil
}

func (c *compiler) collectLeafrefs(t *Type, n *Node) {
	if t.path != nil {
		c.leafrefs = append(c.leafrefs, leafref{t, t.path, n})
	}
	for _, m := range t.members {
		c.collectLeafrefs(m, n)
	}
}

// uses puts the nodes of a grouping here (RFC 7950 §7.13).
func (c *compiler) uses(s *stmt, at place) ([]*Node, error) {
	if c.nodes++; c.nodes > maxNodes {
		return nil, s.errorf("more than %d uses and schema nodes", maxNodes)
	}
	grouping, err := c.definitionOf(s, "grouping", s.arg)
	if err != nil {
		return nil, err
	}
	at.depth++
	nodes, err := c.children(grouping, at)
	if err != nil {
		return nil, err
	}
	for _, sub := range s.subs {
		switch sub.keyword {
		case "refine":
			if n := descend(nodes, strings.Split(sub.arg, "/")); n != nil {
				if sub.sub("default") != nil {
					n.Default = nil
				}
				if err := properties(n, sub); err != nil {
					return nil, err
				}
			}
		case "augment":
			n := descend(nodes, strings.Split(sub.arg, "/"))
			if n == nil {
				return nil, sub.errorf("augment of %q: %w", sub.arg, ErrUnknown)
			}
			more, err := c.children(sub, at.under(n))
			if err != nil {
				return nil, err
			}
			n.Children = append(n.Children, more...)
		}
	}
	return nodes, nil
}

// descend follows a schema node identifier by local names.
func descend(nodes []*Node, steps []string) *Node {
	var at *Node
	for _, step := range steps {
		if _, local, found := strings.Cut(step, ":"); found {
			step = local
		}
		i := slices.IndexFunc(nodes, func(n *Node) bool { return n.Name.Local == step })
		if i < 0 {
			return nil
		}
		at, nodes = nodes[i], nodes[i].Children
	}
	return at
}

// definitionOf finds a grouping or typedef by name: in the statements around,
// in the module and its submodules, or in another module.
func (c *compiler) definitionOf(at *stmt, keyword, name string) (*stmt, error) {
	s, local, err := c.resolve(at, name)
	if err != nil {
		return nil, err
	}
	if s.owner == at.within().owner {
		for around := at.parent; around != nil; around = around.parent {
			if found := named(around, keyword, local); found != nil {
				return found, nil
			}
		}
	}
	for _, part := range s.owner.parts {
		if found := named(part.root, keyword, local); found != nil {
			return found, nil
		}
	}
	return nil, at.errorf("%s %q: %w", keyword, name, ErrUnknown)
}

func named(s *stmt, keyword, name string) *stmt {
	for _, sub := range s.subs {
		if sub.keyword == keyword && sub.arg == name {
			return sub
		}
	}
	return nil
}

// augments adds to nodes of this and other modules; those that augment what
// another augment adds wait for it.
func (c *compiler) augments() error {
	var waiting []*stmt
	for _, name := range c.order {
		for _, sub := range c.scopes[name].root.subs {
			if sub.keyword == "augment" {
				waiting = append(waiting, sub)
			}
		}
	}
	for progress := true; progress; {
		progress = false
		var still []*stmt
		for _, s := range waiting {
			done, err := c.augment(s)
			if err != nil {
				return err
			}
			if !done {
				still = append(still, s)
			}
			progress = progress || done
		}
		waiting = still
	}
	for _, s := range waiting {
		c.set.Skipped = append(c.set.Skipped, s.errorf("augment %s", s.arg).Error())
	}
	return nil
}

func (c *compiler) augment(s *stmt) (bool, error) {
	if ok, err := c.supported(s); err != nil || !ok {
		return true, err
	}
	target, err := c.absolute(s, s.arg)
	if err != nil || target == nil {
		return false, err
	}
	nodes, err := c.children(s, place{space: s.within().owner.Namespace, config: target.Config, parent: target})
	target.Children = append(target.Children, nodes...)
	return true, err
}

// absolute finds the node of an absolute schema node identifier; nil when
// there is none.
func (c *compiler) absolute(at *stmt, path string) (*Node, error) {
	var n *Node
	nodes := c.set.Top
	for step := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		s, local, err := c.resolve(at, strings.TrimSpace(step))
		if err != nil {
			return nil, err
		}
		name := xml.Name{Space: s.owner.Namespace, Local: local}
		i := slices.IndexFunc(nodes, func(n *Node) bool { return n.Name == name })
		if i < 0 {
			return nil, nil
		}
		n, nodes = nodes[i], nodes[i].Children
	}
	return n, nil
}

// target finds the leaf that a leafref names, leaving out the predicates of
// its path (RFC 7950 §9.9.2).
func (c *compiler) target(ref leafref) error {
	path := stripPredicates(ref.stmt.arg)
	at := ref.node
	nodes := c.set.Top
	if rest, ok := strings.CutPrefix(path, "/"); ok {
		path = rest
	}
	for step := range strings.SplitSeq(path, "/") {
		step = strings.TrimSpace(step)
		if step == ".." {
			at = at.DataParent()
			nodes = c.set.Top
			if at != nil {
				nodes = at.Children
			}
			continue
		}
		_, local, _ := strings.Cut(step, ":")
		if local == "" {
			local = step
		}
		found := byLocal(nodes, local)
		if found == nil {
			// A feature that is off may have taken the target away.
			ref.typ.target = nil
			return nil
		}
		at, nodes = found, found.Children
	}
	ref.typ.target = at
	return nil
}

func byLocal(nodes []*Node, local string) *Node {
	for _, n := range nodes {
		if n.Kind == Choice || n.Kind == Case {
			if found := byLocal(n.Children, local); found != nil {
				return found
			}
		} else if n.Name.Local == local {
			return n
		}
	}
	return nil
}

func stripPredicates(path string) string {
	var out strings.Builder
	depth := 0
	for _, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return strings.TrimSpace(out.String())
}
