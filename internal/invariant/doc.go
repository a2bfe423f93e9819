// Package invariant holds checks of what must always be so. They run only in
// builds with the tag "invariants"; without it they cost nothing and bugs are
// returned as errors instead.
package invariant

import "fmt"

// Check panics with msg when cond is false, in builds with the tag
// "invariants". msg begins with the number of the invariant in its file, such
// as "I3: counts add up". Guard costly conditions with Enabled.
func Check(cond bool, msg string) {
	if Enabled && !cond {
		panic("invariant violated: " + msg)
	}
}

// Checkf is Check with a formatted message. Its arguments are evaluated in
// every build: guard costly ones with Enabled.
func Checkf(cond bool, format string, args ...any) {
	if Enabled && !cond {
		panic("invariant violated: " + fmt.Sprintf(format, args...))
	}
}
