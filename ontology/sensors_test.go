package ontology_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// recordedSensors is how many sensors the recordings have by the standard
// module, recordedCDP how many neighbours by CDP.
const (
	recordedSensors = 302
	recordedCDP     = 29
)

// sensorExpectation is what an independent decoding says of sensors, VLANs and
// neighbours that were heard by CDP; numbers as they were sent.
type sensorExpectation struct {
	Walk struct {
		Sensors []struct {
			Index     int `json:"entPhysicalIndex"`
			Type      int
			Scale     int
			Precision int
			Status    *int `json:"operStatus"`
		} `json:"entitySensors"`
		CDP []struct {
			Index      int `json:"ifIndex"`
			DeviceID   string
			DevicePort string
			Platform   string
		} `json:"cdpNeighbors"`
		VLANs []struct {
			ID   int    `json:"vlan"`
			Name string `json:"name"`
		} `json:"vlans_dot1qVlanStatic"`
	}
}

// sensorWords are RFC 3433's labels of types and states, and the QUDT units.
var (
	sensorTypes    = []string{"", "other", "unknown", "voltsAC", "voltsDC", "amperes", "watts", "hertz", "celsius", "percentRH", "rpm", "cmm", "truthvalue"}
	sensorUnits    = map[string]string{"voltsAC": "V", "voltsDC": "V", "amperes": "A", "watts": "W", "hertz": "HZ", "celsius": "DEG_C", "percentRH": "PERCENT_RH", "rpm": "REV-PER-MIN", "cmm": "M3-PER-MIN"}
	sensorStatuses = []string{"", "ok", "unavailable", "nonoperational"}
)

// compareSensors holds the twin's sensors, CDP neighbours and VLANs against the
// expectations.
func compareSensors(t *testing.T, w *world, files []string) {
	t.Helper()
	var sensors, neighbours, vlans []string
	for _, file := range files {
		device := strings.TrimSuffix(filepath.Base(file), ".expected.json")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want sensorExpectation
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, s := range want.Walk.Sensors {
			kind, unit, factor, status := sensorTypes[s.Type], "", "", ""
			if u := sensorUnits[kind]; u != "" {
				unit, factor = "http://qudt.org/vocab/unit/"+u, number(t, fmt.Sprintf("1e%d", 3*(s.Scale-9)-s.Precision))
			}
			if s.Status != nil {
				status = sensorStatuses[*s.Status]
			}
			sensors = append(sensors, fmt.Sprintf("%s %d %s %s %s %s", device, s.Index, kind, unit, factor, status))
		}
		for _, v := range want.Walk.VLANs {
			vlans = append(vlans, fmt.Sprintf("%s %d %s", device, v.ID, v.Name))
		}
		for _, n := range want.Walk.CDP {
			neighbours = append(neighbours, fmt.Sprintf("%s %d %s %s %s", device, n.Index, n.DeviceID, n.DevicePort, n.Platform))
		}
	}
	const device = "BIND(STRAFTER(STR(?device), 'id/device/') AS ?d)"
	got := w.rows(`PREFIX std: <https://w3id.org/nettwin/mib/ENTITY-SENSOR-MIB/>
		SELECT ?d ?i ?type ?unit ?factor ?status { ?x a twin:Sensor ; twin:sensorType ?type ; twin:entityIndex ?i ; twin:componentOf ?device ; twin:readBy ?row .
		GRAPH ?g { ?row std:entPhySensorType ?any }
		OPTIONAL { ?x twin:unit ?unit } OPTIONAL { ?x twin:sensorStatus ?status }
		OPTIONAL { ?x twin:valueFactor ?factor } ` + device + ` }`)
	for i, row := range got {
		if cells := strings.Split(row, " "); cells[4] != "" {
			cells[4] = number(t, cells[4])
			got[i] = strings.Join(cells, " ")
		}
	}
	compare(t, "sensors", got, sensors)
	compare(t, "CDP neighbours", w.rows(`SELECT ?d ?i ?n ?p ?f { ?a a twin:CdpAdjacency ; twin:localDevice ?device ; twin:localInterface/twin:ifIndex ?i ;
		twin:remoteSystemName ?n ; twin:remotePortId ?p ; twin:remotePlatform ?f `+device+` }`), neighbours)
	compare(t, "VLANs", w.rows("SELECT ?d ?i ?n { ?x a twin:Vlan ; twin:vlanOf ?device ; twin:vlanId ?i OPTIONAL { ?x twin:name ?n } "+device+" }"), vlans)
	if len(sensors) != recordedSensors || len(neighbours) != recordedCDP {
		t.Errorf("%d sensors and %d CDP neighbours expected, there should be %d and %d", len(sensors), len(neighbours), recordedSensors, recordedCDP)
	}
	t.Logf("sensors: %d, of Cisco's module %d more; CDP neighbours: %d", len(sensors),
		len(w.rows("SELECT ?x { ?x a twin:Sensor ; twin:sensorType ?t }"))-len(sensors), len(neighbours))
}

// number writes a number of xsd:double in Go's way.
func number(t *testing.T, text string) string {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(n)
}
