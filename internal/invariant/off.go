//go:build !invariants

package invariant

// Enabled tells whether checks run.
const Enabled = false

// Sometimes is true for one call in n in builds with the tag "invariants",
// and never otherwise.
func Sometimes(n int) bool { return false }
