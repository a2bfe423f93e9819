package snmp_test

import (
	"context"
	"fmt"
	"strings"

	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
)

// A recording becomes a device that answers SNMP and whose state can be
// changed while it runs.
func Example() {
	recording := "1.3.6.1.2.1.1.5.0|4|router-1\n1.3.6.1.2.1.2.2.1.8.1|2|1\n"
	rec, err := snmprec.Read("router-1.snmprec", strings.NewReader(recording), snmprec.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	device, err := snmp.NewTable(rec.Rows)
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := snmp.Listen(context.Background(), "127.0.0.1:0", snmp.Options{State: device, Communities: []string{"public"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer agent.Close()

	ifOperStatus := smi.MustOID("1.3.6.1.2.1.2.2.1.8.1")
	if err := device.Set(ifOperStatus, smi.Integer(2)); err != nil { // down
		fmt.Println(err)
	}
	fmt.Println("rows:", device.Len(), "answers on", agent.Addr().Addr())
	// Output: rows: 2 answers on 127.0.0.1
}
