package replay

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"nettwin/internal/snmp"
	"nettwin/ontology/mib"
)

// walk reads the values of an agent; parse reads one line, nil means the
// output of snmpwalk, whose texts may have several lines.
func (r *reader) walk(m Message, parse func(string) (snmp.Varbind, error)) {
	m.Kind = Walk
	whole := m
	var pending string
	var at Place
	take := func() {
		if pending == "" {
			return
		}
		v, err := snmp.Varbind{}, error(nil)
		if parse != nil {
			v, err = parse(pending)
		} else {
			v, err = snmpwalkLine(pending)
		}
		pending = ""
		switch {
		case errors.Is(err, errNothing):
		case err != nil:
			r.report.fail(at, err)
		case len(whole.Varbinds) >= maxVarbinds:
			r.report.fail(at, fmt.Errorf("more than %d values", maxVarbinds))
		default:
			whole.Varbinds = append(whole.Varbinds, v)
		}
	}
	r.lines(m, func(line Message) {
		text := string(line.Bytes)
		if parse == nil && pending != "" && !snmpwalkStart.MatchString(text) && !strings.HasPrefix(text, "#") {
			pending += "\n" + text
			return
		}
		take()
		if !strings.HasPrefix(text, "#") {
			pending, at = text, line.Place
		}
	})
	take()
	if len(whole.Varbinds) == 0 {
		r.report.fail(m.Place, errors.New("it holds no value of an SNMP agent"))
		return
	}
	r.play(whole)
}

// errNothing: the line says that there is no value.
var errNothing = errors.New("no value")

// snmprecTags are the tags of snmpsim that are known.
var snmprecTags = map[string]byte{"2": snmp.TagInteger, "4": snmp.TagOctets, "5": snmp.TagNull, "6": snmp.TagOID, "64": snmp.TagIPAddress,
	"65": snmp.TagCounter32, "66": snmp.TagGauge32, "67": snmp.TagTimeTicks, "68": snmp.TagOpaque, "70": snmp.TagCounter64}

// snmprecLine reads OID|TAG|VALUE.
func snmprecLine(line string) (snmp.Varbind, error) {
	parts := strings.SplitN(line, "|", 3)
	if len(parts) != 3 {
		return snmp.Varbind{}, errors.New("expected OID|TAG|VALUE")
	}
	name, err := mib.ParseOID(strings.TrimSpace(parts[0]))
	if err != nil {
		return snmp.Varbind{}, err
	}
	plain, isHex := strings.CutSuffix(parts[1], "x")
	tag, ok := snmprecTags[plain]
	if !ok {
		return snmp.Varbind{}, fmt.Errorf("tag %q is not known", parts[1])
	}
	v := snmp.Varbind{Name: name, Tag: tag}
	if isHex {
		octets, err := hex.DecodeString(parts[2])
		if err != nil { // digits that somebody masked by letters stand for themselves
			octets = []byte(parts[2])
		}
		v.Value = mib.Value{Kind: mib.Bytes, Bytes: octets}
		return v, nil
	}
	return v, setValue(&v, parts[2])
}

// setValue reads a value as its tag wants.
func setValue(v *snmp.Varbind, text string) error {
	switch v.Tag {
	case snmp.TagInteger:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || n < math.MinInt32 || n > math.MaxUint32 {
			return fmt.Errorf("%.40q is no number of 32 bits", text)
		}
		v.Value = mib.Value{Kind: mib.Number, Int: int64(int32(uint32(n)))}
	case snmp.TagCounter32, snmp.TagGauge32, snmp.TagTimeTicks:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || n < math.MinInt32 || n > math.MaxUint32 {
			return fmt.Errorf("%.40q is no number of 32 bits", text)
		}
		v.Value = mib.Unsigned64(uint64(uint32(n)))
	case snmp.TagCounter64:
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return fmt.Errorf("%.40q is no number of 64 bits", text)
		}
		v.Value = mib.Unsigned64(n)
	case snmp.TagNull:
		v.Value = mib.Value{Kind: mib.Null}
	case snmp.TagOID:
		oid, err := mib.ParseOID(strings.TrimSpace(text))
		if err != nil {
			return err
		}
		v.Value = mib.Value{Kind: mib.ObjectID, OID: oid}
	case snmp.TagIPAddress:
		a, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil || !a.Is4() {
			return fmt.Errorf("%.40q is no IPv4 address", text)
		}
		v.Value = mib.Value{Kind: mib.Bytes, Bytes: a.AsSlice()}
	default:
		v.Value = mib.Value{Kind: mib.Bytes, Bytes: []byte(text)}
	}
	return nil
}

// walkTypes are the types that snmpwalk prints, by their tags.
var walkTypes = map[string]byte{"INTEGER": snmp.TagInteger, "STRING": snmp.TagOctets, "Hex-STRING": snmp.TagOctets, "BITS": snmp.TagOctets,
	"OID": snmp.TagOID, "IpAddress": snmp.TagIPAddress, "Network Address": snmp.TagIPAddress, "Counter32": snmp.TagCounter32,
	"Gauge32": snmp.TagGauge32, "Unsigned32": snmp.TagGauge32, "UInteger32": snmp.TagGauge32, "Timeticks": snmp.TagTimeTicks,
	"Counter64": snmp.TagCounter64, "Opaque": snmp.TagOpaque}

var (
	inParentheses = regexp.MustCompile(`\((-?\d+)\)`)
	firstNumber   = regexp.MustCompile(`^-?\d+`)
	notHex        = regexp.MustCompile(`[^0-9A-Fa-f]`)
)

// snmpwalkLine reads what snmpwalk -On prints of one value.
func snmpwalkLine(line string) (snmp.Varbind, error) {
	name, rest, ok := strings.Cut(line, " = ")
	if !ok {
		return snmp.Varbind{}, errors.New("expected OID = TYPE: VALUE")
	}
	if strings.Contains(name, "::") {
		return snmp.Varbind{}, errors.New("names of objects cannot be read: write the walk with snmpwalk -On")
	}
	if tail, ok := strings.CutPrefix(name, "iso"); ok {
		name = "1" + tail
	}
	oid, err := mib.ParseOID(strings.TrimPrefix(name, "."))
	if err != nil {
		return snmp.Varbind{}, err
	}
	v := snmp.Varbind{Name: oid}
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, "No ") {
		return v, errNothing
	}
	if rest == `""` { // an empty text has no type
		v.Tag, v.Value = snmp.TagOctets, mib.Value{Kind: mib.Bytes}
		return v, nil
	}
	kind, text, ok := strings.Cut(rest, ":")
	if rest == "NULL" {
		kind, ok = "NULL", true
	}
	tag, known := walkTypes[kind]
	switch {
	case kind == "NULL":
		v.Tag, v.Value = snmp.TagNull, mib.Value{Kind: mib.Null}
		return v, nil
	case !ok || !known:
		return v, fmt.Errorf("type %.40q is not known", kind)
	}
	v.Tag = tag
	text = strings.TrimSpace(text)
	switch kind {
	case "STRING", "Opaque":
		v.Value = mib.Value{Kind: mib.Bytes, Bytes: []byte(unquote(text))}
		return v, nil
	case "Hex-STRING", "BITS", "Network Address":
		if kind == "BITS" { // octets first, then the names of the bits
			text = regexp.MustCompile(`^([0-9A-Fa-f]{2} ?)*`).FindString(text)
		}
		octets, err := hex.DecodeString(notHex.ReplaceAllString(text, ""))
		v.Value = mib.Value{Kind: mib.Bytes, Bytes: octets}
		return v, err
	case "OID":
		if tail, ok := strings.CutPrefix(text, "iso"); ok {
			text = "1" + tail
		}
		return v, setValue(&v, strings.TrimPrefix(text, "."))
	case "INTEGER", "Timeticks": // up(1), (123) 0:00:01.23, 5 seconds
		if m := inParentheses.FindStringSubmatch(text); m != nil {
			text = m[1]
		}
	}
	if n := firstNumber.FindString(text); n != "" && tag != snmp.TagIPAddress {
		text = n
	}
	return v, setValue(&v, text)
}

// unquote takes off the quotes that snmpwalk puts around a text, with its
// escapes.
func unquote(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	text = text[1 : len(text)-1]
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(text)
}
