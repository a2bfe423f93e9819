package ingest

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// Limits of a sample's identity.
const (
	// MaxKeys bounds the keys of one sample; the strongest are kept.
	MaxKeys = 64
	// MaxKeyBytes bounds one key; a longer value is no key.
	MaxKeyBytes = 256
)

// Key is something that tells one device from others, such as
// "serial:9/FOC1234". Kinds have an order of strength.
type Key struct {
	Kind  string
	Scope string // what the value is unique within, such as the maker; may be ""
	Value string
	Rank  int  // 0 is the strongest
	Fixed bool // two devices with different keys of a fixed kind are not the same
}

// String returns the key as the graph holds it: kind, colon, scope and a
// slash if there is one, value.
func (k Key) String() string {
	if k.Scope != "" {
		return k.Kind + ":" + k.Scope + "/" + k.Value
	}
	return k.Kind + ":" + k.Value
}

// segments returns the parts of the key for an IRI.
func (k Key) segments() []string {
	if k.Scope != "" {
		return []string{k.Kind, k.Scope, k.Value}
	}
	return []string{k.Kind, k.Value}
}

// IdentityRules tell how keys are found in facts. They are data
// (map/identity.tsv; the README beside it tells the format).
type IdentityRules struct {
	rules   []identityRule // strongest first
	fixed   map[string]bool
	ignored map[string][]*regexp.Regexp
}

// Terms lists the properties by which devices are recognised, in order.
func (r *IdentityRules) Terms() []string {
	var terms []string
	for _, rule := range r.rules {
		for _, t := range []rdf.Term{rule.property, rule.where, rule.scope} {
			if !t.IsZero() && !slices.Contains(terms, t.Value()) {
				terms = append(terms, t.Value())
			}
		}
	}
	slices.Sort(terms)
	return terms
}

// identityRule finds keys of one kind.
type identityRule struct {
	kind       string
	property   rdf.Term
	where      rdf.Term // zero: no condition
	whereValue string
	scope      rdf.Term // zero: none
	scopeMatch *regexp.Regexp
}

// The kinds that belong to the hardware, unless the table has lines "fixed":
// addresses and names change while a device stays the same (DESIGN.md §2,
// "Identity").
var defaultFixed = []string{"serial", "chassis-mac"}

// LoadIdentity reads a table of identity rules. Errors name file and line.
func LoadIdentity(fsys fs.FS, name string) (*IdentityRules, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("ingest: identity rules: %w", err)
	}
	r := &IdentityRules{fixed: map[string]bool{}, ignored: map[string][]*regexp.Regexp{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		if err := r.line(strings.Split(line, "\t")); err != nil {
			return nil, fmt.Errorf("ingest: identity rules: %s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("ingest: identity rules: %s: %w", name, err)
	}
	if len(r.rules) == 0 {
		return nil, fmt.Errorf("ingest: identity rules: %s: no line gives a key", name)
	}
	if len(r.fixed) == 0 {
		for _, kind := range defaultFixed {
			r.fixed[kind] = true
		}
	}
	return r, nil
}

func (r *IdentityRules) line(cells []string) error {
	kind := cells[0]
	want := map[string]int{"ignore": 3, "fixed": 2}[kind]
	if want == 0 {
		want = 4
	}
	if len(cells) != want {
		return fmt.Errorf("%s: %d cells, expected %d separated by tabs", kind, len(cells), want)
	}
	switch kind {
	case "ignore":
		re, err := regexp.Compile("^(?:" + cells[2] + ")$")
		r.ignored[cells[1]] = append(r.ignored[cells[1]], re)
		return err
	case "fixed":
		r.fixed[cells[1]] = true
		return nil
	}
	if !kindName.MatchString(kind) {
		return fmt.Errorf("kind %q: expected lower-case letters and dashes", kind)
	}
	rule, err := parseIdentityRule(cells)
	r.rules = append(r.rules, rule)
	return err
}

var kindName = regexp.MustCompile(`^[a-z][a-z-]*$`)

func parseIdentityRule(cells []string) (rule identityRule, err error) {
	rule.kind = cells[0]
	if rule.property, err = iriCell(cells[1]); err != nil {
		return rule, err
	}
	if where := cells[2]; where != "-" {
		i := strings.LastIndexByte(where, '=')
		if i < 0 {
			return rule, fmt.Errorf("where %q: expected IRI=value or -", where)
		}
		rule.whereValue = where[i+1:]
		if rule.where, err = iriCell(where[:i]); err != nil {
			return rule, err
		}
	}
	if scope := cells[3]; scope != "-" {
		iri, pattern, ok := strings.Cut(scope, " ")
		if !ok {
			return rule, fmt.Errorf("scope %q: expected an IRI, a space and a regular expression, or -", scope)
		}
		if rule.scope, err = iriCell(iri); err != nil {
			return rule, err
		}
		if rule.scopeMatch, err = regexp.Compile(pattern); err != nil {
			return rule, err
		}
		if rule.scopeMatch.NumSubexp() < 1 {
			return rule, fmt.Errorf("scope %q: the regular expression has no group", scope)
		}
	}
	return rule, nil
}

func iriCell(iri string) (rdf.Term, error) { return rdf.IRI(iri), rdf.CheckIRI(iri) }

// Keys returns the keys that facts tell, strongest first, each once; keys of
// one rule in the order of the facts.
func (r *IdentityRules) Keys(facts []Fact) []Key {
	index := r.relevant(facts)
	var keys []Key
	for rank, rule := range r.rules {
		scope, ok := rule.scopeOf(index)
		if !ok {
			continue
		}
		for _, value := range rule.values(index) {
			k := Key{Kind: rule.kind, Scope: scope, Value: value, Rank: rank, Fixed: r.fixed[rule.kind]}
			known := slices.ContainsFunc(keys, func(o Key) bool { return o.String() == k.String() })
			if !known && !r.ignores(rule.kind, value) && len(k.String()) <= MaxKeyBytes && len(keys) < MaxKeys {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

func (r *IdentityRules) ignores(kind, value string) bool {
	for _, re := range slices.Concat(r.ignored["*"], r.ignored[kind]) {
		if re.MatchString(value) {
			return true
		}
	}
	return value == ""
}

// keysOf returns the keys that text may stand for: itself, and the value of a
// key of each kind that needs no scope.
func (r *IdentityRules) keysOf(text string) []string {
	keys := []string{text}
	for _, rule := range r.rules {
		if key := rule.kind + ":" + text; rule.scope.IsZero() && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// kindOf returns the kind of a key's text.
func kindOf(key string) string {
	kind, _, _ := strings.Cut(key, ":")
	return kind
}

// factIndex holds the facts that rules look at, by property.
type factIndex map[rdf.Term][]Fact

func (r *IdentityRules) relevant(facts []Fact) factIndex {
	index := factIndex{}
	for _, rule := range r.rules {
		for _, p := range [...]rdf.Term{rule.property, rule.where, rule.scope} {
			index[p] = nil
		}
	}
	for _, f := range facts {
		if _, ok := index[f.P]; ok && f.Ref == "" {
			index[f.P] = append(index[f.P], f)
		}
	}
	return index
}

// scopeOf returns what goes before the rule's values; false if the sample
// does not tell.
func (rule identityRule) scopeOf(index factIndex) (string, bool) {
	if rule.scope.IsZero() {
		return "", true
	}
	for _, f := range index[rule.scope] {
		if m := rule.scopeMatch.FindStringSubmatch(f.O.Value()); m != nil {
			return m[1], m[1] != ""
		}
	}
	return "", false
}

// values returns what the rule finds, without white space at the ends.
func (rule identityRule) values(index factIndex) []string {
	var values []string
	for _, f := range index[rule.property] {
		if rule.holds(index, f.Thing) {
			values = append(values, strings.TrimSpace(f.O.Value()))
		}
	}
	return values
}

func (rule identityRule) holds(index factIndex, thing string) bool {
	return rule.where.IsZero() || slices.ContainsFunc(index[rule.where], func(f Fact) bool {
		return f.Thing == thing && f.O.Value() == rule.whereValue
	})
}
