package results

import (
	"slices"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// Format is a serialization of a Result.
type Format uint8

// The formats; the zero Format is none.
const (
	JSON     Format = iota + 1 // SPARQL 1.1 Query Results JSON Format
	XML                        // SPARQL Query Results XML Format
	CSV                        // SPARQL 1.1 Query Results CSV and TSV Formats
	TSV                        // the same
	Turtle                     // graphs only
	NTriples                   // graphs only
	RDFXML                     // graphs only
	JSONLD                     // graphs only
	TriG                       // graphs only
	NQuads                     // graphs only
)

type formatInfo struct {
	name       string
	extension  string
	kinds      []Kind
	mediaTypes []string // the registered one first
}

// CSV and TSV define no form of a boolean, so ASK has JSON and XML only.
var formats = [...]formatInfo{
	JSON:     {"json", ".srj", []Kind{Bindings, Boolean}, []string{"application/sparql-results+json", "application/json", "text/json"}},
	XML:      {"xml", ".srx", []Kind{Bindings, Boolean}, []string{"application/sparql-results+xml", "application/xml", "text/xml"}},
	CSV:      {"csv", ".csv", []Kind{Bindings}, []string{"text/csv"}},
	TSV:      {"tsv", ".tsv", []Kind{Bindings}, []string{"text/tab-separated-values"}},
	Turtle:   {"turtle", ".ttl", []Kind{Graph}, rdf.Turtle.MediaTypes()},
	NTriples: {"ntriples", ".nt", []Kind{Graph}, append(rdf.NTriples.MediaTypes(), "text/plain")},
	RDFXML:   {"rdfxml", ".rdf", []Kind{Graph}, append(rdf.RDFXML.MediaTypes(), "application/xml", "text/xml")},
	JSONLD:   {"jsonld", ".jsonld", []Kind{Graph}, append(rdf.JSONLD.MediaTypes(), "application/json")},
	TriG:     {"trig", ".trig", []Kind{Graph}, rdf.TriG.MediaTypes()},
	NQuads:   {"nquads", ".nq", []Kind{Graph}, rdf.NQuads.MediaTypes()},
}

// nameAliases are other names for ?format=.
var nameAliases = map[string]Format{
	"srj": JSON, "srx": XML, "ttl": Turtle, "nt": NTriples, "n-triples": NTriples,
	"rdf": RDFXML, "rdf/xml": RDFXML, "rdf-xml": RDFXML, "rdf+xml": RDFXML, "json-ld": JSONLD, "nq": NQuads, "n-quads": NQuads,
}

// Formats lists the formats of a kind of result, the default one first.
func Formats(kind Kind) []Format {
	var out []Format
	for f := JSON; int(f) < len(formats); f++ {
		if f.Supports(kind) {
			out = append(out, f)
		}
	}
	return out
}

func (f Format) info() formatInfo {
	if int(f) >= len(formats) {
		return formatInfo{}
	}
	return formats[f]
}

// String returns the format's name, as ?format= takes it.
func (f Format) String() string {
	if name := f.info().name; name != "" {
		return name
	}
	return "unknown format"
}

// MediaType returns the registered media type; "" for the zero Format.
func (f Format) MediaType() string {
	if types := f.info().mediaTypes; len(types) > 0 {
		return types[0]
	}
	return ""
}

// ContentType is the media type with the charset where the type's
// registration has one.
func (f Format) ContentType() string {
	if t := f.MediaType(); strings.HasPrefix(t, "text/") {
		return t + "; charset=utf-8"
	}
	return f.MediaType()
}

// Supports tells whether the format can hold a result of that kind.
func (f Format) Supports(kind Kind) bool { return slices.Contains(f.info().kinds, kind) }

// FormatByName finds a format by its name ("json", "xml", "csv", "tsv",
// "turtle", "ntriples"), file extension or media type, whatever the case.
func FormatByName(name string) (Format, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	if f, ok := nameAliases[strings.TrimPrefix(name, ".")]; ok {
		return f, true
	}
	for f := JSON; int(f) < len(formats); f++ {
		info := f.info()
		if name == info.name || name == info.extension || slices.Contains(info.mediaTypes, name) {
			return f, true
		}
	}
	return 0, false
}

// maxAcceptRanges bounds how much of an Accept header is looked at.
const maxAcceptRanges = 64

// Negotiate chooses the format of a result by an Accept header (RFC 9110
// §12.5.1): the most specific range that covers a format gives its quality,
// the highest quality wins, ties go to the more specific range, then to the
// order in the header, then to the order of Formats. An empty header accepts
// everything. ok is false if nothing of that kind is acceptable.
func Negotiate(accept string, kind Kind) (f Format, ok bool) {
	candidates := Formats(kind)
	var types [][]string
	for _, candidate := range candidates {
		types = append(types, candidate.info().mediaTypes)
	}
	i, ok := Best(accept, types)
	if !ok {
		return 0, false
	}
	return candidates[i], true
}

// Best chooses among candidates, each a list of media types that mean it, the
// registered one first, by the rules of Negotiate. It returns the index of the candidate.
func Best(accept string, candidates [][]string) (index int, ok bool) {
	if strings.TrimSpace(accept) == "" {
		return 0, len(candidates) > 0
	}
	ranges := parseAccept(accept)
	var best mediaRange
	for i, mediaTypes := range candidates {
		for n, mediaType := range mediaTypes {
			r, found := rangeFor(ranges, mediaType)
			if n > 0 && r.specificity < 2 {
				continue // wildcards mean the registered types
			}
			if found && r.quality > 0 && (!ok || r.better(best)) {
				index, best, ok = i, r, true
			}
		}
	}
	return index, ok
}

// mediaRange is one element of an Accept header.
type mediaRange struct {
	mediaType   string
	quality     float64
	specificity int // 2 type/subtype, 1 type/*, 0 */*
	position    int
}

func (r mediaRange) better(than mediaRange) bool {
	switch {
	case r.quality != than.quality:
		return r.quality > than.quality
	case r.specificity != than.specificity:
		return r.specificity > than.specificity
	}
	return r.position < than.position
}

func parseAccept(accept string) []mediaRange {
	var ranges []mediaRange
	for i, part := range strings.SplitN(accept, ",", maxAcceptRanges) {
		fields := strings.Split(part, ";")
		r := mediaRange{mediaType: strings.ToLower(strings.TrimSpace(fields[0])), quality: 1, specificity: 2, position: i}
		switch {
		case r.mediaType == "*/*" || r.mediaType == "*":
			r.mediaType, r.specificity = "*/*", 0
		case strings.HasSuffix(r.mediaType, "/*"):
			r.specificity = 1
		}
		for _, param := range fields[1:] {
			name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
			if !strings.EqualFold(strings.TrimSpace(name), "q") {
				continue
			}
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || q < 0 || q > 1 {
				q = 0
			}
			r.quality = q
		}
		ranges = append(ranges, r)
	}
	return ranges
}

// rangeFor returns the most specific range that covers a media type.
func rangeFor(ranges []mediaRange, mediaType string) (best mediaRange, ok bool) {
	major, _, _ := strings.Cut(mediaType, "/")
	for _, r := range ranges {
		covers := r.mediaType == mediaType || r.mediaType == "*/*" || r.mediaType == major+"/*"
		if covers && (!ok || r.specificity > best.specificity) {
			best, ok = r, true
		}
	}
	return best, ok
}
