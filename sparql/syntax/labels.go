package syntax

import (
	"strconv"
	"strings"
)

// labels makes labels for unlabelled blank nodes and keeps where the text's
// own labels were used, because a label must not cross basic graph patterns
// (§19.6).
type labels struct {
	prefix   string // of made labels; begins no label of the text
	made     int
	patterns map[string]int // label → number of its basic graph pattern
	data     map[string]int // label → number of its INSERT DATA
	lastBGP  int
	bgp      int // the basic graph pattern being read
}

func newLabels(text string) *labels {
	prefix := "b"
	for strings.Contains(text, "_:"+prefix) {
		prefix += "_"
	}
	return &labels{prefix: prefix, patterns: map[string]int{}, data: map[string]int{}}
}

// fresh returns a label that nothing else in the text has.
func (l *labels) fresh() string {
	l.made++
	return l.prefix + strconv.Itoa(l.made-1)
}

// newBGP begins another basic graph pattern.
func (l *labels) newBGP() {
	l.lastBGP++
	l.bgp = l.lastBGP
}

// usePattern notes a label in the current basic graph pattern and tells
// whether it is new or only known from there.
func (l *labels) usePattern(label string) bool {
	return use(l.patterns, label, l.bgp)
}

// useData notes a label in an INSERT DATA and tells whether no other has it.
func (l *labels) useData(label string, operation int) bool {
	return use(l.data, label, operation)
}

func use(seen map[string]int, label string, where int) bool {
	if at, ok := seen[label]; ok {
		return at == where
	}
	seen[label] = where
	return true
}
