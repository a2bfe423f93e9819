package config

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// Collection says whether devices are read for all that can be mapped or for
// what is needed, and who needs it.
type Collection struct {
	// Needed reads only what is needed; the file calls it mode.
	Needed bool
	// Rules and Queries are patterns of names of rule files and saved queries
	// that ask, as path.Match has them; no Rules means all, no Queries none.
	Rules, Queries []string
	Collect        []Need
}

// Need is something that is wanted of devices whoever else asks.
type Need struct {
	Name string // unique
	// Objects name MIB objects, paths of YANG nodes and IRIs of their
	// vocabularies; Query is the text of a query. One of them is given.
	Objects []string
	Query   string
	Devices []string      // configured names; none means all
	Age     time.Duration // how old the data may be; 0: as the device's period makes it
}

// The modes of collection.
const (
	collectAll    = "all"
	collectNeeded = "needed"
)

// collections is the part collection while the file is read: the devices that
// it names may stand further down.
type collections struct {
	devices []value
}

func (all *collections) read(v value) (c Collection) {
	mode := collectAll
	found := v.mapping(
		optional("mode", oneOf(&mode, []string{collectAll, collectNeeded})),
		optional("rules", patternsTo(&c.Rules)),
		optional("queries", patternsTo(&c.Queries)),
		optional("collect", func(v value) {
			names := map[string]int{}
			v.list(func(v value) { c.Collect = append(c.Collect, all.need(v, names)) })
		}),
	)
	c.Needed = mode == collectNeeded
	if !c.Needed {
		for _, key := range []string{"rules", "queries", "collect"} {
			refuse(found, key, "it belongs to mode needed: in mode all everything is read")
		}
	}
	return c
}

func (all *collections) need(v value, names map[string]int) (n Need) {
	found := v.mapping(
		required("name", uniqueName(&n.Name, names)),
		optional("objects", textsTo(&n.Objects, checkVisible)),
		optional("query", textTo(&n.Query, func(string) error { return nil })),
		optional("devices", func(v value) {
			v.oneOrMore(func(v value) {
				if s, ok := v.text(); ok {
					n.Devices = append(n.Devices, s)
					all.devices = append(all.devices, v)
				}
			})
		}),
		optional("age", durationTo(&n.Age, minInterval, maxInterval)),
	)
	_, objects := found["objects"]
	_, query := found["query"]
	if objects == query {
		v.fail("say either objects or query: what is needed")
	}
	return n
}

// check looks up the devices that needs name.
func (all *collections) check(devices []Device) {
	var known []string
	for _, d := range devices {
		known = append(known, d.Name)
	}
	for _, v := range all.devices {
		s, _ := v.text()
		found := false
		for _, name := range known {
			found = found || name == s
		}
		if found {
			continue
		}
		if near, ok := nearest(s, known); ok {
			v.fail("no such device, did you mean %q?", near)
			continue
		}
		v.fail("no device %s is configured", quote(s))
	}
}

func textsTo(to *[]string, check func(string) error) func(value) {
	return func(v value) {
		v.oneOrMore(func(v value) {
			var s string
			if textTo(&s, check)(v); s != "" {
				*to = append(*to, s)
			}
		})
	}
}

func patternsTo(to *[]string) func(value) {
	return textsTo(to, func(s string) error {
		if _, err := path.Match(s, ""); err != nil || strings.Contains(s, "/") {
			return fmt.Errorf("%s is no pattern of names, such as link-* or *", quote(s))
		}
		return nil
	})
}
