package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	proto "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/protobuf/encoding/protojson"

	"nettwin/ingest/gnmi"
	"nettwin/ingest/telemetry"
	"nettwin/ontology/yang"
)

// recordedGNMI turns a recorded SubscribeResponse into messages: one for each
// update, below the path of its parent, and one for each delete.
func recordedGNMI(text []byte, schema *yang.Schema) ([]telemetry.Message, error) {
	response := &proto.SubscribeResponse{}
	if err := protojson.Unmarshal(text, response); err != nil {
		return nil, fmt.Errorf("gnmi: %w", err)
	}
	n := response.GetUpdate()
	var out []telemetry.Message
	add := func(at string, body []byte) {
		m := telemetry.Message{Label: "recorded response", At: at, Body: body}
		if len(out) == 0 {
			m.Raw = text
		}
		out = append(out, m)
	}
	for _, path := range n.GetDelete() {
		at, _, err := gnmiPath(schema, n.GetPrefix(), path, 0)
		if err != nil {
			return nil, err
		}
		target, err := json.Marshal("/" + at)
		if err != nil {
			return nil, err
		}
		add("", fmt.Appendf(nil, `{"ietf-yang-push:push-change-update":{"datastore-changes":{"yang-patch":{"edit":[{"operation":"delete","target":%s}]}}}}`, target))
	}
	for _, u := range n.GetUpdate() {
		value, err := gnmi.ReadValue(u)
		if err != nil {
			return nil, fmt.Errorf("gnmi: %w", err)
		}
		drop := 1 // a scalar is a member of what holds it
		if len(value.JSON) > 0 && value.JSON[0] == '{' {
			drop = 0
		}
		at, leaf, err := gnmiPath(schema, n.GetPrefix(), u.GetPath(), drop)
		if err != nil {
			return nil, err
		}
		body := value.JSON
		if drop > 0 {
			name, err := json.Marshal(leaf)
			if err != nil {
				return nil, err
			}
			body = fmt.Appendf(nil, "{%s:%s}", name, value.JSON)
		}
		add(at, body)
	}
	return out, nil
}

// nodeName makes a name of a step of data that are no YANG, such as 900.
func nodeName(text string) string {
	out := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, text)
	if out == "" || strings.IndexByte("0123456789-.", out[0]) >= 0 {
		out = "_" + out
	}
	return out
}

// otherOrigin names the module of data whose path has none.
const otherOrigin = "gnmi"

// gnmiPath writes prefix and path as a data path without the last steps that
// drop says, whose last name is returned.
func gnmiPath(schema *yang.Schema, prefix, path *proto.Path, drop int) (at, last string, err error) {
	origin, steps, err := gnmi.Steps(prefix, path)
	if err != nil {
		return "", "", fmt.Errorf("gnmi: %w", err)
	}
	if len(steps) == 0 {
		return "", "", nil
	}
	var names []string
	var keys []yang.Key
	for i, s := range steps {
		name := nodeName(s.Name)
		switch {
		case s.Module != "":
			name = s.Module + ":" + name
		case i == 0 && schema.Find("/"+name) == nil && origin != "":
			name = origin + ":" + name
		case i == 0 && schema.Find("/"+name) == nil:
			name = otherOrigin + ":" + name
		}
		if last = name; i >= len(steps)-drop {
			break
		}
		names = append(names, name)
		for _, k := range slices.Sorted(maps.Keys(s.Keys)) {
			keys = append(keys, yang.Key{Name: k, Value: s.Keys[k]})
		}
	}
	if len(names) == 0 {
		return "", last, nil
	}
	at, _ = schema.KeyedPath(strings.Join(names, "/"), keys)
	return at, last, nil
}
