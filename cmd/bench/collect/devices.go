package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
)

// switchRecording is a switch of 1,000 values. BENCH stands where devices
// differ, also as octets of hardware addresses, and 10.250.250. before their
// addresses.
//
//go:embed switch.snmprec
var switchRecording []byte

// community is what the simulated devices want to see.
const community = "bench"

// fleet is the simulated devices.
type fleet struct {
	tables []*snmp.Table
	rows   [][]smi.Varbind // as they are now
	random *rand.Rand
}

// newDevice makes the nth device's rows.
func newDevice(n int) ([]smi.Varbind, error) {
	code := fmt.Sprintf("%05d", n)
	text := bytes.ReplaceAll(switchRecording, []byte("BENCH"), []byte(code))
	text = bytes.ReplaceAll(text, []byte(hex.EncodeToString([]byte("BENCH"))), []byte(hex.EncodeToString([]byte(code))))
	text = bytes.ReplaceAll(text, []byte("10.250.250."), fmt.Appendf(nil, "10.%d.%d.", n/250, n%250))
	recording, err := snmprec.Read("switch.snmprec", bytes.NewReader(text), snmprec.Limits{})
	if err != nil {
		return nil, err
	}
	return recording.Rows, nil
}

// serveDevices is the process of the devices: it prints the address of each and
// then obeys lines on its input.
func serveDevices(ctx context.Context, o options, in io.Reader, out io.Writer) error {
	f := &fleet{random: rand.New(rand.NewPCG(o.seed, 1))}
	for n := range o.devices {
		rows, err := newDevice(n)
		if err != nil {
			return err
		}
		table, err := snmp.NewTable(rows)
		if err != nil {
			return err
		}
		agent, err := snmp.Listen(ctx, "127.0.0.1:0", snmp.Options{State: table, Communities: []string{community}, LiveUptime: true})
		if err != nil {
			return err
		}
		defer agent.Close()
		f.tables, f.rows = append(f.tables, table), append(f.rows, rows)
		fmt.Fprintln(out, agent.Addr())
	}
	fmt.Fprintln(out)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		changed, err := f.change(lines.Text())
		if err != nil {
			return err
		}
		fmt.Fprintln(out, changed)
	}
	return ctx.Err()
}

// change changes devices as a phase says and returns how many values of each.
func (f *fleet) change(phase string) (int, error) {
	changed := 0
	for i, rows := range f.rows {
		var at []int
		for j, row := range rows {
			if phase == phaseCounters && counts(row.Value.Kind()) || phase == phaseSome && mutable(row) {
				at = append(at, j)
			}
		}
		if phase == phaseSome {
			f.random.Shuffle(len(at), func(a, b int) { at[a], at[b] = at[b], at[a] })
			at = at[:min(len(at), len(rows)/20)]
			slices.Sort(at)
		}
		changed = len(at)
		for _, j := range at {
			rows[j].Value = f.next(rows[j].Value)
			if err := f.tables[i].Set(rows[j].OID, rows[j].Value); err != nil {
				return 0, err
			}
		}
	}
	return changed, nil
}

func counts(k smi.Kind) bool { return k == smi.KindCounter32 || k == smi.KindCounter64 }

// mutable tells whether a value can change without another row: a column's
// number that is neither an index nor points at one.
func mutable(row smi.Varbind) bool {
	last := row.OID.Arc(row.OID.Len() - 1)
	switch v := row.Value; v.Kind() {
	case smi.KindInteger:
		return last != 0 && v.Int() >= 1 && v.Int() <= 2 && uint32(v.Int()) != last
	case smi.KindCounter32, smi.KindCounter64, smi.KindGauge32:
		return true
	}
	return false
}

// next is a value that a device may tell after v.
func (f *fleet) next(v smi.Value) smi.Value {
	step := uint64(1 + f.random.IntN(100_000))
	switch v.Kind() {
	case smi.KindInteger:
		return smi.Integer(3 - v.Int())
	case smi.KindCounter32:
		return smi.Counter32(uint32(v.Uint() + step))
	case smi.KindCounter64:
		return smi.Counter64(v.Uint() + step)
	}
	return smi.Gauge32(uint32(v.Uint() + step))
}
