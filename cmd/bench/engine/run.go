package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// How much a run does.
const (
	replaced     = 500 // integers a commit, so 1000 changes
	scanRounds   = 5
	seekRounds   = 3
	answered     = 500 // subjects whose quads must be equal
	liveBranches = 10
	forkRounds   = 100
	mixPause     = 100 * time.Millisecond // between commits beside the mix
)

// run measures one engine.
type run struct {
	engine
	o      options
	sample *sample
	f      figures
}

func newRun(e engine, o options) *run { return &run{engine: e, o: o} }

// cpu is the processor's time of the process.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// all runs the rows one after the other.
func (r *run) all(ctx context.Context) (*figures, error) {
	var err error
	if r.sample, err = readSample(r.o.file, r.o.seed); err != nil {
		return nil, err
	}
	runtime.GC()
	steps := []func(context.Context) error{r.load, r.tidyAndSize, r.restart, r.answers, r.seek, r.scans, r.delta, r.updates, r.answers, r.branches, r.mixed}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	r.f.RSS = peakMiB()
	return &r.f, r.close()
}

func (r *run) load(ctx context.Context) error {
	start, used := time.Now(), cpu()
	err := r.engine.load(ctx, r.o.file)
	if err == nil {
		err = r.reopen()
	}
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	r.f.Load = float64(r.sample.quads) / time.Since(start).Seconds()
	r.f.LoadCPU = float64((cpu() - used).Microseconds()) / float64(r.sample.quads)
	return r.with(func(v reader) (err error) {
		r.f.Quads, _, err = v.sum(ctx)
		return err
	})
}

// with opens the newest version for f.
func (r *run) with(f func(v reader) error) error {
	v, err := r.read()
	if err != nil {
		return err
	}
	err = f(v)
	if e := v.close(); err == nil {
		err = e
	}
	return err
}

func (r *run) tidyAndSize(ctx context.Context) error {
	if err := r.tidy(ctx); err != nil {
		return err
	}
	index, dictionary, log, err := r.sizes()
	n := float64(r.f.Quads)
	r.f.Index, r.f.Dictionary, r.f.Log = float64(index)/n, float64(dictionary)/n, float64(log)/n
	return err
}

// restart measures opening up to the first answer.
func (r *run) restart(ctx context.Context) error {
	start := time.Now()
	if err := r.reopen(); err != nil {
		return err
	}
	err := r.with(func(v reader) error {
		_, err := r.describe(ctx, v, r.sample.subjects[:1])
		return err
	})
	if _, _, log, _ := r.sizes(); err == nil && (log > 0 || r.f.Index > 0) {
		r.f.Ready = time.Since(start)
	}
	return err
}

// describe adds up all that is said of subjects.
func (r *run) describe(ctx context.Context, v reader, subjects []rdf.Term) (sum uint64, err error) {
	ids := make([]graph.TermID, len(subjects))
	if err := v.ids(subjects, ids); err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := v.describe(ctx, id, func(q rdf.Quad) { sum += hashQuad(q) }); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// answers notes what all engines must say alike.
func (r *run) answers(ctx context.Context) error {
	return r.with(func(v reader) error {
		rows, _, err := v.sum(ctx)
		if err != nil {
			return err
		}
		sum, err := r.describe(ctx, v, r.sample.subjects[:min(answered, len(r.sample.subjects))])
		if err != nil {
			return err
		}
		var changed []rdf.Term
		for _, q := range r.sample.integers[:answered] {
			changed = append(changed, q.S)
		}
		more, err := r.describe(ctx, v, changed)
		if err != nil {
			return err
		}
		ids := make([]graph.TermID, len(r.sample.predicates))
		if err := v.ids(r.sample.predicates, ids); err != nil {
			return err
		}
		var counts strings.Builder
		for _, p := range ids {
			n, err := v.count(ctx, p)
			if err != nil {
				return err
			}
			counts.WriteString(" " + strconv.FormatUint(n, 10))
		}
		r.f.Answers = append(r.f.Answers, fmt.Sprintf("%d quads, sums %x %x, per predicate%s", rows, sum, more, counts.String()))
		return nil
	})
}

// seek looks for the type of subjects.
func (r *run) seek(ctx context.Context) error {
	return r.with(func(v reader) error {
		var p [1]graph.TermID
		ids := make([]graph.TermID, len(r.sample.subjects))
		if err := v.ids([]rdf.Term{rdf.IRI(rdf.RDFType)}, p[:]); err != nil {
			return err
		}
		if err := v.ids(r.sample.subjects, ids); err != nil {
			return err
		}
		f, err := v.seeker(ctx, p[0])
		if err != nil {
			return err
		}
		for range seekRounds {
			start, before := time.Now(), cpu()
			for _, s := range ids {
				if _, err := f(s); err != nil {
					return err
				}
			}
			n := float64(len(ids))
			r.f.Seek = least(r.f.Seek, float64(time.Since(start).Nanoseconds())/n)
			r.f.SeekCPU = least(r.f.SeekCPU, float64((cpu()-before).Nanoseconds())/n)
		}
		return nil
	})
}

// scan returns the quickest of some scans of a version in ns a row, by the wall
// and by the processor.
func (r *run) scan(ctx context.Context, v reader) (wall, used float64, err error) {
	for range scanRounds {
		start, before := time.Now(), cpu()
		rows, _, err := v.sum(ctx)
		if err != nil {
			return 0, 0, err
		}
		wall = least(wall, float64(time.Since(start).Nanoseconds())/float64(rows))
		used = least(used, float64((cpu()-before).Nanoseconds())/float64(rows))
	}
	return wall, used, nil
}

// least is the smaller of two figures, of which the first may not be there yet.
func least(a, b float64) float64 {
	if a == 0 || b < a {
		return b
	}
	return a
}

func (r *run) scans(ctx context.Context) error {
	return r.with(func(v reader) (err error) {
		r.f.Scan, r.f.ScanCPU, err = r.scan(ctx, v)
		return err
	})
}

// slower is how many times as long a scan of a version takes of the processor,
// which the machine's other work changes little.
func (r *run) slower(ctx context.Context, v reader, alone float64) (float64, error) {
	_, used, err := r.scan(ctx, v)
	return used / alone, err
}

// change replaces integers all over the store, 1000 changes a commit, until 1 %
// of the quads were changed.
func (r *run) change(ctx context.Context, branch string) error {
	for n := uint64(0); n < r.f.Quads/100; n += 2 * replaced {
		b := r.sample.replace(replaced, false)
		b.Branch = branch
		if _, err := r.commit(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// delta changes 1 % and scans; then the past is asked for.
func (r *run) delta(ctx context.Context) error {
	v, ok := r.engine.(versioned)
	before := graph.CommitSeq(0)
	if ok {
		before = v.head()
	}
	if err := r.change(ctx, ""); err != nil {
		return err
	}
	err := r.with(func(v reader) (err error) {
		r.f.Delta, err = r.slower(ctx, v, r.f.ScanCPU)
		return err
	})
	if err != nil || !ok {
		return err
	}
	start := time.Now()
	old, err := v.readAt(before)
	if err != nil {
		return err
	}
	r.f.AsOf = time.Since(start)
	return old.close()
}

// branches forks, changes and scans branches of a tidy main.
func (r *run) branches(ctx context.Context) error {
	v, ok := r.engine.(versioned)
	if !ok {
		return nil
	}
	if err := r.tidy(ctx); err != nil {
		return err
	}
	alone := 0.0
	err := r.with(func(v reader) (err error) {
		_, alone, err = r.scan(ctx, v)
		return err
	})
	if err != nil {
		return err
	}
	start := time.Now()
	for i := range forkRounds {
		if err := v.fork(ctx, fmt.Sprintf("fork%d", i)); err != nil {
			return err
		}
	}
	r.f.Fork = time.Since(start) / forkRounds
	kept := slices.Clone(r.sample.integers) // what is said on main
	for i := range liveBranches {
		if err := r.change(ctx, fmt.Sprintf("fork%d", i)); err != nil {
			return err
		}
		r.sample.integers = slices.Clone(kept)
	}
	err = r.with(func(v reader) (err error) {
		r.f.Branches, err = r.slower(ctx, v, alone)
		return err
	})
	if err != nil {
		return err
	}
	b, err := v.readBranch("fork0")
	if err != nil {
		return err
	}
	if r.f.OnBranch, err = r.slower(ctx, b, alone); err != nil {
		return err
	}
	if err := b.close(); err != nil {
		return err
	}
	used := cpu()
	n, err := v.diff(ctx, "fork0")
	if err == nil && n > 0 {
		r.f.Diff = float64((cpu() - used).Nanoseconds()) / float64(n)
	}
	return err
}

// commitSome commits until n commits or done, and returns how long each took.
func (r *run) commitSome(ctx context.Context, n int, pause time.Duration, done <-chan struct{}) (took []time.Duration, err error) {
	for len(took) < n {
		b := r.sample.replace(replaced, true)
		start := time.Now()
		changes, err := r.commit(ctx, b)
		if err == nil && changes != 2*replaced {
			err = fmt.Errorf("commit had %d effective changes of %d", changes, 2*replaced)
		}
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
		select {
		case <-done:
			return took, nil
		case <-time.After(max(0, pause-time.Since(start))):
		}
	}
	return took, nil
}

func percentile(d []time.Duration, hundredths int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(len(d)-1, len(d)*hundredths/100)]
}

func (r *run) updates(ctx context.Context) error {
	_, _, before, err := r.sizes()
	if err != nil {
		return err
	}
	used := cpu()
	took, err := r.commitSome(ctx, r.o.commits, 0, nil)
	if err != nil {
		return err
	}
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	changes := float64(len(took) * 2 * replaced)
	r.f.Updates, r.f.UpdateCPU = changes/sum.Seconds(), float64((cpu()-used).Microseconds())/changes
	r.f.P50, r.f.P99 = percentile(took, 50), percentile(took, 99)
	if err := r.settle(ctx); err != nil {
		return err
	}
	_, _, after, err := r.sizes()
	r.f.Archive = float64(after-before) / changes
	return err
}

// mix is one round of what readers do: a scan, some lookups.
func (r *run) mix(ctx context.Context, at int) error {
	return r.with(func(v reader) error {
		if _, _, err := v.sum(ctx); err != nil {
			return err
		}
		from := at * 50 % max(1, len(r.sample.subjects)-50)
		_, err := r.describe(ctx, v, r.sample.subjects[from:from+50])
		return err
	})
}

// rounds repeats the mix for a while and returns how long a round takes.
func (r *run) rounds(ctx context.Context) (time.Duration, error) {
	var took []time.Duration
	for end := time.Now().Add(r.o.mix); time.Now().Before(end) || len(took) < 3; {
		start := time.Now()
		if err := r.mix(ctx, len(took)); err != nil {
			return 0, err
		}
		took = append(took, time.Since(start))
	}
	return percentile(took, 50), nil
}

// mixed repeats the mix alone and beside commits.
func (r *run) mixed(ctx context.Context) error {
	quiet, err := r.rounds(ctx)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	var took []time.Duration
	var failed error
	var writer sync.WaitGroup
	writer.Go(func() { took, failed = r.commitSome(ctx, 1<<30, mixPause, done) })
	busy, err := r.rounds(ctx)
	close(done)
	writer.Wait()
	if err == nil {
		err = failed
	}
	r.f.MixP50, r.f.MixP99 = percentile(took, 50), percentile(took, 99)
	r.f.MixSlower = float64(busy) / float64(quiet)
	return err
}

// peakMiB is the greatest memory that the process ever had.
func peakMiB() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024
		}
	}
	return 0
}
