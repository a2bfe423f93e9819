package config

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// The bounds of polling intervals.
const (
	minInterval = time.Second
	maxInterval = 7 * 24 * time.Hour
)

// The bounds of a device's pace, a second.
const (
	maxPaceRequests = 100_000
	maxPaceBytes    = 1 << 40
)

// onChange asks for reading when a device tells that something changed.
const onChange = "on-change"

// devices are those of a file while it is read: what they refer to may stand
// further down.
type devices struct {
	entries []deviceEntry
}

type deviceEntry struct {
	at             value // the device
	keys, collects map[string]value
	device         Device
}

func (all *devices) read(v value) (list []Device) {
	names, addresses := map[string]int{}, map[netip.Addr]int{}
	v.list(func(v value) {
		e := deviceEntry{at: v}
		d := &e.device
		e.keys = v.mapping(
			required("name", uniqueName(&d.Name, names)),
			required("address", textTo(&d.Address, checkAddress)),
			optional("credential", func(v value) { d.Credential, _ = v.text() }),
			optional("netconfPort", func(v value) { d.NETCONFPort = readPort(v) }),
			optional("hostKey", func(v value) { d.HostKeys = readHostKeys(v) }),
			optional("restconfPort", func(v value) { d.RESTCONFPort = readPort(v) }),
			optional("gnmiPort", func(v value) { d.GNMIPort = readPort(v) }),
			optional("certificate", func(v value) { d.Certificates = readCertificates(v) }),
			optional("sources", func(v value) { d.Sources = readSources(v, addresses) }),
			optional("pace", func(v value) { readPace(v, &d.Pace) }),
			required("collect", func(v value) { e.collects = readCollect(v, &d.Collect) }),
		)
		all.entries = append(all.entries, e)
		list = append(list, *d)
	})
	return list
}

func readCollect(v value, c *Collect) map[string]value {
	found := v.mapping(
		optional("snmp", periodTo(&c.SNMP, &c.SNMPMost)),
		optional("netconf", func(v value) { readPolled(v, &c.NETCONF) }),
		optional("restconf", func(v value) { readPolled(v, &c.RESTCONF) }),
		optional("gnmi", func(v value) { readGNMI(v, &c.GNMI) }),
		optional("trap", truthTo(&c.Trap)),
		optional("syslog", truthTo(&c.Syslog)),
		optional("flow", truthTo(&c.Flow)),
		optional("push", truthTo(&c.Push)),
		optional("files", textTo(&c.Files, checkPath)),
	)
	if len(found) == 0 && v.node.Kind == yaml.MappingNode && len(v.node.Content) == 0 {
		v.fail("nothing stands here: write at least one of snmp, netconf, restconf, gnmi, trap, syslog, flow, push, files")
	}
	return found
}

func readPace(v value, p *Pace) {
	v.mapping(
		optional("requests", numberTo(&p.Requests, maxPaceRequests, false)),
		optional("bytes", numberTo(&p.Bytes, maxPaceBytes, true)),
	)
}

// readPolled reads a period, or on-change.
func readPolled(v value, to *Polled) {
	if s, ok := v.text(); ok && strings.EqualFold(s, onChange) {
		*to = Polled{Period: DefaultNETCONFPeriod, OnChange: true}
		return
	} else if _, err := time.ParseDuration(strings.TrimSpace(strings.SplitN(s, "-", 2)[0])); ok && err != nil {
		v.fail("%s is neither on-change nor a duration, such as 30s or 5m", quote(s))
		return
	}
	periodTo(&to.Period, &to.Most)(v)
}

// periodTo stores a period, or the two ends of one that grows while nothing
// changes: 30s-5m.
func periodTo(least, most *time.Duration) func(value) {
	return func(v value) {
		first, second, both := strings.Cut(v.node.Value, "-")
		if v.node.Kind != yaml.ScalarNode || !both {
			durationTo(least, minInterval, maxInterval)(v)
			return
		}
		part := func(s string, to *time.Duration) {
			n := *v.node
			if n.Value = strings.TrimSpace(s); n.Value == "" {
				v.fail("%s: a duration is missing: write both, such as 30s-5m", quote(v.node.Value))
				return
			}
			p := v
			p.node = &n
			durationTo(to, minInterval, maxInterval)(p)
		}
		part(first, least)
		part(second, most)
		if *least > 0 && *most > 0 && *most <= *least {
			v.fail("%s: the second duration must be the longer one", quote(v.node.Value))
		}
	}
}

func readPort(v value) uint16 {
	s, ok := v.text()
	if !ok {
		return 0
	}
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil || port == 0 {
		v.fail("%s is no port: write a number from 1 to 65535", quote(s))
	}
	return uint16(port)
}

// readSources reads addresses, each of which is of one device.
func readSources(v value, lines map[netip.Addr]int) (all []netip.Addr) {
	v.oneOrMore(func(v value) {
		s, ok := v.text()
		if !ok {
			return
		}
		a, err := netip.ParseAddr(s)
		if err != nil {
			v.fail("%s is no IP address: a source is known by the address that its packets come from", quote(s))
			return
		}
		if line, twice := lines[a]; twice {
			v.fail("%s is already a source of the device on line %d", quote(s), line)
			return
		}
		lines[a] = v.node.Line
		all = append(all, a)
	})
	return all
}

// checkCredentials looks up what devices name and need. A wrong reference is
// not repeated: somebody may have put a password there.
func (all *devices) checkCredentials(credentials map[string]Credential) {
	known := slices.Sorted(maps.Keys(credentials))
	for _, e := range all.entries {
		reference, named := e.keys["credential"]
		c, ok := credentials[e.device.Credential]
		switch {
		case !named:
			e.needs(Credential{}, func(what, _ string) {
				e.at.fail("the key \"credential\" is missing: %s needs one", what)
			})
		case ok:
			e.needs(c, func(what, part string) {
				reference.fail("the credential has no part %q, which %s needs", part, what)
			})
			e.needsHostKey(c.SSH)
		default:
			if near, ok := nearest(e.device.Credential, known); ok {
				reference.fail("no such credential, did you mean %q?", near)
				continue
			}
			reference.fail("no such credential: define it under the key \"credentials\"")
		}
	}
}

// needs calls missing for what lacks its credential.
func (e *deviceEntry) needs(c Credential, missing func(what, part string)) {
	if _, reads := e.collects["snmp"]; reads && c.SNMP == nil {
		missing("reading by snmp", "snmp")
	}
	if e.device.Collect.Trap && c.SNMP == nil {
		missing("taking traps", "snmp")
	}
	if _, reads := e.collects["netconf"]; reads && c.SSH == nil {
		missing("reading by netconf", "ssh")
	}
	for _, key := range []string{"restconf", "gnmi"} {
		if _, reads := e.collects[key]; reads && c.TLS == nil {
			missing("reading by "+key, "tls")
		}
	}
}

// needsHostKey demands that something tells a device's host key: a password
// must not be given to whoever answers.
func (e *deviceEntry) needsHostKey(c *SSH) {
	_, reads := e.collects["netconf"]
	_, own := e.keys["hostKey"]
	if reads && c != nil && !own && len(c.HostKeys) == 0 && c.KnownHosts == "" {
		e.at.fail("nothing tells the device's host key: add hostKey here, or hostKey or knownHosts to the credential's part ssh")
	}
}

// checkListeners demands a listener for what is listened to.
func (all *devices) checkListeners(l Listeners) {
	for _, e := range all.entries {
		for _, need := range []struct {
			key  string
			on   bool
			have []string
		}{{"trap", e.device.Collect.Trap, l.Trap}, {"syslog", e.device.Collect.Syslog, l.Syslog}, {"flow", e.device.Collect.Flow, l.Flow},
			{"push", e.device.Collect.Push, slices.Concat(l.UDPNotif, l.MDT)}} {
			if need.on && len(need.have) == 0 {
				e.collects[need.key].fail("nothing listens for it: add listeners.%s", usualListener[need.key])
			}
		}
	}
}

// usualListener are examples, with the ports that devices send to by default.
var usualListener = map[string]string{"trap": "trap, such as 0.0.0.0:162", "syslog": "syslog, such as 0.0.0.0:514",
	"flow": "flow, such as 0.0.0.0:4739", "push": "udpNotif, such as 0.0.0.0:57499, or listeners.mdt, such as 0.0.0.0:57500"}

func readListeners(v value) (l Listeners) {
	seen := map[string]int{}
	list := func(to *[]string) func(value) {
		return func(v value) {
			v.oneOrMore(func(v value) {
				var at string
				textTo(&at, checkListen)(v)
				if line, twice := seen[at]; twice && at != "" && !strings.HasSuffix(at, ":0") { // port 0: any
					v.fail("%s is already listened at on line %d", quote(at), line)
					return
				}
				seen[at] = v.node.Line
				*to = append(*to, at)
			})
		}
	}
	v.mapping(optional("trap", list(&l.Trap)), optional("syslog", list(&l.Syslog)), optional("flow", list(&l.Flow)),
		optional("udpNotif", list(&l.UDPNotif)), optional("mdt", list(&l.MDT)))
	return l
}

// truthTo stores true or false.
func truthTo(to *bool) func(value) {
	return func(v value) {
		s, ok := v.text()
		if !ok {
			return
		}
		switch strings.ToLower(s) {
		case "true":
			*to = true
		case "false":
			*to = false
		default:
			v.fail("%s is neither true nor false", quote(s))
		}
	}
}
