package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nettwin/internal/testenv"
)

// getterField is a line of testdata/getters/fields.tsv.
type getterField struct {
	class, field, path, form string
	nothing                  []string
}

// getterRow is what is expected or held of one thing: field → value.
type getterRow map[string]string

// getterForms make one text of the values that the twin holds for a field, and
// of the expected value.
var getterForms = map[string]struct{ held, expected func(string) string }{
	"text":        {strings.TrimSpace, strings.TrimSpace},
	"any":         {strings.TrimSpace, strings.TrimSpace},
	"set":         {strings.TrimSpace, strings.TrimSpace},
	"number":      {numberText, numberText},
	"id":          {idText, idText},
	"up":          {func(s string) string { return strconv.FormatBool(s == "up") }, sameString},
	"static":      {func(s string) string { return strconv.FormatBool(s == "STATIC") }, sameString},
	"established": {func(s string) string { return strconv.FormatBool(s == "established") }, sameString},
	"hundredths":  {func(s string) string { return scaled(s, 0.01) }, numberText},
	"millionths":  {func(s string) string { return scaled(s, 1e-6) }, numberText},
	"epoch":       {epochText, secondsText},
	"vrf": {func(s string) string {
		return regexp.MustCompile(`^(default|master|Base)$`).ReplaceAllString(s, "global")
	}, sameString},
	"capabilities": {func(s string) string { return capabilityNames[s] }, strings.TrimSpace},
}

// capabilityNames are what NAPALM calls the capabilities of LLDP-MIB.
var capabilityNames = map[string]string{"bridge": "bridge", "router": "router", "telephone": "telephone", "docsisCableDevice": "docsis-cable-device",
	"wlanAccessPoint": "wlan-access-point", "repeater": "repeater", "stationOnly": "station", "other": "other"}

func sameString(s string) string { return s }

func numberText(s string) string { return scaled(s, 1) }

func scaled(s string, factor float64) string {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return strconv.FormatFloat(n*factor, 'f', -1, 64)
}

// idText is an identifier without the signs in which MAC addresses differ.
func idText(s string) string {
	digits := regexp.MustCompile(`[.:-]`).ReplaceAllString(strings.ToLower(s), "")
	if regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(digits) {
		return digits
	}
	return strings.TrimSpace(s)
}

// epochText is a time in seconds since 1970.
func epochText(s string) string {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return fmt.Sprintf("%d.%04d", at.Unix(), at.Nanosecond()/100_000)
}

// secondsText is such a number as the expectations have it; -1 is none.
func secondsText(s string) string {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n < 0 {
		return numberText(s)
	}
	return fmt.Sprintf("%d.%04d", int64(n), int64(n*1e4)-int64(n)*1e4)
}

func readGetterFields(t *testing.T) map[string][]getterField {
	t.Helper()
	text, err := os.ReadFile("testdata/getters/fields.tsv")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string][]getterField{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if len(cells) != 6 {
			t.Fatalf("fields.tsv: %q has %d cells, expected 6", line, len(cells))
		}
		f := getterField{cells[1], cells[2], cells[3], cells[4], []string{}}
		for n := range strings.SplitSeq(cells[5], "|") {
			if n == "empty" {
				n = ""
			}
			if n != "-" {
				f.nothing = append(f.nothing, n)
			}
		}
		fields[cells[0]] = append(fields[cells[0]], f)
	}
	return fields
}

// held are the rows of a getter that the twin has of a device.
func (r *replay) heldRows(device string, fields []getterField) map[string]getterRow {
	r.t.Helper()
	values := map[string]map[string][]string{} // thing → field → values
	for _, f := range fields {
		for _, one := range r.ask(fmt.Sprintf(`SELECT DISTINCT ?s ?v WHERE { GRAPH ?g { ?g twin:deviceName %q . ?s a <%s> ; %s ?v } } ORDER BY ?v`, device, f.class, f.path)) {
			thing := one.s("s")
			if !hasKeys(fields) {
				thing = ""
			}
			if values[thing] == nil {
				values[thing] = map[string][]string{}
			}
			if v := getterForms[f.form].held(one.s("v")); !slices.Contains(values[thing][f.field], v) {
				values[thing][f.field] = append(values[thing][f.field], v)
			}
		}
	}
	rows := map[string]getterRow{}
	for _, thing := range slices.Sorted(maps.Keys(values)) {
		row := getterRow{}
		for field, list := range values[thing] {
			slices.Sort(list)
			row[field] = strings.Join(list, ",")
		}
		key := row["key1"] + "|" + row["key2"]
		for field, text := range rows[key] { // several things are one row
			if row[field] != "" && row[field] != text {
				text += "," + row[field]
			}
			row[field] = text
		}
		rows[key] = row
	}
	return rows
}

func hasKeys(fields []getterField) bool {
	return slices.ContainsFunc(fields, func(f getterField) bool { return f.field == "key1" })
}

// expectedRows flattens an expected result: objects of objects, objects of
// lists, and lists, by what tells their rows apart.
func expectedRows(t *testing.T, getter string, text []byte) []map[string]any {
	t.Helper()
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	add := func(v any, keys ...any) {
		row := map[string]any{}
		maps.Copy(row, v.(map[string]any))
		for i, k := range keys {
			row[fmt.Sprintf("key%d", i+1)] = k
		}
		rows = append(rows, row)
	}
	switch getter {
	case "get_facts":
		add(doc)
	case "get_interfaces":
		for name, v := range doc.(map[string]any) {
			add(v, name)
		}
	case "get_interfaces_ip":
		for name, families := range doc.(map[string]any) {
			for _, addresses := range families.(map[string]any) {
				for a, v := range addresses.(map[string]any) {
					add(v, name, netip.MustParseAddr(a).String())
				}
			}
		}
	case "get_lldp_neighbors", "get_lldp_neighbors_detail":
		for name, list := range doc.(map[string]any) {
			for _, v := range list.([]any) {
				port := v.(map[string]any)["port"]
				if port == nil {
					port = v.(map[string]any)["remote_port"]
				}
				add(v, name, port)
				delete(rows[len(rows)-1], "port")
				delete(rows[len(rows)-1], "remote_port")
			}
		}
	case "get_arp_table", "get_mac_address_table":
		keys := map[string][2]string{"get_arp_table": {"interface", "ip"}, "get_mac_address_table": {"mac", "vlan"}}[getter]
		for _, v := range doc.([]any) {
			of := v.(map[string]any)
			add(v, of[keys[0]], of[keys[1]])
			delete(rows[len(rows)-1], keys[0])
			delete(rows[len(rows)-1], keys[1])
		}
	case "get_bgp_neighbors":
		for vrf, of := range doc.(map[string]any) {
			for peer, v := range of.(map[string]any)["peers"].(map[string]any) {
				peer, _, _ = strings.Cut(peer, "%")
				add(v, peer, vrf)
			}
		}
	}
	return rows
}

// plainValue is an expected value as text.
func plainValue(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		var parts []string
		for _, one := range v {
			parts = append(parts, plainValue(one))
		}
		slices.Sort(parts)
		return strings.Join(parts, ",")
	case map[string]any:
		text, _ := json.Marshal(v)
		return string(text)
	}
	return fmt.Sprint(v)
}

// getterCase compares one case.
type getterCase struct {
	t            *testing.T
	fields       map[string]getterField
	equal, total int
	differences  map[string][]string // field → what differs
}

func (c *getterCase) compare(want []map[string]any, held map[string]getterRow) {
	seen := map[string]bool{}
	for _, row := range want {
		key := c.key(row, "key1") + "|" + c.key(row, "key2")
		got, there := held[key]
		seen[key] = true
		if less := c.key(row, "key1") + "|"; !there && held[less] != nil && c.fields["key2"].form == "vrf" {
			got, there, seen[less] = held[less], true, true
			c.differ("key2", key+": the twin holds none")
		}
		for _, field := range slices.Sorted(maps.Keys(row)) {
			if field == "key1" || field == "key2" {
				continue
			}
			c.total++
			if !there {
				c.differ("missing", key+" "+field)
				continue
			}
			c.field(key, field, row[field], got)
		}
	}
	for key := range held {
		if !seen[key] {
			c.differ("more", key)
		}
	}
}

func (c *getterCase) key(row map[string]any, name string) string {
	f, ok := c.fields[name]
	if !ok {
		return ""
	}
	return getterForms[f.form].expected(plainValue(row[name]))
}

func (c *getterCase) field(key, name string, want any, got getterRow) {
	f, known := c.fields[name]
	text := plainValue(want)
	if !known {
		c.differ(name, key+": the twin holds none")
		return
	}
	expected := getterForms[f.form].expected(text)
	held, there := got[name]
	same := held == expected || f.form == "any" && slices.Contains(strings.Split(held, ","), expected)
	if !there || held == "" {
		same = expected == "" || slices.Contains(f.nothing, strings.ToLower(expected)) || slices.Contains(f.nothing, expected)
	} else if slices.Contains(f.nothing, strings.ToLower(expected)) && held == "0" {
		same = true
	}
	if same {
		c.equal++
		return
	}
	c.differ(name, fmt.Sprintf("%s: %q, expected %q", key, held, expected))
}

func (c *getterCase) differ(field, text string) {
	c.differences[field] = append(c.differences[field], text)
}

// Goal: what devices of four systems answer, over NETCONF and their own APIs,
// becomes the facts that others read in the same answers. Method: the replies of
// each case by the replay of the command; each field of the expected result
// against the twin by testdata/getters/fields.tsv; what differs must be counted
// and explained in testdata/getters/differences.tsv, line by line, and nothing
// else.
func TestGetters(t *testing.T) {
	root := testenv.Shared(t, "data/netconf")
	fields := readGetterFields(t)
	r := newReplay(t)
	var found []string
	equal, total := map[string]int{}, map[string]int{}
	for _, getter := range slices.Sorted(maps.Keys(fields)) {
		cases, err := filepath.Glob(filepath.Join(root, "*", getter, "*"))
		if err != nil || len(cases) == 0 {
			t.Fatal(getter, "no cases", err)
		}
		for _, dir := range cases {
			rel, _ := filepath.Rel(root, dir)
			c := r.getterCase(dir, rel, getter, fields[getter])
			equal[getter], total[getter] = equal[getter]+c.equal, total[getter]+c.total
			for _, field := range slices.Sorted(maps.Keys(c.differences)) {
				list := c.differences[field]
				slices.Sort(list)
				found = append(found, fmt.Sprintf("%s\t%s\t%d", rel, field, len(list)))
				for _, text := range list[:min(3, len(list))] {
					t.Logf("%s: %s: %s", rel, field, text)
				}
			}
		}
	}
	for _, getter := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%s: %d of %d fields", getter, equal[getter], total[getter])
	}
	compareExplained(t, found)
}

// getterCase replays and compares one case.
func (r *replay) getterCase(dir, name, getter string, fields []getterField) *getterCase {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "expected_result.json"))
	if err != nil {
		r.t.Fatal(err)
	}
	replies := r.t.TempDir() // the replies without the expectation
	entries, err := os.ReadDir(dir)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == "expected_result.json" || e.Name() == "version.md" || e.Name() == "facts.yml" {
			continue
		}
		reply, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(replies, e.Name()), reply, 0o600)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if _, err := r.twin.play(r.t.Context(), r.env.log, (*moduleFolder)(nil).of(nil), replies, name); err != nil {
		r.t.Fatal(err)
	}
	c := &getterCase{t: r.t, fields: map[string]getterField{}, differences: map[string][]string{}}
	for _, f := range fields {
		c.fields[f.field] = f
	}
	c.compare(expectedRows(r.t, getter, text), r.heldRows(name, fields))
	return c
}

// compareExplained holds the differences against their explanations.
func compareExplained(t *testing.T, found []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/getters/differences.tsv")
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSpace(line), "\t")
		if len(cells) != 4 || cells[3] == "" {
			t.Errorf("differences.tsv: %q: expected case, field, how often and why", line)
			continue
		}
		explained[strings.Join(cells[:3], "\t")] = true
	}
	for _, f := range found {
		if !explained[f] {
			t.Errorf("not explained: %s", f)
		}
		delete(explained, f)
	}
	for f := range explained {
		t.Errorf("explained, but it does not differ so: %s", f)
	}
}
