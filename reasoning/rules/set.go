package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// Folders of the knowledge folder that hold rule files.
var Folders = []string{"align", "rules"}

// MaxRules bounds a Set.
const MaxRules = 2000

// Set is the rules of a knowledge folder in the order in which they run: each
// after those that write what it reads. Strata are groups that do not depend
// on one another.
type Set struct {
	Strata [][]*Rule
	// Broken holds the files that could not be used, by rule name. What such
	// a rule derived before stays until the file is mended or deleted.
	Broken map[string]error
}

// Rules lists the rules in the order in which they run.
func (s *Set) Rules() []*Rule { return slices.Concat(s.Strata...) }

// Rule finds a rule by name, nil if there is none.
func (s *Set) Rule(name string) *Rule {
	for _, r := range s.Rules() {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// LoadSet reads all rule files of a knowledge folder. Files that cannot be
// used are in Broken; the error is about the folder as a whole: unreadable,
// too many rules, or rules that depend on each other in a cycle.
func LoadSet(fsys fs.FS, base string) (*Set, error) {
	set := &Set{Broken: map[string]error{}}
	var rules []*Rule
	seen := map[string]string{}
	for _, folder := range Folders {
		files, err := fs.Glob(fsys, folder+"/*.rule")
		if err != nil {
			return nil, fmt.Errorf("rules: folder %s: %w", folder, err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(path.Base(file), ".rule")
			if other, twice := seen[name]; twice {
				return nil, fmt.Errorf("rules: %s and %s have the same name: rename one", other, file)
			}
			seen[name] = file
			text, err := fs.ReadFile(fsys, file)
			if err != nil {
				return nil, fmt.Errorf("rules: %w", err)
			}
			rule, err := ParseRule(file, string(text), base)
			if err != nil {
				set.Broken[name] = err
				continue
			}
			rules = append(rules, rule)
		}
	}
	if len(rules) > MaxRules {
		return nil, fmt.Errorf("rules: %d rules, at most %d are allowed", len(rules), MaxRules)
	}
	var err error
	set.Strata, err = stratify(rules)
	return set, err
}

// ErrCycle: rules depend on each other in a cycle.
var ErrCycle = errors.New("rules: cycle")

// stratify sorts rules by dependency, and by name within a stratum.
func stratify(rules []*Rule) ([][]*Rule, error) {
	slices.SortFunc(rules, func(a, b *Rule) int { return strings.Compare(a.Name, b.Name) })
	given := map[rdf.Term]bool{}
	for _, r := range rules {
		maps.Copy(given, r.gives)
	}
	for _, r := range rules {
		r.widen(given)
	}
	rest, done := slices.Clone(rules), [][]*Rule(nil)
	for len(rest) > 0 {
		var ready, blocked []*Rule
		for _, r := range rest {
			if slices.ContainsFunc(rest, func(w *Rule) bool { return dependsOn(r, w) }) {
				blocked = append(blocked, r)
			} else {
				ready = append(ready, r)
			}
		}
		if len(ready) == 0 {
			return nil, fmt.Errorf("%w: %s read what each other write; give one of them a predicate of its own", ErrCycle, names(blocked))
		}
		done, rest = append(done, ready), blocked
	}
	return done, nil
}

// dependsOn tells whether r reads what w writes. An alignment rule does not
// depend on rules of the derived graph, and one that writes the twin not on
// what is intended: the twin's current state rests on sources only.
func dependsOn(r, w *Rule) bool {
	if r.Target != TargetDerived && w.Target == TargetDerived || r.Target == TargetDefault && w.Target == TargetIntended {
		return false
	}
	return r.readsWrittenBy(w)
}

func (r *Rule) widen(given map[rdf.Term]bool) {
	r.readsDefault.widen(given)
	r.readsNamed.widen(given)
	r.writes.widen(given)
	for _, reads := range r.readsGraph {
		reads.widen(given)
	}
}

func names(rules []*Rule) string {
	var list []string
	for _, r := range rules {
		list = append(list, r.Name)
	}
	return strings.Join(list, ", ")
}
