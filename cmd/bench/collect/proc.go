package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// ticks are the parts of a second in which Linux counts for programs.
const ticks = 100

// cpuOf is the time that a process had a processor, its threads and the kernel
// for it: utime and stime of /proc/PID/stat, proc(5).
func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name may hold anything and ends at the last bracket.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	var sum time.Duration
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * time.Second / ticks
	}
	return sum, nil
}

// residentOf is the memory that a process has, in bytes.
func residentOf(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text)
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// stopwatch measures this process.
type stopwatch struct {
	cpu time.Duration
	at  time.Time
}

func startWatch() (stopwatch, error) {
	cpu, err := cpuOf(os.Getpid())
	return stopwatch{cpu, time.Now()}, err
}

// stop returns the processor's and the wall clock's time since the start.
func (w stopwatch) stop() (cpu, wall time.Duration, err error) {
	now, err := cpuOf(os.Getpid())
	return now - w.cpu, time.Since(w.at), err
}
