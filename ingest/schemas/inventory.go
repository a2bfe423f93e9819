package schemas

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxModules bounds the modules of one device.
const MaxModules = 10_000

// ErrNoModules: there is nothing to map by.
var ErrNoModules = errors.New("the device tells no YANG module")

// Module is a YANG module that a device has.
type Module struct {
	Name, Revision, Namespace string
	Implemented               bool // else it lends types only
	Features                  []string
}

// ID is the name with the revision, if it has one: name@revision.
func (m Module) ID() string { return revised(m.Name, m.Revision) }

func revised(name, revision string) string {
	if revision == "" {
		return name
	}
	return name + "@" + revision
}

// Text names a schema text of a module or submodule.
type Text struct {
	Name, Revision string
	// Locations are URLs at which the device says the text is; may be empty.
	Locations []string
}

// ID is the name with the revision, if it has one: name@revision.
func (t Text) ID() string { return revised(t.Name, t.Revision) }

// Inventory is what a device says about its schemas.
type Inventory struct {
	Modules []Module
	// Texts are the modules and submodules whose texts may be had.
	Texts []Text
	// NoFeatures: the device does not tell which features it has.
	NoFeatures bool
	// Set is a digest of all; Settle makes it.
	Set string
}

// Settle sorts, removes what is listed twice, and digests the whole with what
// the device says of its version. Errors: ErrNoModules, too many modules.
func (inv *Inventory) Settle(notes ...string) error {
	slices.SortStableFunc(inv.Modules, func(a, b Module) int {
		return cmp.Or(strings.Compare(a.ID(), b.ID()), boolOrder(b.Implemented, a.Implemented))
	})
	inv.Modules = slices.CompactFunc(inv.Modules, func(a, b Module) bool { return a.ID() == b.ID() })
	slices.SortStableFunc(inv.Texts, func(a, b Text) int { return strings.Compare(a.ID(), b.ID()) })
	inv.Texts = slices.CompactFunc(inv.Texts, func(a, b Text) bool { return a.ID() == b.ID() })
	h := sha256.New()
	for _, n := range notes {
		fmt.Fprintf(h, "%q\n", n)
	}
	for _, m := range inv.Modules {
		slices.Sort(m.Features)
		fmt.Fprintf(h, "%q %v %q\n", m.ID(), m.Implemented, m.Features)
	}
	for _, t := range inv.Texts {
		fmt.Fprintf(h, "%q\n", t.ID())
	}
	inv.Set = hex.EncodeToString(h.Sum(nil)[:16])
	if n := max(len(inv.Modules), len(inv.Texts)); n > MaxModules {
		return fmt.Errorf("the device lists %d modules, at most %d", n, MaxModules)
	}
	if len(inv.Modules) == 0 {
		return ErrNoModules
	}
	return nil
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Feature tells whether the device has a feature. Of modules that the
// inventory does not list it is unknown: yes.
func (inv *Inventory) Feature() func(module, feature string) bool {
	known := map[string]map[string]bool{}
	for _, m := range inv.Modules {
		if known[m.Name] == nil {
			known[m.Name] = map[string]bool{}
		}
		for _, f := range m.Features {
			known[m.Name][f] = true
		}
	}
	return func(module, feature string) bool {
		of, ok := known[module]
		return !ok || inv.NoFeatures || of[feature]
	}
}
