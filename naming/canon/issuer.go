package canon

import (
	"maps"
	"slices"
	"strconv"
)

// issuer hands out labels in order (RDFC-1.0 §4.5).
type issuer struct {
	prefix string
	issued map[string]string
	order  []string // the keys of issued as they came
}

func newIssuer(prefix string) *issuer { return &issuer{prefix: prefix, issued: map[string]string{}} }

func (is *issuer) issue(node string) string {
	if label, ok := is.issued[node]; ok {
		return label
	}
	label := is.prefix + strconv.Itoa(len(is.order))
	is.issued[node] = label
	is.order = append(is.order, node)
	return label
}

func (is *issuer) clone() *issuer {
	return &issuer{prefix: is.prefix, issued: maps.Clone(is.issued), order: slices.Clone(is.order)}
}
