package yang

import (
	"strings"

	"nettwin/graph/rdf"
	"nettwin/naming"
)

// Namespace is where the IRIs of schema nodes and identities begin.
const Namespace = "https://w3id.org/nettwin/yang/"

// unknownSpace holds the properties of data without a schema.
const unknownSpace = Namespace + "unknown/"

// Terms of the twin's vocabulary that facts use beside those of the schema.
var (
	// Within links an entry or a container without schema to the thing that
	// holds it.
	Within = rdf.IRI(naming.Twin + "within")
	// EntryPosition numbers, from 1, the entries of a list or leaf-list that
	// the user orders.
	EntryPosition = rdf.IRI(naming.Twin + "entryPosition")

	rdfType = rdf.IRI(rdf.RDFType)
	isTrue  = rdf.Literal("true", rdf.XSDBoolean)
)

const (
	xsdBase64Binary = rdf.XSD + "base64Binary"
	xsdHexBinary    = rdf.XSD + "hexBinary"
	rdfXMLLiteral   = rdf.RDFNS + "XMLLiteral"
	rdfJSON         = rdf.RDFNS + "JSON"

	// targetSuffix makes the property that links to the entry a leafref means.
	targetSuffix = "#target"
)

func nodeIRI(n *Node) string {
	if n.Parent == nil {
		return Namespace + n.Module.Name + "/" + n.Name
	}
	return n.Parent.iri + "/" + segment(n.Parent.Module.Name, n.Module.Name, n.Name)
}

// segment qualifies a name where its module differs from the one before.
func segment(parent, module, name string) string {
	if parent == module {
		return name
	}
	return module + ":" + name
}

func identityIRI(module, name string) string { return Namespace + module + "/identity/" + name }

// identityOf is the way back: module:name of an identity's IRI.
func identityOf(iri string) (string, bool) {
	rest, ok := strings.CutPrefix(iri, Namespace)
	if !ok {
		return "", false
	}
	module, name, ok := strings.Cut(rest, "/identity/")
	if !ok || !isIdentifier(module) || !isIdentifier(name) {
		return "", false
	}
	return module + ":" + name, true
}

const upperHex = "0123456789ABCDEF"

// escape percent-encodes all but RFC 3986's unreserved characters, as RFC
// 8040 §3.5.3 asks of keys.
func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
	return b.String()
}
