package notify

import (
	"fmt"
	"strings"

	"nettwin/internal/simulate/device"
)

// message is an event as an RFC 5424 message: of facility daemon, links as
// warnings with structured data under the enterprise number for examples, OSPF
// neighbours in the words of FRR. It is empty for events that no daemon logs.
func message(e device.Event) string {
	const warning, notice = 3*8 + 4, 3*8 + 5
	at := e.Time.UTC().Format("2006-01-02T15:04:05.000000Z")
	f := e.Interface
	switch e.Kind {
	case device.LinkDown, device.LinkUp:
		state := "down"
		if f.Up {
			state = "up"
		}
		return fmt.Sprintf(`<%d>1 %s %s linkd - LINK [interface@32473 name="%s" ifIndex="%d" enabled="%t" state="%s"] interface %s is %s`,
			warning, at, e.Device, parameter(f.Name), f.Index, f.Admin, state, f.Name, state)
	case device.RemoteChange:
		return "" // lldpd is silent
	}
	change := "Exchange -> Full (ExchangeDone)"
	if e.Kind == device.NeighbourDown {
		change = "Full -> Deleted (KillNbr)"
	}
	own := ""
	for _, p := range f.Addresses {
		if p.Contains(e.Neighbour) {
			own = p.Addr().String()
		}
	}
	return fmt.Sprintf("<%d>1 %s %s ospfd - - - AdjChg: Nbr %s, NbrIP %s (default) on %s:%s: %s", notice, at, e.Device, e.NeighbourID, e.Neighbour, f.Name, own, change)
}

// parameter escapes the value of a parameter (RFC 5424 §6.3.3).
func parameter(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(value)
}
