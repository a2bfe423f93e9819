// Package yang turns YANG modules into vocabulary, instance data into facts,
// and facts back into instance data. No Go code names a path: everything
// follows from the modules, which the device itself hands out.
//
// # Compiling
//
// Parse reads modules, Library.Compile makes a Schema of those wanted and of
// what they augment, deviate or point at. The compiler is our own: goyang
// 1.6.3 panics on modules that failed, cannot read three of the standard
// ones, loses augments within uses and evaluates no features; it serves as a
// second opinion in a test, and yanglint's trees as a third. What cannot be
// understood is a Problem that costs only what it names. The expressions of
// when and must are not evaluated: nodes below a when are there, marked
// Conditional.
//
// # Vocabulary
//
// A node's IRI is https://w3id.org/nettwin/yang/<module>/<schema path>: the
// names from the top, without keys, choices and cases, so that config/enabled
// and state/enabled stay apart. A name whose module is not that of the name
// before has its module as prefix:
//
//	…/yang/ietf-interfaces/interfaces/interface/ietf-ip:ipv4/mtu
//
// An identity is the SKOS concept …/yang/<module>/identity/<name>.
// Schema.Vocabulary states all of it as RDF.
//
// # Data as facts
//
// Things are top-level containers and list entries, named by their data path
// (RFC 8040 §3.5.3), keys percent-encoded, below the source graph:
//
//		ietf-interfaces:interfaces/interface=eth0%2F1/ietf-ip:ipv4/address=192.0.2.1
//
//	  - A thing has its node's IRI as rdf:type, and ns#within to the thing that
//	    holds it. A top-level leaf belongs to the thing <module>.
//	  - A leaf is a property of the nearest thing above it, whatever containers
//	    lie between: the property's IRI has their names. A container with
//	    presence is a property with the value true.
//	  - Integers are xsd:integer, decimal64 xsd:decimal, boolean and empty (true)
//	    xsd:boolean, binary xsd:base64Binary, the rest xsd:string; identityref is
//	    the identity's IRI; bits are one value a set bit (in a leaf-list, one
//	    text); a union is what its member is. All in canonical form.
//	  - A leafref is its value and, if it points at a key and one entry in the
//	    data has it, a link from the property with "#target" to that entry.
//	  - Anydata and anyxml are rdf:JSON literals.
//	  - Entries of lists and leaf-lists that the user orders have
//	    ns#entryPosition; such a leaf-list's entry is a thing named
//	    …/<name>=<value>. Entries without keys are named by their position.
//	  - Data without a schema are kept: a text is a property below
//	    …/yang/unknown/<the path it would have>, an element with content a
//	    thing of that class, numbered from the second of its name on. Text that
//	    is no value of its type is kept as xsd:string. Both are counted.
//
// XML and JSON (RFC 7951) of the same data give the same facts, up to what
// JSON alone says: the member type of a union. A graph keeps no order and no
// duplicates: equal values of a leaf-list of state data become one.
//
// # What is pushed
//
// Tree.Pushes takes the notifications of YANG-push (RFC 8641) apart: contents
// of a subscription, and edits (RFC 8072) with what they delete. The data they
// carry are read from the top, or below the parent of an edit's target, whether
// or not the modules of YANG-push have a schema.
//
// # The way back
//
// Schema.Build makes a Tree of facts, Tree.EncodeXML and Tree.EncodeJSON write
// it in schema order, keys first. Schema.Diff computes the edit-config that
// turns one configuration into another, Tree.Validate judges one.
package yang
