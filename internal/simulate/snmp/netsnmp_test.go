package snmp_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nettwin/internal/simulate/snmp"
	"nettwin/internal/testenv"
)

// Goal: Net-SNMP, the manager that most people have, reads a recorded device as
// it stands, over v2c and over v3 with SHA-256 and AES. Method: snmpbulkwalk of
// everything, its text compared with an independent split of the file.
func TestNetSNMP(t *testing.T) {
	tool := testenv.Tool(t, "snmpbulkwalk")
	path := filepath.Join(testenv.Shared(t, "data/snmp"), "ios_2960x.snmprec")
	user := snmp.User{Name: "twin", AuthProtocol: snmp.SHA256, AuthPassword: authPassword, PrivProtocol: snmp.AES128, PrivPassword: privPassword}
	agent := listen(t, snmp.Options{State: recorded(t, path), Communities: []string{"public"}, Users: []snmp.User{user}})
	want := splitFile(t, path)
	cases := map[string][]string{
		"v2c": {"-v2c", "-c", "public"},
		"v3":  {"-v3", "-l", "authPriv", "-u", "twin", "-a", "SHA-256", "-A", authPassword, "-x", "AES", "-X", privPassword},
	}
	for name, credentials := range cases {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for _, root := range []string{".1.0", ".1.3"} {
				args := append(credentials, "-m", "", "-Onxe", "-Cr50", "-t", "5", "-r", "0", agent.Addr().String(), root)
				command := exec.CommandContext(t.Context(), tool, args...)
				var stderr bytes.Buffer
				command.Stderr = &stderr
				out, err := command.Output()
				if err != nil {
					t.Fatalf("%s %s: %v: %s", tool, root, err, stderr.String())
				}
				parseNetSNMP(t, string(out), got)
			}
			compareRows(t, got, want)
		})
	}
}

// Goal: Net-SNMP understands the agent's reports. Method: snmpbulkwalk with a
// wrong password and with a wrong user says which it was.
func TestNetSNMPWrongCredentials(t *testing.T) {
	tool := testenv.Tool(t, "snmpbulkwalk")
	user := snmp.User{Name: "twin", AuthProtocol: snmp.SHA256, AuthPassword: authPassword}
	agent := listen(t, snmp.Options{State: smallTable(t), Users: []snmp.User{user}})
	for _, c := range []struct{ user, password, says string }{
		{"twin", "wrong-password", "Authentication failure"},
		{"other", authPassword, "Unknown user name"},
	} {
		command := exec.CommandContext(t.Context(), tool, "-v3", "-l", "authNoPriv", "-u", c.user, "-a", "SHA-256", "-A", c.password, "-m", "", "-t", "5", "-r", "0", agent.Addr().String(), ".1.3")
		out, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.says) {
			t.Errorf("%s: %v: %s, want %q", c.user, err, out, c.says)
		}
	}
}

var netSNMPTags = map[string]string{
	"INTEGER": "2", "Hex-STRING": "4", "STRING": "4", "OID": "6", "IpAddress": "64",
	"Counter32": "65", "Gauge32": "66", "Timeticks": "67", "Counter64": "70",
}

var netSNMPLine = regexp.MustCompile(`^\.([0-9.]+) = (?:([A-Za-z0-9-]+): ?)?(.*)$`)

// parseNetSNMP reads the output of -Onxe into splitFile's form. Lines that do
// not begin a variable go on with a long Hex-STRING.
func parseNetSNMP(t *testing.T, out string, rows map[string]string) {
	t.Helper()
	last := ""
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		part := netSNMPLine.FindStringSubmatch(line)
		switch {
		case part == nil && last != "":
			rows[last] += strings.ToLower(strings.ReplaceAll(line, " ", ""))
		case part == nil:
			t.Errorf("line %q", line)
		case strings.HasPrefix(part[3], "No more variables"), strings.HasPrefix(part[3], "No Such Object"):
			// endOfMibView; or nothing below the root, which the tool then asks for itself.
		default:
			last = part[1]
			rows[last] = netSNMPValue(part[2], part[3])
		}
	}
}

func netSNMPValue(kind, value string) string {
	switch kind {
	case "":
		if value == `""` { // an empty OCTET STRING
			return "4|"
		}
		if value == "NULL" {
			return "5|"
		}
		return fmt.Sprintf("%s without a type", value)
	case "STRING":
		return "4|" + hex.EncodeToString([]byte(strings.Trim(value, `"`)))
	case "Hex-STRING":
		value = strings.ToLower(strings.ReplaceAll(value, " ", ""))
	case "Timeticks": // (ticks) days:hours…
		value, _, _ = strings.Cut(strings.TrimPrefix(value, "("), ")")
	case "OID":
		value = strings.TrimPrefix(value, ".")
	}
	return netSNMPTags[kind] + "|" + value
}
