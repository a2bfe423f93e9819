package document

import (
	"fmt"
	"net/url"
	"strings"

	"nettwin/naming"
)

// escapePath writes the names of a path for an IRI; slashes and colons of the
// path stay.
func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		module, name, ok := strings.Cut(part, ":")
		if ok {
			parts[i] = naming.EncodeSegment(module) + ":" + naming.EncodeSegment(name)
		} else {
			parts[i] = naming.EncodeSegment(part)
		}
	}
	return strings.Join(parts, "/")
}

func unescapePath(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

// join lengthens a path by a name.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// thingName lengthens the name of a thing by a path below it and keys.
func thingName(outer, path string, keys []string) string {
	encoded := make([]string, len(keys))
	for i, key := range keys {
		encoded[i] = naming.EncodeSegment(key)
	}
	return join(outer, escapePath(path)+"="+strings.Join(encoded, ","))
}

// step is one part of a thing's name: names of members, then the keys of the
// element of the array that the last one is.
type step struct {
	names []string
	keys  []string
}

// parseThing takes the name of a thing apart.
func parseThing(name string) ([]step, error) {
	var steps []step
	var names []string
	for part := range strings.SplitSeq(name, "/") {
		member, keys, isElement := strings.Cut(part, "=")
		names = append(names, unescapePath(member))
		if !isElement {
			continue
		}
		one := step{names: names}
		for key := range strings.SplitSeq(keys, ",") {
			plain, err := url.PathUnescape(key)
			if err != nil {
				return nil, fmt.Errorf("document: thing %q: %w", name, err)
			}
			one.keys = append(one.keys, plain)
		}
		steps, names = append(steps, one), nil
	}
	if names != nil {
		return nil, fmt.Errorf("document: thing %q: its name ends without a key", name)
	}
	return steps, nil
}
