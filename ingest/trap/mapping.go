package trap

import (
	"strconv"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/internal/snmp"
	"nettwin/naming"
	"nettwin/ontology/mib"
)

// NS is the namespace of what a notification says: NS + "notification" and the
// like, and NS + module + "/" + object for its variables.
const NS = "https://w3id.org/nettwin/trap/"

var (
	classNotification = rdf.IRI(NS + "Notification")
	propNotification  = rdf.IRI(NS + "notification")
	propOID           = rdf.IRI(NS + "notificationOID")
	propUpTime        = rdf.IRI(NS + "upTime")
	propVersion       = rdf.IRI(NS + "version")

	propNamesIfIndex   = rdf.IRI(naming.Twin + "namesIfIndex")
	propNamesInterface = rdf.IRI(naming.Twin + "namesInterface")
	propNamesAddress   = rdf.IRI(naming.Twin + "namesAddress")
	propNamesNeighbor  = rdf.IRI(naming.Twin + "namesNeighbor")
)

// lookup finds a notification. One of SNMPv1 may be defined without the zero
// that RFC 3584 §3.1 puts before its number.
func (t *table) lookup(oid []uint32) *mib.Object {
	o := t.tables.Notification(oid)
	if n := len(oid); o == nil && n > 2 && oid[n-2] == 0 {
		o = t.tables.Notification(append(append([]uint32{}, oid[:n-2]...), oid[n-1]))
	}
	return o
}

// reading is what the variables of one notification say.
type reading struct {
	facts  []ingest.Fact
	values map[*mib.Object]string
	words  []string
	key    strings.Builder
}

// event makes the event of a message.
func (t *table) event(m *message) ingest.Event {
	o := t.lookup(m.oid)
	name := mib.Dotted(m.oid)
	e := ingest.Event{Severity: ingest.Notice}
	r := &reading{values: map[*mib.Object]string{}}
	if o != nil {
		name = o.Name
		e.Type = o.Term
		e.Facts = append(e.Facts, ingest.Fact{P: propNotification, O: o.Term})
	} else {
		m.unmapped++
		e.Facts = append(e.Facts, ingest.Fact{P: propOID, O: rdf.String(name)})
	}
	version, _, _ := strings.Cut(m.transport, " ")
	e.Facts = append(e.Facts, ingest.Fact{P: propVersion, O: rdf.String(version)})
	if m.hasUpTime {
		e.Facts = append(e.Facts, ingest.Fact{P: propUpTime, O: rdf.Literal(strconv.FormatUint(uint64(m.upTime), 10), rdf.XSDInteger)})
	}
	r.key.WriteString(mib.Dotted(m.oid))
	m.unmapped += t.read(r, m.varbinds)
	e.Facts = append(e.Facts, r.facts...)
	e.Key = r.key.String()
	e.Message = sentence(name, r.words)
	t.mean(&e, o, r, name)
	return e
}

// mean adds what the table says.
func (t *table) mean(e *ingest.Event, o *mib.Object, r *reading, name string) {
	e.Subject = name
	if rule, ok := t.find(o, r.values); ok {
		e.Severity = rule.severity
		if !rule.kind.IsZero() {
			e.Type = rule.kind
		}
		if rule.read {
			e.Read = "trap " + name
		}
		var subject []string
		for _, ref := range rule.about {
			value := r.values[ref.object]
			if value == "" {
				continue
			}
			term := rdf.String(value)
			if ref.word == "ifIndex" {
				term = rdf.Literal(value, rdf.XSDInteger)
			}
			e.Facts = append(e.Facts, ingest.Fact{P: ref.property, O: term})
			subject = append(subject, ref.word+"="+value)
		}
		if len(subject) > 0 {
			e.Subject = strings.Join(subject, " ")
		}
	}
	e.Notable = e.Severity <= ingest.Notice
}

// read renders the variables; it returns how many no table knows.
func (t *table) read(r *reading, varbinds []snmp.Varbind) (unmapped int) {
	raw := map[*mib.Object]mib.Value{}
	for _, v := range varbinds {
		if o, _, ok := t.tables.Lookup(v.Name); ok {
			raw[o] = v.Meaning()
		}
	}
	for _, v := range varbinds {
		r.key.WriteString("\x00" + mib.Dotted(v.Name) + "=")
		o, index, ok := t.tables.Lookup(v.Name)
		if !ok || v.Exceptional() {
			unmapped++
			r.key.WriteString(string(v.Value.Bytes) + mib.Dotted(v.Value.OID) + strconv.FormatInt(v.Value.Int, 10))
			continue
		}
		r.add(t.tables, o, v.Meaning(), raw[o.Selector], true)
		if o.Kind != mib.Column {
			continue
		}
		parts, err := t.tables.DecodeIndex(o.Parent.Entry, index)
		if err != nil {
			continue // an index of another form: the value stays
		}
		for _, p := range parts {
			if _, said := raw[p.Object]; !said {
				raw[p.Object] = p.Value
				r.add(t.tables, p.Object, p.Value, raw[p.Object.Selector], false)
			}
		}
	}
	return unmapped
}

// add states one value.
func (r *reading) add(tables *mib.Tables, o *mib.Object, v, selector mib.Value, isVariable bool) {
	rendered := tables.Render(o, v, selector)
	terms := rendered.Terms
	if rendered.Ref != "" {
		terms = []rdf.Term{rdf.String(rendered.Ref)}
	}
	for _, term := range terms {
		r.facts = append(r.facts, ingest.Fact{P: rdf.IRI(NS + o.Module + "/" + o.Name), O: term})
		if _, ok := r.values[o]; !ok {
			r.values[o] = term.Value()
		}
		r.words = append(r.words, o.Name+" "+term.Value())
		if isVariable {
			r.key.WriteString(term.Value())
		}
	}
}

// sentence writes a notification for people.
func sentence(name string, words []string) string {
	text := name
	if len(words) > 0 {
		text += ": " + strings.Join(words, ", ")
	}
	if len(text) > MaxMessageBytes {
		text = strings.ToValidUTF8(text[:MaxMessageBytes], "") + "…"
	}
	return text
}
