package main

import (
	"slices"
	"testing"
	"time"
)

// replicationSeen asks which routers see the replication's traffic: TCP to
// port 3260, as fixtures/services says.
const replicationSeen = `PREFIX twin: <https://w3id.org/nettwin/ns#>
SELECT DISTINCT ?r WHERE { ?f a twin:Flow ; twin:transportProtocol 6 ; twin:observedAt/twin:interfaceOf/twin:name ?r .
  { ?f twin:destinationPort 3260 } UNION { ?f twin:sourcePort 3260 } } ORDER BY ?r`

// TestFlowsMove: before the cable r3 – r4 is cut the replication is seen by r4
// alone; after it by r6 and, once its silence was noticed, by r6 alone. That
// is what nfdump read of the lab's packets (fixtures/network/incident/truth).
// Exporters that send before their device was read do not name the device.
func TestFlowsMove(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	seen := func(want ...string) func() bool {
		return func() bool {
			rows, err := askSPARQL(s.url, replicationSeen)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				got = append(got, row.s("r"))
			}
			return slices.Equal(got, want)
		}
	}
	within(t, time.Minute, "the replication on r4", seen("r4"))
	s.order(t, "fail-link", "r3:eth2", "r4:eth1")
	within(t, 90*time.Second, "the replication on r6 alone", seen("r6"))
	rows, err := askSPARQL(s.url, `PREFIX twin: <https://w3id.org/nettwin/ns#> SELECT ?d { ?d a twin:Device FILTER(CONTAINS(STR(?d), "/configured/")) }`)
	if err != nil || len(rows) > 0 {
		t.Errorf("devices named after their configuration: %v %v", rows, err)
	}
}

// within waits for something that takes its time.
func within(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}
