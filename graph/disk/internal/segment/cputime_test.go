//go:build unix

package segment

import (
	"syscall"
	"testing"
)

// cpuNanos is the processor time of this process, which neighbours on the
// machine change less than they change the time on the wall.
func cpuNanos() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// reportCPU reports processor time per unit since start.
func reportCPU(b *testing.B, start int64, units float64, unit string) {
	b.ReportMetric(float64(cpuNanos()-start)/float64(b.N)/units, "cpu-ns/"+unit)
}
