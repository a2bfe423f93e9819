package main

import (
	"os"
	"runtime/debug"
)

// The collector of garbage by default: most of the graph is in files and in a
// cache of fixed size, so that little is live, and collecting at twice as much
// would be all the time. Towards the limit it collects as often as it must.
const (
	gcPercent       = 400
	softMemoryBytes = 4 << 30
)

// tuneMemory sets the collector of garbage, unless GOGC or GOMEMLIMIT say how.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemoryBytes)
	}
}
