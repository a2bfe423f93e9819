package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// A Source says how one device sends.
type Source struct {
	// Local is the address to send from; the zero AddrPort lets the kernel
	// choose.
	Local netip.AddrPort
	// Community is that of the device's traps; empty means "public".
	Community string
	// Address is sent as snmpTrapAddress, unless it is the zero Addr.
	Address netip.Addr
}

// senders are the sockets of devices. They are used by one goroutine.
type senders struct {
	sources map[string]Source
	open    map[string]*net.UDPConn
}

func newSenders(sources map[string]Source) *senders {
	return &senders{sources: sources, open: map[string]*net.UDPConn{}}
}

// send sends one datagram from a device to an address ("host:port").
func (s *senders) send(ctx context.Context, device, to string, payload []byte) error {
	conn := s.open[device]
	if conn == nil {
		local := ":0"
		if at := s.sources[device].Local; at.IsValid() {
			local = at.String()
		}
		packets, err := new(net.ListenConfig).ListenPacket(ctx, "udp", local)
		if err != nil {
			return fmt.Errorf("send: %s: %w", device, err)
		}
		conn = packets.(*net.UDPConn)
		s.open[device] = conn
	}
	addr, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		return fmt.Errorf("send: %s: %w", device, err)
	}
	if _, err := conn.WriteToUDP(payload, addr); err != nil {
		return fmt.Errorf("send: %s: %w", device, err)
	}
	return nil
}

func (s *senders) close() error {
	var all []error
	for _, conn := range s.open {
		all = append(all, conn.Close())
	}
	return errors.Join(all...)
}
