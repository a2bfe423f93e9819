package naming

import (
	"errors"
	"fmt"
	"strings"

	"nettwin/graph/rdf"
)

// Vocabularies that every package of the twin speaks.
const (
	// Twin is our own vocabulary, served at /ns.
	Twin = "https://w3id.org/nettwin/ns#"
	// Prov is PROV-O.
	Prov = "http://www.w3.org/ns/prov#"
)

// DefaultBase is the base of a store that was created without one.
const DefaultBase = "http://localhost:7878/"

// ErrBadBase: the base is not an absolute http or https IRI that ends in "/".
var ErrBadBase = errors.New("naming: bad base IRI")

// CheckBase says what is wrong with the base of a store.
func CheckBase(base string) error {
	rest, ok := strings.CutPrefix(base, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(base, "http://")
	}
	switch host, _, _ := strings.Cut(rest, "/"); {
	case !ok || host == "":
		return fmt.Errorf("%w: %q: expected http:// or https:// and a host", ErrBadBase, base)
	case !strings.HasSuffix(base, "/"):
		return fmt.Errorf(`%w: %q: expected "/" at its end`, ErrBadBase, base)
	case strings.ContainsAny(base, "?#"):
		return fmt.Errorf("%w: %q: expected no query and no fragment", ErrBadBase, base)
	}
	if err := rdf.CheckIRI(base); err != nil {
		return fmt.Errorf("%w: %q: %v", ErrBadBase, base, err)
	}
	return nil
}

// ThingIRI returns the IRI of a thing: <base>id/<kind>/<key…>, each part
// encoded by EncodeSegment.
func ThingIRI(base, kind string, key ...string) rdf.Term {
	return rdf.IRI(join(base+"id/", append([]string{kind}, key...)...))
}

// SourceGraph returns the name of the graph that holds what one source says:
// <base>graph/source/<collector>/<device>.
func SourceGraph(base, collector, device string) rdf.Term {
	return rdf.IRI(join(SourcePrefix(base), collector, device))
}

// SourcePrefix begins the names of all source graphs.
func SourcePrefix(base string) string { return base + "graph/source/" }

// SourceThing returns the IRI of a source-local thing: its path below the
// graph's IRI. The path is already encoded by who made it.
func SourceThing(graph rdf.Term, path string) rdf.Term {
	return rdf.IRI(graph.Value() + "/" + path)
}

// DerivedGraph returns the name of the graph of facts that rules derived.
func DerivedGraph(base string) rdf.Term { return rdf.IRI(base + "graph/derived") }

// ProvenanceGraph returns the name of the graph of activities, items and
// identity.
func ProvenanceGraph(base string) rdf.Term { return rdf.IRI(base + "graph/provenance") }

// IntendedGraph returns the name of the graph of what should be.
func IntendedGraph(base string) rdf.Term { return rdf.IRI(base + "graph/intended") }

// ItemIRI returns the IRI under which an item is served: <base>names/<name>.
func ItemIRI(base string, n Name) rdf.Term { return rdf.IRI(base + "names/" + n.String()) }

// ParseItemIRI returns the name in an IRI that ItemIRI made. The error wraps
// ErrBadName.
func ParseItemIRI(base string, iri rdf.Term) (Name, error) {
	text, ok := strings.CutPrefix(iri.Value(), base+"names/")
	if !iri.IsIRI() || !ok {
		return Name{}, fmt.Errorf("%w: %s: expected an IRI under <%snames/>", ErrBadName, iri, base)
	}
	return Parse(text)
}

func join(prefix string, segments ...string) string {
	var b strings.Builder
	b.WriteString(prefix)
	for i, s := range segments {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(EncodeSegment(s))
	}
	return b.String()
}

// EncodeSegment percent-encodes all but the unreserved characters of RFC 3986
// §2.3, as ENCODE_FOR_URI of SPARQL does, so that rules and code make the
// same IRIs; no case is folded. The segments "." and ".." would mean another
// place to a client (RFC 3986 §5.2.4), so their dots are encoded too.
func EncodeSegment(s string) string {
	if s == "." || s == ".." {
		return strings.Repeat("%2E", len(s))
	}
	const hex = "0123456789ABCDEF"
	n := 0
	for i := range len(s) {
		if !unreserved(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	b := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if c := s[i]; unreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
