package protocol

import (
	"maps"
	"slices"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// graphFormats are the formats that a graph, or a whole dataset, can be
// written in, the preferred one first.
func graphFormats(whole bool) []rdf.Format {
	if whole {
		return []rdf.Format{rdf.TriG, rdf.NQuads, rdf.JSONLD}
	}
	return []rdf.Format{rdf.Turtle, rdf.NTriples, rdf.RDFXML, rdf.JSONLD, rdf.TriG, rdf.NQuads}
}

func offered(whole bool) string {
	var types []string
	for _, f := range graphFormats(whole) {
		types = append(types, f.MediaType())
	}
	return "use one of " + strings.Join(types, ", ")
}

func charset(f rdf.Format) string {
	if strings.HasPrefix(f.MediaType(), "text/") {
		return "; charset=utf-8"
	}
	return ""
}

func prefixDecls(prefixes map[string]string) []rdf.PrefixDecl {
	var list []rdf.PrefixDecl
	for _, name := range slices.Sorted(maps.Keys(prefixes)) {
		list = append(list, rdf.PrefixDecl{Prefix: name, IRI: prefixes[name]})
	}
	return list
}

// negotiateGraph chooses the format of a graph or dataset by format= (a name,
// extension or media type), else by Accept.
func negotiateGraph(accept, name string, whole bool) (rdf.Format, bool) {
	candidates := graphFormats(whole)
	if name != "" {
		f, ok := formatByName(name)
		return f, ok && slices.Contains(candidates, f)
	}
	var types [][]string
	for _, f := range candidates {
		types = append(types, f.MediaTypes())
	}
	i, ok := results.Best(accept, types)
	if !ok {
		return 0, false
	}
	return candidates[i], true
}

func formatByName(name string) (rdf.Format, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "rdf" || name == "xml" {
		return rdf.RDFXML, true
	}
	for _, f := range rdf.Formats() {
		plain := strings.ReplaceAll(strings.ToLower(f.String()), "-", "")
		if strings.ReplaceAll(name, "-", "") == plain {
			return f, true
		}
	}
	if f, ok := rdf.FormatByMediaType(name); ok {
		return f, true
	}
	return rdf.FormatByExtension("." + strings.TrimPrefix(name, "."))
}

// NegotiateThing chooses an RDF format for the description of a thing; ok is
// false where the client prefers a page or accepts no RDF.
func NegotiateThing(accept, name string) (rdf.Format, bool) {
	formats := graphFormats(false)
	if name != "" {
		return formatByName(name)
	}
	types := [][]string{{"text/html", "application/xhtml+xml"}}
	for _, f := range formats {
		types = append(types, f.MediaTypes())
	}
	i, ok := results.Best(accept, types)
	if !ok || i == 0 {
		return 0, false
	}
	return formats[i-1], true
}
