package device

import (
	"fmt"
	"strings"
)

// find returns the cable between two ends, each a device or device:interface.
// Its errors list what there is instead. The caller holds mu.
func (n *Network) find(a, b string) (*cable, error) {
	for _, name := range []string{a, b} {
		if err := n.checkEnd(name); err != nil {
			return nil, fmt.Errorf("cable %s – %s: %w", a, b, err)
		}
	}
	var found []*cable
	for _, c := range n.cables {
		if c.A.is(a) && c.B.is(b) || c.A.is(b) && c.B.is(a) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("cable %s – %s: %w; %s has %s", a, b, ErrNoCable, deviceOf(a), cableList(n.at(deviceOf(a))))
	}
	return nil, fmt.Errorf("cable %s – %s: there are several, name the interfaces: %s", a, b, cableList(found))
}

// is reports whether a name, a device or device:interface, means this end.
func (e End) is(name string) bool { return e.Device == name || e.String() == name }

func deviceOf(name string) string {
	device, _, _ := strings.Cut(name, ":")
	return device
}

// checkEnd looks for the device of an end, and for its interface if the device
// is simulated.
func (n *Network) checkEnd(name string) error {
	device, iface, _ := strings.Cut(name, ":")
	if len(n.at(device)) == 0 && n.devices[device] == nil {
		return fmt.Errorf("%s: %w: %s", device, ErrNoDevice, strings.Join(n.ends(), ", "))
	}
	if d := n.devices[device]; d != nil && iface != "" {
		return d.checkInterface(iface)
	}
	return nil
}

// at are the cables of a device.
func (n *Network) at(device string) []*cable {
	var all []*cable
	for _, c := range n.cables {
		if c.A.Device == device || c.B.Device == device {
			all = append(all, c)
		}
	}
	return all
}

// ends are the names of the devices, then of what else cables lead to.
func (n *Network) ends() []string {
	var all []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			all = append(all, name)
		}
	}
	for _, d := range n.options.Devices {
		add(d.name)
	}
	for _, c := range n.cables {
		add(c.A.Device)
		add(c.B.Device)
	}
	return all
}

func cableList(cables []*cable) string {
	if len(cables) == 0 {
		return "no cable"
	}
	texts := make([]string, len(cables))
	for i, c := range cables {
		texts[i] = c.A.String() + " – " + c.B.String()
	}
	return strings.Join(texts, ", ")
}

// device returns a device; the error lists those there are.
func (n *Network) device(name string) (*Device, error) {
	if d := n.devices[name]; d != nil {
		return d, nil
	}
	names := make([]string, len(n.options.Devices))
	for i, d := range n.options.Devices {
		names[i] = d.name
	}
	return nil, fmt.Errorf("%s: %w: %s", name, ErrNoDevice, strings.Join(names, ", "))
}

// checkInterface reports a name that no interface has, with those there are.
func (d *Device) checkInterface(name string) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.ifs[name] != nil {
		return nil
	}
	var names []string
	for _, f := range d.byNumber() {
		names = append(names, f.name)
	}
	return fmt.Errorf("%s has no interface %q: %s", d.name, name, strings.Join(names, ", "))
}
