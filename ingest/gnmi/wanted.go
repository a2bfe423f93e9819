package gnmi

import (
	"slices"
	"strings"
	"time"

	"github.com/openconfig/gnmi/proto/gnmi"

	"nettwin/ingest"
	"nettwin/ontology/yang"
)

// Knows tells whether a term is of a YANG module.
func (c *Collector) Knows(term string) bool { return strings.HasPrefix(term, yang.Namespace) }

// wanted makes the paths of what is wanted, of what the device's schema has:
// one path for terms that overlap. What is not among them counts as read too,
// so that what was said of it before is withdrawn. The least age is the sample
// period.
func (s *session) wanted(w *ingest.Want) {
	s.all = true
	var texts []string
	for _, root := range s.tree.model.Roots {
		terms := w.Below(root.Term())
		if len(terms) == 0 {
			s.left = append(s.left, root.Path)
		}
		for _, term := range terms {
			plain := strings.TrimSuffix(term, "/")
			if n := s.tree.model.Schema.ByIRI(plain); n == nil || n.Kind == yang.List && plain == term && len(n.Keys) > 0 && below(terms, term) {
				continue // not there, or entries of which more is asked for below
			}
			texts = append(texts, plain)
		}
	}
	slices.Sort(texts)
	var last string
	for _, text := range slices.Compact(texts) {
		if last != "" && strings.HasPrefix(text, last+"/") {
			continue
		}
		last = text
		s.paths = append(s.paths, pathOf(text))
	}
	s.what.Paths = append(s.what.Paths, pathTexts(s.paths)) // these and no others
	if w.Age > 0 {
		s.what.Period = max(w.Age, time.Second)
	}
}

// below tells whether one of the terms is behind another.
func below(terms []string, of string) bool {
	return slices.ContainsFunc(terms, func(t string) bool { return strings.HasPrefix(t, of+"/") && len(t) > len(of)+1 })
}

// pathOf is the path of a schema node, of all entries of lists on its way.
func pathOf(iri string) *gnmi.Path {
	module, rest, _ := strings.Cut(strings.TrimPrefix(iri, yang.Namespace), "/")
	p := &gnmi.Path{}
	for i, name := range strings.Split(rest, "/") {
		if i == 0 {
			name = module + ":" + name
		}
		p.Elem = append(p.Elem, &gnmi.PathElem{Name: name})
	}
	return p
}
