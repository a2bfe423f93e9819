package control

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// MaxPairs bounds the pairs that a Reach lists; its counts are exact.
const MaxPairs = 100

// Reach compares which devices reach each other over links both of whose ends
// are up. Pairs are unordered.
type Reach struct {
	PairsBefore int    `json:"pairsBefore"`
	PairsAfter  int    `json:"pairsAfter"`
	PairsLost   int    `json:"pairsLost"`
	PairsGained int    `json:"pairsGained"`
	Lost        []Pair `json:"lost,omitempty"` // examples, at most MaxPairs
	Gained      []Pair `json:"gained,omitempty"`
}

// Pair is two devices, by IRI.
type Pair [2]string

func (p Pair) String() string { return p[0] + " and " + p[1] }

var (
	termDevice      = rdf.IRI(naming.Twin + "Device")
	termLink        = rdf.IRI(naming.Twin + "Link")
	termEndpoint    = rdf.IRI(naming.Twin + "endpoint")
	termInterfaceOf = rdf.IRI(naming.Twin + "interfaceOf")
	termOperStatus  = rdf.IRI(naming.Twin + "operStatus")
	termAdminStatus = rdf.IRI(naming.Twin + "adminStatus")
	termUp          = rdf.String("up")
	termUnknown     = rdf.String("unknown")
)

// compareReach compares two versions.
func compareReach(ctx context.Context, before, after graph.Source) (Reach, error) {
	was, err := islands(ctx, before)
	if err != nil {
		return Reach{}, fmt.Errorf("control: reachability: %w", err)
	}
	is, err := islands(ctx, after)
	if err != nil {
		return Reach{}, fmt.Errorf("control: reachability: %w", err)
	}
	var r Reach
	r.PairsBefore, r.PairsAfter = pairs(was), pairs(is)
	r.PairsLost, r.Lost = parted(was, is)
	r.PairsGained, r.Gained = parted(is, was)
	return r, nil
}

// islands gives each device the name of the set of devices that reach each
// other in which it is.
func islands(ctx context.Context, src graph.Source) (map[string]string, error) {
	parent := map[string]string{}
	root := func(x string) string {
		for parent[x] != x {
			parent[x] = parent[parent[x]]
			x = parent[x]
		}
		return x
	}
	err := read.Scan(ctx, src, rdf.Quad{P: termType, O: termDevice}, func(q rdf.Quad) error {
		parent[q.S.Value()] = q.S.Value()
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = read.Scan(ctx, src, rdf.Quad{P: termType, O: termLink}, func(q rdf.Quad) error {
		devices, err := joins(ctx, src, q.S)
		for _, d := range devices[min(1, len(devices)):] {
			if parent[devices[0]] != "" && parent[d] != "" {
				parent[root(d)] = root(devices[0])
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	sets := map[string]string{}
	for d := range parent {
		sets[d] = root(d)
	}
	return sets, nil
}

// joins lists the devices that a link connects; none if an end is not up.
func joins(ctx context.Context, src graph.Source, link rdf.Term) ([]string, error) {
	ends, err := read.Objects(ctx, src, link, termEndpoint, rdf.Term{})
	if err != nil {
		return nil, err
	}
	var devices []string
	for _, end := range ends {
		for _, p := range [...]rdf.Term{termOperStatus, termAdminStatus} {
			states, err := read.Objects(ctx, src, end, p, rdf.Term{})
			if err != nil {
				return nil, err
			}
			// A state that nobody tells does not cut; another than up does.
			if slices.ContainsFunc(states, func(s rdf.Term) bool { return s != termUp && s != termUnknown }) {
				return nil, nil
			}
		}
		of, err := read.Objects(ctx, src, end, termInterfaceOf, rdf.Term{})
		if err != nil {
			return nil, err
		}
		devices = append(devices, texts(of)...)
	}
	return devices, nil
}

// pairs counts the pairs within the sets.
func pairs(sets map[string]string) int {
	sizes := map[string]int{}
	for _, set := range sets {
		sizes[set]++
	}
	n := 0
	for _, size := range sizes {
		n += size * (size - 1) / 2
	}
	return n
}

// parted counts the pairs that are together in was and not in is, and lists
// the first of them. A device that is gone is parted from all.
func parted(was, is map[string]string) (int, []Pair) {
	together := map[string]string{}
	groups := map[string]map[string][]string{} // set in was → set in is → devices
	for d, set := range was {
		now, ok := is[d]
		if !ok {
			now = "\x00" + d
		}
		together[d] = set + "\x00" + now
		if groups[set] == nil {
			groups[set] = map[string][]string{}
		}
		groups[set][now] = append(groups[set][now], d)
	}
	lost := pairs(was) - pairs(together)
	var list []Pair
	for _, parts := range groups {
		list = appendCross(list, parts)
	}
	slices.SortFunc(list, func(a, b Pair) int { return strings.Compare(a[0]+"\x00"+a[1], b[0]+"\x00"+b[1]) })
	return lost, list[:min(len(list), MaxPairs)]
}

// appendCross appends pairs of devices of different parts: the first of the
// smaller part with all of the others, so that the list stays linear.
func appendCross(list []Pair, parts map[string][]string) []Pair {
	if len(parts) < 2 {
		return list
	}
	var names []string
	for name, devices := range parts {
		slices.Sort(devices)
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := len(parts[a]) - len(parts[b]); d != 0 {
			return d
		}
		return strings.Compare(parts[a][0], parts[b][0])
	})
	lonely := parts[names[0]][0]
	for _, name := range names[1:] {
		for _, d := range parts[name] {
			list = append(list, Pair{min(lonely, d), max(lonely, d)})
		}
	}
	return list
}
