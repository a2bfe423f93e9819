package yang

import "nettwin/graph/rdf"

// Kind says what a schema node is.
type Kind uint8

// The kinds of schema nodes. Choices and cases stand in the schema only:
// Node.Children leaves them out, Node.Schema has them.
const (
	Container Kind = iota + 1
	List
	Leaf
	LeafList
	AnyData
	AnyXML
	Choice
	Case
	RPC
	Action
	Notification
	Input
	Output
	Structure // the top of a structure (RFC 8791) or yang-data (RFC 8040 §8)
)

var kindNames = [...]string{"", "container", "list", "leaf", "leaf-list", "anydata", "anyxml", "choice", "case",
	"rpc", "action", "notification", "input", "output", "structure"}

func (k Kind) String() string { return kindNames[k] }

// IsData tells whether instances of the kind stand in data.
func (k Kind) IsData() bool { return k >= Container && k <= AnyXML }

// Status is how current a definition is (RFC 7950 §7.21.2).
type Status uint8

// The values of status.
const (
	Current Status = iota
	Deprecated
	Obsolete
)

// Module is one YANG module of a schema.
type Module struct {
	Name, Namespace, Prefix, Revision string
	// Implemented is false for modules that only lend types, groupings and
	// identities.
	Implemented bool
	// Features are those that the module defines and that are supported.
	Features []string
}

// Node is one node of the schema. It is immutable once compiled.
type Node struct {
	Name   string
	Module *Module // whose namespace the node is in
	Kind   Kind
	// Parent is the node that holds this one in data: choices and cases are
	// passed over. Nil for a top-level node.
	Parent *Node
	// Children are the data nodes below, in schema order; those of choices
	// stand in place of the choice. An rpc or action has Input and Output.
	Children []*Node
	// Actions are the actions and notifications below a container or list.
	Actions []*Node

	Keys          []*Node    // of a list, in the order of its key statement
	Unique        [][]*Node  // of a list: the leafs of each unique statement
	Type          *Type      // of a leaf or leaf-list
	Default       []string   // of a leaf (one), leaf-list, or choice (a case)
	Units         string     //
	Config        bool       // false below rpcs, notifications and structures
	Mandatory     bool       // of leafs, choices, anydata
	Presence      bool       // of a container
	OrderedByUser bool       // of a list or leaf-list
	Min, Max      int        // min-elements and max-elements; Max 0: unbounded
	Status        Status     //
	Conditional   bool       // a when or must below which presence depends on, not evaluated
	up            *Node      // schema parent, with choices and cases
	sub           []*Node    // schema children, with choices and cases
	index         childIndex // of Children and Actions
	iri           string
	term          rdf.Term // iri
	isKey         bool
	counter       bool
	order         int // position among the parent's children
	d             *draft
}

type childKey struct{ module, name string }

type childIndex map[childKey]*Node

// Schema returns the schema nodes below, with choices and cases.
func (n *Node) Schema() []*Node { return n.sub }

// Up returns the schema node above, which may be a choice or case.
func (n *Node) Up() *Node { return n.up }

// IsKey tells whether the leaf is a key of its list.
func (n *Node) IsKey() bool { return n.isKey }

// Counter tells whether values are counters or uptimes: they change without
// an event and are kept apart.
func (n *Node) Counter() bool { return n.counter }

// IRI returns https://w3id.org/nettwin/yang/<module>/<schema path>: names from
// the top, without keys, choices and cases; a name whose module differs from
// that of the name before it has its module as prefix.
func (n *Node) IRI() string { return n.iri }

// Child returns the data node, action or notification below n with that name
// in that module, or nil.
func (n *Node) Child(module, name string) *Node { return n.index[childKey{module, name}] }

// childByName returns the only child with the name in any module.
func (n *Node) childByName(name string) *Node {
	return onlyNamed(n.Children, name)
}

func onlyNamed(nodes []*Node, name string) *Node {
	var found *Node
	for _, c := range nodes {
		if c.Name != name {
			continue
		}
		if found != nil {
			return nil
		}
		found = c
	}
	return found
}

// InCase tells the choice and case that the node stands in, innermost; nil if
// it is in none.
func (n *Node) InCase() (choice, kase *Node) {
	if n.up != nil && n.up.Kind == Case {
		return n.up.up, n.up
	}
	return nil, nil
}

// Path returns the schema path, such as
// /ietf-interfaces:interfaces/interface/ietf-ip:ipv4, with module names where
// they change.
func (n *Node) Path() string {
	if n.Parent == nil {
		return "/" + n.Module.Name + ":" + n.Name
	}
	if n.Parent.Module.Name == n.Module.Name {
		return n.Parent.Path() + "/" + n.Name
	}
	return n.Parent.Path() + "/" + n.Module.Name + ":" + n.Name
}

// draft is what compiling needs to know of a node.
type draft struct {
	scope       *scope
	mod         *module
	typ         *statement
	typScope    *scope // of a deviation's type; nil: scope
	key         string
	unique      []string
	config      *bool
	hasMand     bool
	line        int
	defaults    bool  // Default was stated, not taken from the type
	defaultUnit *unit // whose prefixes a stated default uses
	names       map[childKey]bool
}
