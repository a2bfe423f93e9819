package ingest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Goal: how far a device's clock is off is found from its log messages, with
// zone (RFC 5424) and without (RFC 3164), and is stated once. Method: devices
// whose clocks are 90 s ahead, 90 s behind in another zone, and right, send
// over a socket; one message of the first is an old one that comes late.
func TestClockBySyslog(t *testing.T) {
	w := newTold(t)
	for _, name := range []string{"r1", "r2", "r3"} {
		w.device(name)
	}
	l := w.messages(nil)
	stated := func() []string {
		rows := w.rows(`SELECT ?n ?ahead { GRAPH ?p { ?g twin:clockAhead ?ahead } GRAPH ?g { ?g twin:deviceName ?n } }`)
		slices.Sort(rows)
		return rows
	}
	for i := range 5 {
		now := time.Now()
		late := now.Add(90 * time.Second)
		if i == 2 {
			late = now.Add(-time.Hour)
		}
		w.send("r1", l.Address(), fmt.Appendf(nil, "<13>1 %s r1 app - - - text %d", late.Format(time.RFC3339Nano), i))
		w.send("r2", l.Address(), fmt.Appendf(nil, "<13>%s r2 app: text %d", now.UTC().Add(2*time.Hour-90*time.Second).Format(time.Stamp), i))
		w.send("r3", l.Address(), fmt.Appendf(nil, "<13>1 %s r3 app - - - text %d", now.Format(time.RFC3339Nano), i))
	}
	w.until("all messages", func() bool { return l.Stats().Events.Stored == 15 })
	got := stated()
	for i, want := range []string{"r1 89 90 91", "r2 -92 -91 -90 -89", "r3 0"} {
		words := strings.Fields(want)
		if len(got) != 3 || !slices.ContainsFunc(words[1:], func(n string) bool { return got[i] == words[0]+" "+n }) {
			t.Fatalf("stated: %q, want about %q", got, want)
		}
	}
}
