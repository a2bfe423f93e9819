package main

import (
	"os"
	"runtime"
	"sync"
)

// spareProcessors is how many more goroutines may run than there are
// processors. While long queries keep all processors busy, Go looks for what
// came from the network every 10 ms only, unless a place to run is free; then
// the operating system, which prefers who waited, shares the processors out.
const spareProcessors = 2

// workers returns how many long queries may compute at once, and sees to it
// that there are places to run beside them, unless GOMAXPROCS says how many.
var workers = sync.OnceValue(func() int {
	n := runtime.GOMAXPROCS(0)
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(n + spareProcessors)
	}
	return n
})
