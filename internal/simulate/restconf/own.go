package restconf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
	"nettwin/internal/simulate/yangjson"
)

// The namespaces of the modules in which a server describes itself.
const (
	restconfSpace   = "urn:ietf:params:xml:ns:yang:ietf-restconf"
	monitoringSpace = "urn:ietf:params:xml:ns:yang:ietf-restconf-monitoring"
	librarySpace    = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
	eventSpace      = "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"
)

// ownTexts are the shapes of the server's own data, by which they are written
// in JSON: names and kinds only.
var ownTexts = []string{
	`module ietf-restconf { namespace "` + restconfSpace + `"; prefix rc;
  container restconf { container data { presence x; } container operations { presence x; } leaf yang-library-version { type string; } }
  container operations { presence x; } leaf yang-library-version { type string; }
  container errors { list error { leaf error-type { type string; } leaf error-tag { type string; } leaf error-message { type string; } } } }`,
	`module ietf-restconf-monitoring { namespace "` + monitoringSpace + `"; prefix rcmon;
  container restconf-state { container capabilities { leaf-list capability { type string; } }
    container streams { list stream { key name; leaf name { type string; } leaf description { type string; } leaf replay-support { type boolean; }
      list access { key encoding; leaf encoding { type string; } leaf location { type string; } } } } } }`,
	`module ietf-yang-library { namespace "` + librarySpace + `"; prefix yanglib;
  grouping m { leaf name { type string; } leaf revision { type string; } leaf namespace { type string; } leaf-list feature { type string; } }
  container modules-state { leaf module-set-id { type string; }
    list module { key "name revision"; uses m; leaf schema { type string; } leaf conformance-type { type string; } } }
  container yang-library { leaf content-id { type string; }
    list module-set { key name; leaf name { type string; } list module { key name; uses m; leaf-list location { type string; } } } } }`,
	`module ietf-netconf-notifications { namespace "` + eventSpace + `"; prefix ncn;
  container netconf-config-change { container changed-by { leaf server { type empty; } } leaf datastore { type string; }
    list edit { leaf target { type string; } leaf operation { type string; } } } }`,
}

// ownModules are the shapes, compiled.
type ownModules struct {
	set  *yang.Set
	json *yangjson.Encoder
}

func readOwnModules() (*ownModules, error) {
	var texts [][]byte
	for _, t := range ownTexts {
		texts = append(texts, []byte(t))
	}
	set, err := yang.Parse(texts, yang.Options{})
	if err != nil {
		return nil, fmt.Errorf("simulate restconf: own modules: %w", err)
	}
	return &ownModules{set, yangjson.New(set)}, nil
}

func operations() *xmltree.Node { return xmltree.New(restconfSpace, "operations") }

func libraryVersion(l Library) *xmltree.Node {
	version := "2016-06-21"
	if l == YANGLibrary {
		version = "2019-01-04"
	}
	return xmltree.Leaf(restconfSpace, "yang-library-version", version)
}

func apiResource(l Library) *xmltree.Node {
	return xmltree.New(restconfSpace, "restconf", xmltree.New(restconfSpace, "data"), operations(), libraryVersion(l))
}

// describe is the data about the server itself.
func (s *Server) describe(base string) []*xmltree.Node {
	all := []*xmltree.Node{s.monitoring(base)}
	switch s.options.Library {
	case ModulesState:
		all = append(all, s.modulesState(base))
	case YANGLibrary:
		all = append(all, s.yangLibrary(base))
	}
	return all
}

// monitoring is restconf-state (RFC 8040 §9).
func (s *Server) monitoring(base string) *xmltree.Node {
	leaf := func(name, value string) *xmltree.Node { return xmltree.Leaf(monitoringSpace, name, value) }
	capabilities := xmltree.New(monitoringSpace, "capabilities", leaf("capability", "urn:ietf:params:restconf:capability:defaults:1.0?basic-mode=explicit"))
	if !s.options.NoFields {
		for _, name := range []string{"depth", "fields"} {
			capabilities.Children = append(capabilities.Children, leaf("capability", "urn:ietf:params:restconf:capability:"+name+":1.0"))
		}
	}
	state := xmltree.New(monitoringSpace, "restconf-state", capabilities)
	if s.options.NoStreams {
		return state
	}
	stream := xmltree.New(monitoringSpace, "stream", leaf("name", streamName), leaf("description", "all events"), leaf("replay-support", "false"))
	for _, encoding := range []string{"json", "xml"} {
		stream.Children = append(stream.Children, xmltree.New(monitoringSpace, "access", leaf("encoding", encoding),
			leaf("location", base+"/streams/"+streamName+"-"+encoding)))
	}
	state.Children = append(state.Children, xmltree.New(monitoringSpace, "streams", stream))
	return state
}

func (s *Server) modulesState(base string) *xmltree.Node {
	leaf := func(name, value string) *xmltree.Node { return xmltree.Leaf(librarySpace, name, value) }
	n := xmltree.New(librarySpace, "modules-state", leaf("module-set-id", s.setID()))
	for _, m := range s.set.Modules {
		if m.Submodule {
			continue
		}
		each := xmltree.New(librarySpace, "module", leaf("name", m.Name), leaf("revision", m.Revision))
		if !s.options.NoSchemas {
			each.Children = append(each.Children, leaf("schema", base+"/schemas/"+m.Name+"@"+m.Revision))
		}
		each.Children = append(each.Children, leaf("namespace", m.Namespace))
		for _, feature := range m.Features {
			each.Children = append(each.Children, leaf("feature", feature))
		}
		each.Children = append(each.Children, leaf("conformance-type", "implement"))
		n.Children = append(n.Children, each)
	}
	return n
}

func (s *Server) yangLibrary(base string) *xmltree.Node {
	leaf := func(name, value string) *xmltree.Node { return xmltree.Leaf(librarySpace, name, value) }
	set := xmltree.New(librarySpace, "module-set", leaf("name", "all"))
	for _, m := range s.set.Modules {
		if m.Submodule {
			continue
		}
		each := xmltree.New(librarySpace, "module", leaf("name", m.Name))
		if m.Revision != "" {
			each.Children = append(each.Children, leaf("revision", m.Revision))
		}
		each.Children = append(each.Children, leaf("namespace", m.Namespace))
		if !s.options.NoSchemas {
			each.Children = append(each.Children, leaf("location", base+"/schemas/"+m.Name+"@"+m.Revision))
		}
		for _, feature := range m.Features {
			each.Children = append(each.Children, leaf("feature", feature))
		}
		set.Children = append(set.Children, each)
	}
	return xmltree.New(librarySpace, "yang-library", set, leaf("content-id", s.setID()))
}

// setID changes when the modules do.
func (s *Server) setID() string {
	sum := sha256.New()
	for _, m := range s.set.Modules {
		fmt.Fprintf(sum, "%s@%s %v\n", m.Name, m.Revision, m.Features)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
