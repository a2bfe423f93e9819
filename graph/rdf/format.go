package rdf

import "strings"

// Format is one of the text syntaxes.
type Format uint8

// The formats; the zero Format is none.
const (
	NTriples Format = iota + 1
	NQuads
	Turtle
	TriG
	RDFXML
	JSONLD
)

// formatInfo describes a format; the first media type and extension are the
// registered ones, the others are what older software sends.
type formatInfo struct {
	name       string
	graphs     bool
	mediaTypes []string
	extensions []string
}

var formats = [...]formatInfo{
	NTriples: {"n-triples", false, []string{"application/n-triples"}, []string{".nt"}},
	NQuads:   {"n-quads", true, []string{"application/n-quads", "text/x-nquads"}, []string{".nq"}},
	Turtle:   {"turtle", false, []string{"text/turtle", "application/x-turtle"}, []string{".ttl"}},
	TriG:     {"trig", true, []string{"application/trig", "application/x-trig"}, []string{".trig"}},
	RDFXML:   {"rdf-xml", false, []string{"application/rdf+xml"}, []string{".rdf", ".owl", ".rdfxml"}},
	JSONLD:   {"json-ld", true, []string{"application/ld+json"}, []string{".jsonld"}},
}

// Formats lists the formats.
func Formats() []Format { return []Format{NTriples, NQuads, Turtle, TriG, RDFXML, JSONLD} }

func (f Format) info() formatInfo {
	if int(f) >= len(formats) {
		return formatInfo{}
	}
	return formats[f]
}

// String returns the format's name in lower case, such as "n-triples".
func (f Format) String() string {
	if name := f.info().name; name != "" {
		return name
	}
	return "unknown format"
}

// Valid tells whether f is one of the formats.
func (f Format) Valid() bool { return f.info().name != "" }

// Graphs tells whether documents of the format can hold named graphs.
func (f Format) Graphs() bool { return f.info().graphs }

// MediaType returns the registered media type; "" for the zero Format.
func (f Format) MediaType() string { return first(f.info().mediaTypes) }

// MediaTypes returns the media types that mean the format, the registered
// one first.
func (f Format) MediaTypes() []string { return append([]string(nil), f.info().mediaTypes...) }

// Extension returns the file extension with its dot.
func (f Format) Extension() string { return first(f.info().extensions) }

// Extensions returns all file extensions of the format.
func (f Format) Extensions() []string { return append([]string(nil), f.info().extensions...) }

// FormatByMediaType finds the format of a media type; parameters such as
// charset and the case of letters do not matter.
func FormatByMediaType(mediaType string) (Format, bool) {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	return findFormat(mediaType, Format.MediaTypes)
}

// FormatByExtension finds the format of a file extension such as ".ttl" (the
// dot may be missing; case does not matter). Callers strip ".gz" and the like
// first.
func FormatByExtension(ext string) (Format, bool) {
	ext = "." + strings.TrimPrefix(strings.ToLower(ext), ".")
	return findFormat(ext, Format.Extensions)
}

func findFormat(name string, names func(Format) []string) (Format, bool) {
	for _, f := range Formats() {
		for _, n := range names(f) {
			if n == name {
				return f, true
			}
		}
	}
	return 0, false
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}
