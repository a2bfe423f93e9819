// Command ygot-oracle says what ygot makes of instance data of ietf-interfaces
// and ietf-ip. Tests of control/netconf run it: each line of its input is a
// document by RFC 7951, each line of its output what came of it. It knows
// nothing of nettwin. interfaces.go is generated, see generate.sh.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/openconfig/ygot/ygot"
)

// answer is a line of the output.
type answer struct {
	Error string          `json:"error,omitempty"` // of Unmarshal or Validate
	JSON  json.RawMessage `json:"json,omitempty"`  // as ygot emits the structs
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := out.Encode(judge(lines.Bytes())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// judge reads a document into structs, validates them and emits them again.
func judge(document []byte) answer {
	device := &Device{}
	if err := Unmarshal(document, device); err != nil {
		return answer{Error: "unmarshal: " + err.Error()}
	}
	if err := device.Validate(); err != nil {
		return answer{Error: "validate: " + err.Error()}
	}
	text, err := ygot.EmitJSON(device, &ygot.EmitJSONConfig{Format: ygot.RFC7951, RFC7951Config: &ygot.RFC7951JSONConfig{AppendModuleName: true}, SkipValidation: true})
	if err != nil {
		return answer{Error: "emit: " + err.Error()}
	}
	var compact json.RawMessage = []byte(text)
	return answer{JSON: compact}
}
