package gnmi

import (
	"slices"
	"strings"

	"github.com/openconfig/gnmi/proto/gnmi"
)

// matches tells whether a path is at or below what a prefix and a path ask for;
// * stands for any name or key, … for any elements (gNMI specification §2.4.2).
func matches(prefix, asked, path *gnmi.Path) bool {
	return match(slices.Concat(prefix.GetElem(), asked.GetElem()), path.GetElem())
}

func match(asked, path []*gnmi.PathElem) bool {
	if len(asked) == 0 {
		return true
	}
	if asked[0].GetName() == "..." {
		for i := range path {
			if match(asked[1:], path[i:]) {
				return true
			}
		}
		return len(asked) == 1
	}
	return len(path) > 0 && matchesElem(asked[0], path[0]) && match(asked[1:], path[1:])
}

func matchesElem(asked, e *gnmi.PathElem) bool {
	name := asked.GetName()
	_, local, _ := strings.Cut(e.GetName(), ":")
	if name != "*" && name != e.GetName() && name != local {
		_, askedLocal, found := strings.Cut(name, ":")
		if !found || askedLocal != e.GetName() {
			return false
		}
	}
	for k, v := range asked.GetKey() {
		if v != "*" && e.GetKey()[k] != v {
			return false
		}
	}
	return true
}
