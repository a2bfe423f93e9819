package device

import (
	"context"
	"fmt"
	"time"

	"nettwin/internal/simulate/clock"
	"nettwin/internal/simulate/smi"
)

// A Row is a variable that a recording saw to appear, change or go away.
type Row struct {
	At     time.Duration // since the recording's beginning
	Device string
	OID    smi.OID
	Value  smi.Value // the zero Value: it went away
}

// Play gives the devices the rows of a recording at their times, divided by
// speed, and takes them back when it ends. Rows of tables that the state keeps
// by itself, such as statuses and neighbours, are left to it: they follow from
// what is done to the network (FailLink). Rows are in order of time.
func (n *Network) Play(ctx context.Context, rows []Row, speed float64) (err error) {
	if !(speed > 0) {
		return fmt.Errorf("play: speed %g: a speed above 0 is needed", speed)
	}
	overlays := map[*Device]map[smi.OID]smi.Value{}
	defer func() {
		for d, before := range overlays {
			d.takeBack(before)
		}
	}()
	start := n.options.Clock.Now()
	for _, row := range rows {
		if keeps(row.OID) {
			continue
		}
		d, err := n.device(row.Device)
		if err != nil {
			return fmt.Errorf("play: %w", err)
		}
		if err := clock.Wait(ctx, n.options.Clock, start.Add(time.Duration(float64(row.At)/speed))); err != nil {
			return fmt.Errorf("play: %w", err)
		}
		if overlays[d] == nil {
			overlays[d] = map[smi.OID]smi.Value{}
		}
		if err := d.overlay(row, overlays[d]); err != nil {
			return fmt.Errorf("play: %s: %w", d.name, err)
		}
	}
	return nil
}

// keeps reports whether the state itself keeps a variable.
func keeps(oid smi.OID) bool {
	for _, table := range []smi.OID{sysUpTime, ifEntry, ipAddrEntry, ipAddressEntry, ipNetToMedia, ipNetToPhysical,
		ospfIfEntry, ospfIfMetric, ospfNbrEntry, bgpPeerState, bgpTransitions, lldp} {
		if oid.HasPrefix(table) {
			return true
		}
	}
	return false
}

// overlay makes the change of a row and notes in before what was there, the
// zero Value for nothing.
func (d *Device) overlay(row Row, before map[smi.OID]smi.Value) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, noted := before[row.OID]; !noted {
		before[row.OID], _ = d.table.Get(row.OID)
	}
	if row.Value.IsZero() {
		d.table.Delete(row.OID)
		return nil
	}
	return d.table.Set(row.OID, row.Value)
}

func (d *Device) takeBack(before map[smi.OID]smi.Value) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for oid, value := range before {
		if value.IsZero() {
			d.table.Delete(oid)
			continue
		}
		d.put(oid, value)
	}
}
