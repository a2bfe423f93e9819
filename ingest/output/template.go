package output

import (
	"regexp"
	"strings"

	"nettwin/naming"
)

// template is a text with {names} in it.
type template struct {
	parts []string // texts and names by turns, a text first
}

var hole = regexp.MustCompile(`\{([A-Za-z][A-Za-z0-9-]*)\}`)

func parseTemplate(text string) template {
	var t template
	at := 0
	for _, m := range hole.FindAllStringSubmatchIndex(text, -1) {
		t.parts = append(t.parts, text[at:m[0]], text[m[2]:m[3]])
		at = m[1]
	}
	t.parts = append(t.parts, text[at:])
	return t
}

// fill puts texts in; false if one is missing.
func (t template) fill(texts map[string]string, encode bool) (string, bool) {
	var b strings.Builder
	for i, part := range t.parts {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		text, ok := texts[part]
		if !ok || text == "" {
			return "", false
		}
		if encode {
			text = naming.EncodeSegment(text)
		}
		b.WriteString(text)
	}
	return b.String(), true
}
