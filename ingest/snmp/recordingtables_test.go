package snmp_test

import (
	"fmt"
	"strconv"
	"strings"
)

// moreTables compares the sections that the graph holds beside system,
// interfaces and entities.
func (c *checker) moreTables(want *expectation, total map[string]int) {
	w := &want.Walk
	total["ipAddressTable"] += c.addresses(w.Addresses)
	for table, n := range w.RowCounts {
		if got := len(c.th.rows(table)); got != n && table != "hrStorageTable" {
			c.errorf("%s has %d rows, expected %d", table, got, n)
		}
	}
	total["lldp"] += c.lldp(w.LLDP)
	total["bgp"] += c.table("bgpPeerTable", w.BGP, "remoteAddr", map[string]string{
		"remoteAddr": "bgpPeerRemoteAddr", "state": "bgpPeerState", "adminStatus": "bgpPeerAdminStatus",
		"localAddr": "bgpPeerLocalAddr", "remoteAs": "bgpPeerRemoteAs",
	})
	for _, row := range w.OSPF {
		c.row(fmt.Sprint("ospfNbrTable/", row["ipAddr"], ".0"), row, map[string]string{
			"ipAddr": "ospfNbrIpAddr", "routerId": "ospfNbrRtrId", "state": "ospfNbrState",
		})
	}
	total["ospf"] += len(w.OSPF)
	for _, row := range w.CDP {
		c.row("cdpCacheTable/"+index(row["ifIndex"])+"."+index(row["deviceIndex"]), row, map[string]string{
			"version": "cdpCacheVersion", "deviceId": "cdpCacheDeviceId", "devicePort": "cdpCacheDevicePort",
			"platform": "cdpCachePlatform", "address": "cdpCacheAddress",
		})
	}
	total["cdp"] += len(w.CDP)
	total["vlans"] += c.table("dot1qVlanStaticTable", w.VLANs, "vlan", map[string]string{"name": "dot1qVlanStaticName"})
	for _, row := range w.ARP {
		c.row("ipNetToMediaTable/"+index(row["ifIndex"])+"."+index(row["ip"]), row, map[string]string{
			"ip": "ipNetToMediaNetAddress", "mac": "ipNetToMediaPhysAddress", "ifIndex": "ipNetToMediaIfIndex",
		})
	}
	total["arp"] += len(w.ARP)
	for _, row := range w.FDB {
		c.row("dot1dTpFdbTable/"+macIndex(row["mac"]), row, map[string]string{"mac": "dot1dTpFdbAddress", "bridgePort": "dot1dTpFdbPort"})
	}
	for _, row := range w.FDBQ {
		c.row("dot1qTpFdbTable/"+index(row["fdbId"])+"."+macIndex(row["mac"]), row, map[string]string{
			"fdbId": "dot1qFdbId", "mac": "dot1qTpFdbAddress", "bridgePort": "dot1qTpFdbPort"})
	}
	total["fdb"] += len(w.FDB) + len(w.FDBQ)
	for _, pair := range w.Stack {
		thing := fmt.Sprintf("ifStackTable/%d.%d", pair[0], pair[1])
		if c.th[thing] == nil {
			c.errorf("%s is missing", thing)
		}
	}
	total["stack"] += len(w.Stack)
	for port, ifIndex := range w.Ports {
		c.row("dot1dBasePortTable/"+port, map[string]any{"i": float64(ifIndex)}, map[string]string{"i": "dot1dBasePortIfIndex"})
	}
	total["bridge ports"] += len(w.Ports)
}

// macIndex writes a MAC as the six arcs of an index.
func macIndex(v any) string {
	var arcs []string
	for octet := range strings.SplitSeq(fmt.Sprint(v), ":") {
		n, _ := strconv.ParseUint(octet, 16, 8)
		arcs = append(arcs, strconv.FormatUint(n, 10))
	}
	return strings.Join(arcs, ".")
}

func (c *checker) addresses(rows []map[string]any) int {
	byAddress := map[string]string{}
	for thing := range c.th {
		if strings.HasPrefix(thing, "ipAddressTable/") {
			byAddress[value(c.th[thing], "ipAddressAddr")] = thing
		}
	}
	for _, row := range rows {
		address := fmt.Sprint(row["address"])
		thing := byAddress[address]
		c.row(thing, row, map[string]string{"address": "ipAddressAddr", "ifIndex": "ipAddressIfIndex"})
		if n, ok := row["prefixLength"].(float64); ok {
			ref := value(c.th[thing], "ipAddressPrefix")
			if !strings.HasSuffix(ref, "."+strconv.Itoa(int(n))) {
				c.errorf("%s: the prefix %q, expected length %v", address, ref, n)
			}
		}
	}
	return len(rows)
}

func (c *checker) lldp(rows []map[string]any) int {
	for _, row := range rows {
		thing := fmt.Sprintf("lldpRemTable/%s.%s.%s", index(row["lldpRemTimeMark"]), index(row["lldpRemLocalPortNum"]), index(row["lldpRemIndex"]))
		c.row(thing, row, map[string]string{
			"chassisIdSubtype": "lldpRemChassisIdSubtype", "portIdSubtype": "lldpRemPortIdSubtype", "chassisId": "lldpRemChassisId",
			"portId": "lldpRemPortId", "portDesc": "lldpRemPortDesc", "sysName": "lldpRemSysName", "sysDesc": "lldpRemSysDesc",
		})
		if local, ok := row["localPort"].(map[string]any); ok {
			c.row("lldpLocPortTable/"+index(row["lldpRemLocalPortNum"]), local, map[string]string{
				"portIdSubtype": "lldpLocPortIdSubtype", "portId": "lldpLocPortId", "portDesc": "lldpLocPortDesc"})
		}
	}
	return len(rows)
}
