package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// loadProgressEvery is how often progress is shown.
const loadProgressEvery = 500 * time.Millisecond

// loadProgress shows on a terminal how far a long command is. Elsewhere it shows
// nothing.
type loadProgress struct {
	quads, bytes atomic.Int64
	total        int64 // bytes; 0 if that is not known
	started      time.Time
	out          io.Writer // nil: no terminal

	stop    chan struct{}
	stopped sync.WaitGroup
}

// newLoadProgress begins; end ends it.
func newLoadProgress(env *environment, totalBytes int64) *loadProgress {
	p := &loadProgress{total: totalBytes, started: time.Now(), stop: make(chan struct{})}
	if f, ok := env.stderr.(*os.File); ok && !env.json {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.out = f
		}
	}
	if p.out != nil {
		p.stopped.Go(p.run)
	}
	return p
}

func (p *loadProgress) run() {
	tick := time.NewTicker(loadProgressEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fmt.Fprintf(p.out, "\r\x1b[K%s", p.line(time.Since(p.started)))
		case <-p.stop:
			fmt.Fprint(p.out, "\r\x1b[K")
			return
		}
	}
}

// line says how far it is after a time.
func (p *loadProgress) line(elapsed time.Duration) string {
	quads, bytes := p.quads.Load(), p.bytes.Load()
	s := fmt.Sprintf("%d quads, %.2f M/s", quads, float64(quads)/1e6/max(elapsed.Seconds(), 1e-3))
	switch {
	case p.total > 0 && bytes >= p.total:
		s += ", sorting and writing"
	case p.total > 0 && bytes > 0:
		left := time.Duration(float64(elapsed) * float64(p.total-bytes) / float64(bytes))
		s += fmt.Sprintf(", %d %% read, %s left", 100*bytes/p.total, left.Round(time.Second))
	}
	return s
}

func (p *loadProgress) end() {
	close(p.stop)
	p.stopped.Wait()
}
