package device

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

const (
	ifSpace = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
	ipSpace = "urn:ietf:params:xml:ns:yang:ietf-ip"

	systemSpace = "urn:ietf:params:xml:ns:yang:ietf-system"
)

// Datastores is what a NETCONF server answered. Modules and Running are needed.
type Datastores struct {
	Modules [][]byte // YANG texts
	// Capabilities are those of the hello, which name the supported
	// features of the modules; nil means that all are supported.
	Capabilities []string
	Running      []byte // the <data> of get-config
	State        []byte // the <data> of get; nil means that it is made
}

// Capabilities reads those of a recorded hello.
func Capabilities(hello []byte) ([]string, error) {
	x, err := xmltree.Parse(hello, xmltree.Limits{})
	if err != nil {
		return nil, fmt.Errorf("read hello: %w", err)
	}
	list := x.Find("capabilities")
	if list == nil {
		return nil, errors.New("read hello: it has no capabilities")
	}
	var all []string
	for _, each := range list.Children {
		all = append(all, each.Value())
	}
	return all, nil
}

// load reads the datastores.
func (d *Device) load(from *Datastores) error {
	options := yang.Options{}
	if from.Capabilities != nil {
		options.Features = yang.Announced(from.Capabilities)
	}
	set, err := yang.Parse(from.Modules, options)
	if err != nil {
		return err
	}
	if d.running, err = LoadConfig(set, from.Running); err != nil {
		return fmt.Errorf("running: %w", err)
	}
	if from.State == nil {
		return nil
	}
	data, err := xmltree.Parse(from.State, xmltree.Limits{})
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	d.state = stateOnly(set.Child, data.Children)
	return nil
}

// LoadConfig reads a configuration from a <data> or <config> document; all of
// it must be in the modules.
func LoadConfig(set *yang.Set, document []byte) (*config.Tree, error) {
	data, err := xmltree.Parse(document, xmltree.Limits{})
	if err != nil {
		return nil, err
	}
	tree, errs := config.Load(set, data.Children)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return tree, nil
}

// Running implements netconf.Device; it is nil for a device without NETCONF.
func (d *Device) Running() *config.Tree {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.running
}

// Apply implements netconf.Device.
func (d *Device) Apply(next *config.Tree, effect bool) error {
	d.change(func() []Event {
		before := d.running
		d.running = next
		if effect {
			d.effect(before, next)
		}
		return nil
	})
	d.changedOutside()
	return nil
}

// configured is what a configuration says of an interface.
type configured struct {
	present, enabled bool
	description      string
	mtu              int
	addresses        []netip.Prefix
}

func interfacesOf(tree *config.Tree) map[string]configured {
	all := map[string]configured{}
	for _, n := range tree.Root().Child("interfaces").Each("interface") {
		c := configured{present: true, enabled: n.Leaf("enabled") == "true", description: n.Leaf("description")}
		for _, family := range []string{"ipv4", "ipv6"} {
			ip := n.Child(family)
			for _, a := range ip.Each("address") {
				if p, err := prefix(a); err == nil {
					c.addresses = append(c.addresses, p)
				}
			}
		}
		if mtu, err := strconv.Atoi(n.Child("ipv4").Leaf("mtu")); err == nil {
			c.mtu = mtu
		}
		all[n.Leaf("name")] = c
	}
	return all
}

// prefix reads an address of ietf-ip, with prefix-length or netmask.
func prefix(n *config.Node) (netip.Prefix, error) {
	ip, err := netip.ParseAddr(n.Leaf("ip"))
	if err != nil {
		return netip.Prefix{}, err
	}
	if mask, err := netip.ParseAddr(n.Leaf("netmask")); err == nil {
		return netip.PrefixFrom(ip, maskBits(string(mask.AsSlice()))), nil
	}
	bits, err := strconv.Atoi(n.Leaf("prefix-length"))
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(ip, bits), nil
}

// effect brings about what differs between two configurations. The caller
// holds mu.
func (d *Device) effect(before, after *config.Tree) {
	was, is := interfacesOf(before), interfacesOf(after)
	names := slices.Collect(maps.Keys(was))
	names = append(names, slices.Collect(maps.Keys(is))...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		f := d.ifs[name]
		if f == nil {
			continue
		}
		a, b := was[name], is[name]
		if (a.present && a.enabled) != (b.present && b.enabled) {
			d.setAdmin(f, b.enabled)
		}
		if a.description != b.description {
			d.setAlias(f, b.description)
		}
		if b.mtu != 0 && a.mtu != b.mtu {
			d.setMTU(f, b.mtu)
		}
		d.setAddresses(f, a.addresses, b.addresses)
	}
}

func (d *Device) setAdmin(f *iface, enabled bool) {
	if f.admin != enabled {
		f.admin, f.changed = enabled, d.clock.Now()
	}
}

func (d *Device) setAlias(f *iface, text string) {
	f.alias = text
	d.put(ifAlias.Append(f.index), smi.Octets(text))
}

func (d *Device) setMTU(f *iface, mtu int) {
	f.mtu = mtu
	d.put(ifMtu.Append(f.index), smi.Integer(int32(mtu)))
}

// setAddresses changes ipAddrTable and ipAddressTable (RFC 4293) by what
// differs.
func (d *Device) setAddresses(f *iface, was, is []netip.Prefix) {
	for _, p := range was {
		if !slices.Contains(is, p) {
			d.dropAddress(f, p.Addr())
		}
	}
	for _, p := range is {
		if !slices.Contains(was, p) {
			d.addAddress(f, p)
		}
	}
}

func (d *Device) dropAddress(f *iface, a netip.Addr) {
	f.addresses = slices.DeleteFunc(f.addresses, func(p netip.Prefix) bool { return p.Addr() == a })
	d.hide(ipAddressEntry, indexed(ipAddressEntry, func(index []uint32) bool { return slices.Equal(index, addressIndex(a)) }))
	if a.Is4() {
		d.hide(ipAddrEntry, ofAddress(ipAddrEntry, func(other netip.Addr) bool { return other == a }))
	}
}

// addressIndex is the index of ipAddressTable: type, length, octets.
func addressIndex(a netip.Addr) []uint32 {
	kind := uint32(1)
	if a.Is6() {
		kind = 2
	}
	octets := addressArcs(a)
	return append([]uint32{kind, uint32(len(octets))}, octets...)
}

func (d *Device) addAddress(f *iface, p netip.Prefix) {
	a := p.Addr()
	for column, value := range map[uint32]smi.Value{
		3: smi.Integer(int32(f.index)), 4: smi.Integer(1), 6: smi.Integer(2), 7: smi.Integer(1),
		8: smi.TimeTicks(d.uptime()), 9: smi.TimeTicks(d.uptime()), 10: smi.Integer(1), 11: smi.Integer(2),
	} {
		d.put(ipAddressEntry.Append(column).Append(addressIndex(a)...), value)
	}
	if !a.Is4() {
		return
	}
	f.addresses = append(f.addresses, p)
	mask := netip.PrefixFrom(netip.MustParseAddr("255.255.255.255"), p.Bits()).Masked().Addr()
	for column, value := range map[uint32]smi.Value{
		1: smi.IPAddress(a.As4()), 2: smi.Integer(int32(f.index)), 3: smi.IPAddress(mask.As4()), 4: smi.Integer(1),
	} {
		d.put(ipAddrEntry.Append(column).Append(addressArcs(a)...), value)
	}
}

// ErrField is wrapped by Set for a field or value that there is not.
var ErrField = errors.New("not settable")

// Set changes an interface from inside the device, as at its console: enabled
// (true or false), description, mtu. A device with NETCONF changes its running
// configuration where the interface is in it, and tells its subscribers.
func (d *Device) Set(name, field, value string) error {
	if err := d.checkInterface(name); err != nil {
		return fmt.Errorf("set: %w", err)
	}
	if err := checkField(field, value); err != nil {
		return fmt.Errorf("set: %s %s: %w", d.name, name, err)
	}
	changes, err := d.setRunning(name, field, value)
	if err != nil {
		return fmt.Errorf("set: %s %s: %w", d.name, name, err)
	}
	if changes == nil {
		d.change(func() []Event {
			f := d.ifs[name]
			switch field {
			case "enabled":
				d.setAdmin(f, value == "true")
			case "description":
				d.setAlias(f, value)
			case "mtu":
				mtu, _ := strconv.Atoi(value) // checked above
				d.setMTU(f, mtu)
			}
			return nil
		})
	}
	d.changedOutside()
	return nil
}

func checkField(field, value string) error {
	switch field {
	case "enabled":
		if value == "true" || value == "false" {
			return nil
		}
		return fmt.Errorf("%w: enabled is true or false, not %q", ErrField, value)
	case "description":
		if len(value) <= 64 { // RFC 2863 ifAlias
			return nil
		}
		return fmt.Errorf("%w: a description of %d bytes, at most 64 allowed", ErrField, len(value))
	case "mtu":
		if mtu, err := strconv.Atoi(value); err == nil && mtu >= 68 && mtu <= 65535 {
			return nil
		}
		return fmt.Errorf("%w: an mtu is a number from 68 to 65535, not %q", ErrField, value)
	}
	return fmt.Errorf("%w: there is no key %q: enabled, description, mtu", ErrField, field)
}

// setRunning makes the change in the running configuration; nil changes mean
// that the interface is not in it.
func (d *Device) setRunning(name, field, value string) ([]config.Change, error) {
	var changes []config.Change
	var failed error
	d.change(func() []Event {
		if d.running == nil || !interfacesOf(d.running)[name].present {
			return nil
		}
		leaf := xmltree.Leaf(ifSpace, field, value)
		if field == "mtu" {
			leaf = xmltree.New(ipSpace, "ipv4", xmltree.Leaf(ipSpace, field, value))
		}
		edit := xmltree.New(ifSpace, "interfaces", xmltree.New(ifSpace, "interface", xmltree.Leaf(ifSpace, "name", name), leaf))
		next, errs := d.running.Edit([]*xmltree.Node{edit}, config.Merge)
		if len(errs) > 0 {
			failed = errs[0]
			return nil
		}
		changes = append([]config.Change{}, config.Diff(d.running, next)...)
		before := d.running
		d.running = next
		d.effect(before, next)
		return nil
	})
	if len(changes) > 0 {
		d.watches.call(netconf.Event{Time: d.clock.Now(), Changes: changes})
	}
	return changes, failed
}

// State implements netconf.Device: the recorded state with what changed since.
func (d *Device) State() []*xmltree.Node {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.running == nil {
		return nil
	}
	if d.state == nil {
		return []*xmltree.Node{d.makeState()}
	}
	var all []*xmltree.Node
	for _, x := range d.state {
		switch {
		case x.Name.Space == ifSpace:
			x = x.Clone()
			for _, entry := range x.Children {
				d.refresh(entry)
			}
		case d.runs && x.Is(systemSpace, "system-state"):
			x = x.Clone()
			d.runClock(x)
		}
		all = append(all, x)
	}
	return all
}

// runClock has the system's clock go on; that of the recording stands still.
func (d *Device) runClock(system *xmltree.Node) {
	if now := system.Find("clock", "current-datetime"); now != nil {
		now.Text = d.clock.Now().Add(d.ahead).UTC().Format(time.RFC3339Nano)
	}
}

// refresh updates the state of one interface, if anything changed.
func (d *Device) refresh(entry *xmltree.Node) {
	name := entry.Find("name")
	if name == nil {
		return
	}
	f := d.ifs[name.Value()]
	if f == nil || f.changed.IsZero() {
		return
	}
	if x := entry.Find("admin-status"); x != nil {
		x.Text = upDown(f.admin)
	}
	x := entry.Find("oper-status")
	if x == nil {
		return
	}
	x.Text = upDown(f.up)
	changed := f.changed.UTC().Format(time.RFC3339)
	if last := entry.Find("last-change"); last != nil {
		last.Text = changed
		return
	}
	at := slices.Index(entry.Children, x) + 1
	entry.Children = slices.Insert(entry.Children, at, xmltree.Leaf(ifSpace, "last-change", changed))
}

func upDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

// makeState makes the state of the interfaces where none was recorded: in
// interfaces-state, unless the modules have it only beside the configuration.
func (d *Device) makeState() *xmltree.Node {
	set := d.running.Schema()
	root := xmltree.New(ifSpace, "interfaces-state")
	if set.Child(root.Name) == nil {
		root.Name.Local = "interfaces"
	}
	list := set.Child(root.Name)
	if list == nil {
		return root
	}
	entry := list.Child(xmltree.New(ifSpace, "interface").Name)
	for _, f := range d.byNumber() {
		x := xmltree.New(ifSpace, "interface", xmltree.Leaf(ifSpace, "name", f.name))
		recorded := d.start.Add(-time.Duration(d.uptime()-f.lastChange) * 10 * time.Millisecond)
		if !f.changed.IsZero() {
			recorded = f.changed
		}
		for _, leaf := range []*xmltree.Node{
			xmltree.Leaf(ifSpace, "admin-status", upDown(f.admin)), xmltree.Leaf(ifSpace, "oper-status", upDown(f.up)),
			xmltree.Leaf(ifSpace, "last-change", recorded.UTC().Format(time.RFC3339)),
			xmltree.Leaf(ifSpace, "if-index", strconv.FormatUint(uint64(f.index), 10)), xmltree.Leaf(ifSpace, "phys-address", mac(f.mac)),
		} {
			if leaf.Text != "" && entry != nil && entry.Child(leaf.Name) != nil {
				x.Children = append(x.Children, leaf)
			}
		}
		root.Children = append(root.Children, x)
	}
	return root
}

// mac is a MAC address as phys-address (RFC 6991 §3).
func mac(octets string) string {
	parts := make([]string, len(octets))
	for i := range len(octets) {
		parts[i] = fmt.Sprintf("%02x", octets[i])
	}
	return strings.Join(parts, ":")
}
