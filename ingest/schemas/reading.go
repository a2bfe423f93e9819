package schemas

import (
	"errors"
	"fmt"
	"strings"

	"nettwin/ingest"
	"nettwin/ontology/yang"
)

// maxWarnings bounds what one broken device can say.
const maxWarnings = 50

// ErrTooManyFacts: what a device says is beyond the limit of one sample.
var ErrTooManyFacts = errors.New("too many facts")

// Reading is one reading of a device on its way to a sample: what was read of
// its roots, what failed, and warnings in bounded number.
type Reading struct {
	Sample   *ingest.Sample
	Model    *Model
	Policy   Policy
	MaxFacts int

	failures []error
	unread   map[string]bool // roots that failed
	dropped  int             // warnings
}

// Warn adds warnings.
func (r *Reading) Warn(texts ...string) {
	room := max(maxWarnings-len(r.Sample.Warnings), 0)
	r.dropped += max(len(texts)-room, 0)
	r.Sample.Warnings = append(r.Sample.Warnings, texts[:min(room, len(texts))]...)
}

// Fail notes that a root was not read.
func (r *Reading) Fail(root string, err error) {
	if err != nil {
		r.failures = append(r.failures, err)
	}
	if r.unread == nil {
		r.unread = map[string]bool{}
	}
	r.unread[root] = true
}

// Nothing returns the first failure if no root was read, else nil.
func (r *Reading) Nothing() error {
	if len(r.failures) > 0 && len(r.unread) == len(r.Model.Roots) {
		return r.failures[0]
	}
	return nil
}

// Add adds the facts that decode yields, all or none. Values that do not fit
// their type are kept and warned of; elements without schema are counted.
// Errors: ErrTooManyFacts, those of decode.
func (r *Reading) Add(decode func(yield func(yang.Fact) bool) (yang.Stats, []yang.Problem, error)) error {
	before, tooMany := len(r.Sample.Facts), false
	stats, problems, err := decode(func(f yang.Fact) bool {
		if len(r.Sample.Facts) >= r.MaxFacts {
			tooMany = true
			return false
		}
		counter := f.Counter || r.Policy.Measures(f.P.Value())
		r.Sample.Facts = append(r.Sample.Facts, ingest.Fact{Thing: f.Thing, P: f.P, O: f.O, Ref: f.Ref, Counter: counter})
		return true
	})
	if err == nil && tooMany {
		err = fmt.Errorf("%w: more than %d", ErrTooManyFacts, r.MaxFacts)
	}
	if err != nil {
		clear(r.Sample.Facts[before:])
		r.Sample.Facts = r.Sample.Facts[:before]
		return err
	}
	r.Sample.Unmapped += stats.Unknown
	for _, p := range problems {
		r.Warn(p.String())
	}
	return nil
}

// Finish judges what was read: the sample's Complete lists the roots that were
// read, whether they had data or not, and their modules if all of a module's
// roots were. The error wraps ingest.ErrPartial if some were not.
func (r *Reading) Finish() (*ingest.Sample, error) {
	modules := map[string]bool{} // false: one of its roots is unread
	for _, root := range r.Model.Roots {
		module, _, _ := strings.Cut(root.Path, ":")
		if before, ok := modules[module]; !ok || before {
			modules[module] = !r.unread[root.Path]
		}
		if !r.unread[root.Path] {
			r.Sample.Complete = append(r.Sample.Complete, root.Path)
		}
	}
	for _, root := range r.Model.Roots { // a module's own leafs are facts about the module
		module, _, _ := strings.Cut(root.Path, ":")
		if modules[module] {
			r.Sample.Complete = append(r.Sample.Complete, module)
			modules[module] = false
		}
	}
	if r.dropped > 0 {
		r.Sample.Warnings = append(r.Sample.Warnings, fmt.Sprintf("and %d warnings more", r.dropped))
	}
	if len(r.failures) == 0 {
		return r.Sample, nil
	}
	return r.Sample, fmt.Errorf("%w: %w", ingest.ErrPartial, errors.Join(r.failures...))
}
