package syslog

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/naming"
)

// tableFile says what messages mean.
const tableFile = "map/syslog.tsv"

// NS is the namespace of what a message says.
const NS = "https://w3id.org/nettwin/syslog/"

var (
	classMessage  = rdf.IRI(NS + "Message")
	propFacility  = rdf.IRI(NS + "facility")
	propHostname  = rdf.IRI(NS + "hostname")
	propAppName   = rdf.IRI(NS + "appName")
	propProcID    = rdf.IRI(NS + "procid")
	propMessageID = rdf.IRI(NS + "msgid")

	propNamesIfIndex   = rdf.IRI(naming.Twin + "namesIfIndex")
	propNamesInterface = rdf.IRI(naming.Twin + "namesInterface")
	propNamesAddress   = rdf.IRI(naming.Twin + "namesAddress")
	propNamesNeighbor  = rdf.IRI(naming.Twin + "namesNeighbor")
)

// table is map/syslog.tsv; its comment tells the format.
type table struct{ rules []rule }

type rule struct {
	app, text *regexp.Regexp // nil app: any
	kind      rdf.Term
	severity  ingest.Severity
	own       bool // the message's severity
	read      bool
}

// groups are the names of groups in patterns.
var groups = map[string]rdf.Term{
	"interface": propNamesInterface, "ifIndex": propNamesIfIndex,
	"address": propNamesAddress, "neighbor": propNamesNeighbor,
}

// loadTable reads the table. Errors name file and line.
func loadTable(fsys fs.FS, name string) (*table, error) {
	content, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("syslog: table: %w", err)
	}
	t := &table{}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		r, err := parseRule(strings.Split(line, "\t"))
		if err != nil {
			return nil, fmt.Errorf("syslog: table: %s:%d: %w", name, n, err)
		}
		t.rules = append(t.rules, r)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("syslog: table: %s: %w", name, err)
	}
	return t, nil
}

func parseRule(cells []string) (r rule, err error) {
	if len(cells) != 5 {
		return r, fmt.Errorf("%d cells, expected 5: program, pattern, type, severity, read", len(cells))
	}
	if cells[0] != "-" {
		if r.app, err = regexp.Compile("^(?:" + cells[0] + ")$"); err != nil {
			return r, fmt.Errorf("program: %w", err)
		}
	}
	if r.text, err = regexp.Compile(cells[1]); err != nil {
		return r, fmt.Errorf("pattern: %w", err)
	}
	for _, name := range r.text.SubexpNames() {
		if _, ok := groups[name]; name != "" && !ok {
			return r, fmt.Errorf("pattern: the group %q is none of interface, ifIndex, address, neighbor", name)
		}
	}
	if cells[2] != "-" {
		r.kind = rdf.IRI(naming.Twin + cells[2])
		if err := rdf.CheckIRI(r.kind.Value()); err != nil {
			return r, fmt.Errorf("type: %w", err)
		}
	}
	if r.own = cells[3] == "-"; !r.own {
		ok := false
		if r.severity, ok = ingest.ParseSeverity(cells[3]); !ok {
			return r, fmt.Errorf("severity %q is none", cells[3])
		}
	}
	i := slices.Index([]string{"no", "yes"}, cells[4])
	if i < 0 {
		return r, fmt.Errorf("read %q: expected yes or no", cells[4])
	}
	r.read = i == 1
	return r, nil
}

// notableFrom is the severity from which a message is lifted into the twin
// though no line of the table knows it.
const notableFrom = ingest.Error

// event makes the event of a message.
func (t *table) event(m Message) ingest.Event {
	e := ingest.Event{Severity: m.Severity, Reported: m.Time, Guessed: m.Guessed, Message: m.Text, Notable: m.Severity <= notableFrom}
	fact := func(p rdf.Term, value string) {
		if value != "" {
			e.Facts = append(e.Facts, ingest.Fact{P: p, O: rdf.String(value)})
		}
	}
	fact(propFacility, facilities[m.Facility])
	fact(propHostname, m.Hostname)
	fact(propAppName, m.AppName)
	fact(propProcID, m.ProcID)
	fact(propMessageID, m.MessageID)
	key := []string{m.Severity.String(), m.AppName, m.MessageID, m.Text}
	for _, d := range m.Data {
		fact(rdf.IRI(NS+"sd/"+escape(d.ID)+"/"+escape(d.Name)), d.Value)
		key = append(key, d.ID, d.Name, d.Value)
	}
	e.Key = strings.Join(key, "\x00")
	t.mean(&e, m)
	return e
}

// mean adds what the first line says that fits.
func (t *table) mean(e *ingest.Event, m Message) {
	for _, r := range t.rules {
		if r.app != nil && !r.app.MatchString(m.AppName) {
			continue
		}
		found := r.text.FindStringSubmatch(m.Text)
		if found == nil {
			continue
		}
		e.Notable, e.Type = !r.kind.IsZero(), r.kind
		if !r.own {
			e.Severity = r.severity
		}
		if r.read {
			e.Read = "syslog " + m.AppName
		}
		var subject []string
		for i, name := range r.text.SubexpNames() {
			if name == "" || found[i] == "" {
				continue
			}
			if term, ok := value(name, found[i]); ok {
				e.Facts = append(e.Facts, ingest.Fact{P: groups[name], O: term})
				subject = append(subject, name+"="+found[i])
			}
		}
		slices.Sort(subject)
		e.Subject = strings.Join(subject, " ")
		return
	}
}

// value is the term of what a group matched; false if it is not such a thing.
func value(group, text string) (rdf.Term, bool) {
	switch group {
	case "ifIndex":
		n, err := strconv.ParseUint(text, 10, 31)
		return rdf.Literal(strconv.FormatUint(n, 10), rdf.XSDInteger), err == nil
	case "address", "neighbor":
		a, err := netip.ParseAddr(text)
		return rdf.String(a.String()), err == nil
	}
	return rdf.String(text), true
}

// escape makes a name fit for an IRI's path.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~@", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
