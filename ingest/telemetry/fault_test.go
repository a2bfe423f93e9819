package telemetry

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nettwin/ingest"
)

// Goal: while no sample is taken, for as long as that may be, what waits is
// bounded, what is left out is counted and told, and the first sample that is
// taken fits. Method: a sink that fails while a device goes on pushing things
// that are new each time, with flushes between and during them.
func TestFaultSinkFails(t *testing.T) {
	const limit = 200
	to := &sink{fail: errors.New("disk full")}
	in := intake(t, to, func(o *Options) { o.MaxFacts = limit })
	taken, refused := uint64(0), uint64(0)
	for i := range 50 {
		windows := in.closeWindows()
		for j := range 20 {
			body := update(fmt.Sprintf(`{"name":"e%d-%d","enabled":true}`, i, j))
			err := in.Take(Message{Device: "r1", Received: at, Raw: []byte(body), Body: []byte(body), Transport: "test"})
			switch {
			case err == nil:
				taken++
			case errors.Is(err, ErrFull):
				refused++
			default:
				t.Fatal(err)
			}
		}
		for _, w := range windows {
			in.applied(w, 0, ingest.Report{}, to.fail)
			if w.facts > limit {
				t.Fatalf("round %d: %d facts wait, at most %d", i, w.facts, limit)
			}
		}
	}
	to.fail = nil
	if err := in.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, st := to.samples[0], in.Stats()
	things := 0
	for _, f := range s.Facts {
		if strings.HasSuffix(f.P.Value(), "/name") {
			things++
		}
	}
	if len(s.Facts) > limit || things == 0 || len(s.Warnings) == 0 {
		t.Errorf("%d facts of %d things, warnings %q", len(s.Facts), things, s.Warnings)
	}
	if st.Messages != 50*20 || uint64(things)+st.Refused != st.Messages || st.Refused < refused || taken+refused != st.Messages {
		t.Errorf("%d messages, %d refused at once, %d things told: %+v", st.Messages, refused, things, st)
	}
}
