//go:build invariants

package invariant

import "sync/atomic"

// Enabled tells whether checks run.
const Enabled = true

var calls atomic.Uint64

// Sometimes is true for one call in n, counted over the process, so that test
// builds take slow paths that data of tests would seldom reach.
func Sometimes(n int) bool { return n > 0 && calls.Add(1)%uint64(n) == 0 }
