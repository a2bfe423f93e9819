package gnmi

//lint:file-ignore SA1019 elements of paths before version 0.4 are read, which old devices send.

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/openconfig/gnmi/proto/gnmi"
)

// Limits of one path.
const (
	maxSteps     = 128
	maxPathBytes = 64 << 10
)

// Step is one element of a path: a name, its module if the path says it, and
// the keys of a list entry.
type Step struct {
	Module, Name string
	Keys         map[string]string
}

// Steps joins the prefix and the path of an update (gNMI specification §2.4.1)
// and returns its origin too: the path's, else the prefix's. Elements in the
// form before version 0.4 are read; keys that stand without a name, which some
// devices send, belong to the step before.
func Steps(prefix, path *gnmi.Path) (origin string, steps []Step, err error) {
	origin = prefix.GetOrigin()
	if o := path.GetOrigin(); o != "" {
		origin = o
	}
	size := len(origin)
	for _, p := range []*gnmi.Path{prefix, path} {
		for _, e := range elems(p) {
			size += len(e.GetName())
			for k, v := range e.GetKey() {
				size += len(k) + len(v)
			}
			if len(steps) >= maxSteps || size > maxPathBytes {
				return "", nil, fmt.Errorf("%w: a path of more than %d elements or %d bytes", ErrTooLarge, maxSteps, maxPathBytes)
			}
			if steps, err = addStep(steps, e); err != nil {
				return "", nil, err
			}
		}
	}
	return origin, steps, nil
}

// elems are a path's elements; those of the old form have their keys in
// brackets.
func elems(p *gnmi.Path) []*gnmi.PathElem {
	if len(p.GetElem()) > 0 || len(p.GetElement()) == 0 {
		return p.GetElem()
	}
	var out []*gnmi.PathElem
	for _, text := range p.GetElement() {
		out = append(out, parseElem(text))
	}
	return out
}

// parseElem reads name[key=value][key=value]; a ] in a value has \ before it.
func parseElem(text string) *gnmi.PathElem {
	name, rest, found := strings.Cut(text, "[")
	e := &gnmi.PathElem{Name: name}
	for found {
		var key, value strings.Builder
		at, escaped, closed := &key, false, false
		for i, r := range rest {
			if escaped {
				at.WriteRune(r)
				escaped = false
				continue
			}
			if r == ']' {
				rest, closed = rest[i+1:], true
				break
			}
			switch {
			case r == '\\':
				escaped = true
			case r == '=' && at == &key:
				at = &value
			default:
				at.WriteRune(r)
			}
		}
		if !closed {
			return &gnmi.PathElem{Name: text} // no path element: it is kept as it stands
		}
		if e.Key == nil {
			e.Key = map[string]string{}
		}
		e.Key[key.String()] = value.String()
		_, rest, found = strings.Cut(rest, "[")
	}
	return e
}

func addStep(steps []Step, e *gnmi.PathElem) ([]Step, error) {
	if e.GetName() == "" {
		if len(steps) == 0 || len(e.GetKey()) == 0 {
			return steps, fmt.Errorf("%w: a path element without name", ErrProtocol)
		}
		last := &steps[len(steps)-1]
		last.Keys = joined(last.Keys, e.GetKey())
		return steps, nil
	}
	if strings.HasPrefix(e.GetName(), "#") && len(steps) == 0 {
		return steps, fmt.Errorf("%w: %s is an alias, which was not asked for", ErrProtocol, clip(e.GetName()))
	}
	step := Step{Name: e.GetName(), Keys: e.GetKey()}
	// Many devices write the module before a name; names of maps may have
	// colons of their own.
	if module, name, found := strings.Cut(step.Name, ":"); found && isName(module) && isName(name) {
		step.Module, step.Name = module, name
	}
	return append(steps, step), nil
}

func joined(a, b map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range []map[string]string{a, b} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// ParsePath reads a path as people write it: /a/b[key=value]/c, with module
// names as prefixes where wanted. Errors name what is wrong.
func ParsePath(text string) (*gnmi.Path, error) {
	p := &gnmi.Path{}
	if origin, rest, ok := strings.Cut(text, ":/"); ok && qualifiedOrigin.MatchString(origin) {
		p.Origin, text = origin, "/"+rest
	}
	if !strings.HasPrefix(text, "/") {
		return nil, fmt.Errorf("path %q does not begin with /", clip(text))
	}
	for _, part := range splitOutside(strings.Trim(text, "/")) {
		if part == "" && strings.Trim(text, "/") == "" {
			break
		}
		e := parseElem(part)
		if e.Name == "" || strings.ContainsAny(e.Name, "[]=") || e.Key[""] != "" {
			return nil, fmt.Errorf("path %q: %q is no element such as name or name[key=value]", clip(text), clip(part))
		}
		p.Elem = append(p.Elem, e)
	}
	if _, _, err := Steps(nil, p); err != nil {
		return nil, err
	}
	return p, nil
}

var qualifiedOrigin = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)

// splitOutside splits at / outside of brackets.
func splitOutside(text string) []string {
	var parts []string
	depth, start, escaped := 0, 0, false
	for i, r := range text {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '[':
			depth++
		case r == ']':
			depth = 0
		case r == '/' && depth == 0:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}
