// Package device is the one state of each simulated device, which all its
// protocols render, and the network of such devices and cables.
//
// A Device is a recording plus what happened since: it implements snmp.State
// for the SNMP agent and netconf.Device for the NETCONF server, so that an edit
// by NETCONF shows in SNMP. A Network joins devices by cables and carries causes
// to their effects:
//
//   - An interface is up (ifOperStatus) when it is enabled (ifAdminStatus) and
//     has a carrier. It has one while its cable is whole and the far end is
//     enabled; behind a relay, such as a media converter, while the cable is
//     whole. Far ends that are not simulated count as enabled.
//   - At once, when an interface goes down or comes up: ifOperStatus,
//     ifLastChange, the neighbour caches (ARP, ND) and OSPF's interface rows,
//     which FRR shows only while it is up.
//   - After Hold: the LLDP and OSPF neighbour rows over a cable whose ends are
//     not both up vanish at both ends; recorded rows return when both are up
//     again. Over a cable that was dead when it was recorded, such as a spare
//     one, rows are made of what the far end says of itself.
//   - After BGPHold: a BGP session whose peer no chain of live cables reaches
//     is active instead of established, and returns with the path.
//
// Routes, link-state databases and counters stay as recorded; Play gives them
// the values of a recorded incident for its time.
//
// An edit takes effect through what it changes: enabled, description, MTU and
// addresses of interfaces that exist. An interface that leaves the configuration
// is disabled, as netconfd does.
//
// Lock order: Network.mu before Device.mu. Functions that are told of events run
// without Device.mu, but possibly with Network.mu: they neither block nor call
// the network.
package device
