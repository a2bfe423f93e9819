package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// figures are what one engine showed. A zero figure means that the engine
// cannot do it.
type figures struct {
	Quads   uint64
	Answers []string // must be those of the other engines

	Load, LoadCPU          float64 // quads/s, µs of the processor a quad
	Index, Dictionary, Log float64 // bytes a quad
	Archive                float64 // bytes a change of what updates logged, once most of it is compressed
	Ready                  time.Duration
	Scan, ScanCPU          float64 // ns a row
	Seek, SeekCPU          float64 // ns
	Updates, UpdateCPU     float64 // changes/s, µs of the processor a change
	P50, P99               time.Duration
	MixP50, MixP99         time.Duration
	MixSlower              float64 // times
	Delta, Branches        float64 // times
	OnBranch               float64 // times
	Fork                   time.Duration
	Diff                   float64 // ns of the processor a change
	AsOf                   time.Duration
	RSS                    float64 // MiB
}

// sameAnswers compares what two engines answered.
func sameAnswers(a, b *figures, nameA, nameB string) error {
	for i := range max(len(a.Answers), len(b.Answers)) {
		if i >= len(a.Answers) || i >= len(b.Answers) || a.Answers[i] != b.Answers[i] {
			return fmt.Errorf("answers differ:\n%s: %q\n%s: %q", nameA, a.Answers, nameB, b.Answers)
		}
	}
	return nil
}

// row is a line of the table.
type row struct {
	what, floor string
	of          func(f *figures) string
}

func number(format string, v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

func span(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < 10*time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.0f µs", float64(d.Nanoseconds())/1e3)
	}
	return fmt.Sprintf("%.0f ms", float64(d.Nanoseconds())/1e6)
}

var rows = []row{
	{"load, quads/s", "700k", func(f *figures) string { return number("%.0fk", f.Load/1e3) }},
	{"load, µs of CPU a quad", "", func(f *figures) string { return number("%.2f", f.LoadCPU) }},
	{"index, B/quad", "35", func(f *figures) string { return number("%.1f", f.Index) }},
	{"dictionary, B/quad", "", func(f *figures) string { return number("%.1f", f.Dictionary) }},
	{"log of the load, B/quad", "", func(f *figures) string { return number("%.1f", f.Log) }},
	{"archive of the updates, B/change", "", func(f *figures) string { return number("%.1f", f.Archive) }},
	{"ready after restart", "2 s", func(f *figures) string { return span(f.Ready) }},
	{"updates, changes/s", "10k", func(f *figures) string { return number("%.0fk", f.Updates/1e3) }},
	{"updates, p50 / p99", "– / 20 ms", func(f *figures) string { return span(f.P50) + " / " + span(f.P99) }},
	{"updates, µs of CPU a change", "10", func(f *figures) string { return number("%.1f", f.UpdateCPU) }},
	{"updates in the mix, p50 / p99", "– / 50 ms", func(f *figures) string { return span(f.MixP50) + " / " + span(f.MixP99) }},
	{"mix with updates", "1.4×", func(f *figures) string { return number("%.2f×", f.MixSlower) }},
	{"scan, ns/row (CPU)", "5", func(f *figures) string {
		return number("%.1f", f.Scan) + " (" + number("%.1f", f.ScanCPU) + ")"
	}},
	{"seek, ns (CPU)", "", func(f *figures) string {
		return number("%.0f", f.Seek) + " (" + number("%.0f", f.SeekCPU) + ")"
	}},
	{"scan with a 1 % delta", "1.4×", func(f *figures) string { return number("%.2f×", f.Delta) }},
	{"scan of main, ten branches live", "1.4×", func(f *figures) string { return number("%.2f×", f.Branches) }},
	{"scan of a branch with a 1 % delta", "1.4×", func(f *figures) string { return number("%.2f×", f.OnBranch) }},
	{"fork", "", func(f *figures) string { return span(f.Fork) }},
	{"diff, ns of CPU a change", "", func(f *figures) string { return number("%.0f", f.Diff) }},
	{"open as of 1 % ago", "", func(f *figures) string { return span(f.AsOf) }},
	{"RSS at its peak, MiB", "", func(f *figures) string { return number("%.0f", f.RSS) }},
}

// print writes the table.
func (o options) print(w io.Writer, names []string, all []*figures) error {
	fmt.Fprintf(w, "%s, %d cores, %s, commit %s, seed %d\n%s: %d quads; answers are equal\n\n",
		cpuModel(), runtime.NumCPU(), runtime.Version(), o.commit, o.seed, o.file, all[0].Quads)
	fmt.Fprintf(w, "| %-34s | %9s |", "", "floor")
	for _, name := range names {
		fmt.Fprintf(w, " %17s |", name)
	}
	fmt.Fprintf(w, "\n|%s|%s:|%s\n", strings.Repeat("-", 36), strings.Repeat("-", 10), strings.Repeat(strings.Repeat("-", 18)+":|", len(names)))
	for _, r := range rows {
		fmt.Fprintf(w, "| %-34s | %9s |", r.what, r.floor)
		for _, f := range all {
			fmt.Fprintf(w, " %17s |", r.of(f))
		}
		fmt.Fprintln(w)
	}
	return nil
}

// cpuModel is the machine's processor, as Linux names it.
func cpuModel() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
