package gnmi

//lint:file-ignore SA1019 values in their deprecated forms are read, which old devices send.

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/openconfig/gnmi/proto/gnmi"
)

// Value is the value of an update as JSON.
type Value struct {
	JSON []byte
	// Strict values are as RFC 7951 has them: what is a number and what a text
	// tells members of unions apart. Others are gNMI's scalars or plain JSON.
	Strict bool
}

// maxArrays bounds how deep leaf-lists nest.
const maxArrays = 8

// ReadValue reads the value of an update, in its present form or in that before
// version 0.4.
func ReadValue(u *gnmi.Update) (Value, error) {
	if u.GetVal() != nil {
		return typed(u.GetVal(), 0)
	}
	old := u.GetValue()
	if old == nil {
		return Value{}, fmt.Errorf("%w: an update without value", ErrProtocol)
	}
	switch old.GetType() {
	case gnmi.Encoding_JSON, gnmi.Encoding_JSON_IETF:
		return document(old.GetValue(), old.GetType() == gnmi.Encoding_JSON_IETF)
	case gnmi.Encoding_ASCII:
		return text(string(old.GetValue())), nil
	}
	return Value{}, fmt.Errorf("%w: a value in encoding %s", ErrUnsupported, old.GetType())
}

func text(s string) Value {
	q, _ := json.Marshal(strings.ToValidUTF8(s, "�")) // a string has a form in JSON
	return Value{JSON: q}
}

func typed(v *gnmi.TypedValue, depth int) (Value, error) {
	switch v := v.GetValue().(type) {
	case *gnmi.TypedValue_StringVal:
		return text(v.StringVal), nil
	case *gnmi.TypedValue_AsciiVal:
		return text(v.AsciiVal), nil
	case *gnmi.TypedValue_IntVal:
		return Value{JSON: strconv.AppendInt(nil, v.IntVal, 10)}, nil
	case *gnmi.TypedValue_UintVal:
		return Value{JSON: strconv.AppendUint(nil, v.UintVal, 10)}, nil
	case *gnmi.TypedValue_BoolVal:
		return Value{JSON: strconv.AppendBool(nil, v.BoolVal)}, nil
	case *gnmi.TypedValue_BytesVal:
		q, _ := json.Marshal(v.BytesVal) // base64, as RFC 7951 §6.6 has it
		return Value{JSON: q}, nil
	case *gnmi.TypedValue_FloatVal:
		return float(float64(v.FloatVal), 32), nil
	case *gnmi.TypedValue_DoubleVal:
		return float(v.DoubleVal, 64), nil
	case *gnmi.TypedValue_DecimalVal:
		return decimal(v.DecimalVal)
	case *gnmi.TypedValue_LeaflistVal:
		return array(v.LeaflistVal, depth)
	case *gnmi.TypedValue_JsonVal:
		return document(v.JsonVal, false)
	case *gnmi.TypedValue_JsonIetfVal:
		return document(v.JsonIetfVal, true)
	case *gnmi.TypedValue_AnyVal:
		return Value{}, fmt.Errorf("%w: a value in protobuf, %s", ErrUnsupported, clip(v.AnyVal.GetTypeUrl()))
	case *gnmi.TypedValue_ProtoBytes:
		return Value{}, fmt.Errorf("%w: a value in protobuf of %d bytes", ErrUnsupported, len(v.ProtoBytes))
	}
	return Value{}, fmt.Errorf("%w: an update without value", ErrProtocol)
}

func float(f float64, bits int) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return text(strconv.FormatFloat(f, 'g', -1, bits)) // JSON has no such number
	}
	return Value{JSON: strconv.AppendFloat(nil, f, 'f', -1, bits)}
}

// maxPrecision bounds the digits behind the point of a decimal64 (RFC 7950
// §9.3.4).
const maxPrecision = 18

func decimal(d *gnmi.Decimal64) (Value, error) {
	if d.GetPrecision() > maxPrecision {
		return Value{}, fmt.Errorf("%w: a decimal64 of precision %d", ErrProtocol, d.GetPrecision())
	}
	digits, sign := strconv.FormatInt(d.GetDigits(), 10), ""
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		digits, sign = rest, "-"
	}
	n := int(d.GetPrecision())
	if n == 0 {
		return Value{JSON: []byte(sign + digits)}, nil
	}
	for len(digits) <= n {
		digits = "0" + digits
	}
	return Value{JSON: []byte(sign + digits[:len(digits)-n] + "." + digits[len(digits)-n:])}, nil
}

func array(list *gnmi.ScalarArray, depth int) (Value, error) {
	if depth >= maxArrays {
		return Value{}, fmt.Errorf("%w: leaf-lists nest deeper than %d", ErrTooLarge, maxArrays)
	}
	out := []byte{'['}
	for i, each := range list.GetElement() {
		v, err := typed(each, depth+1)
		if err != nil {
			return Value{}, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, v.JSON...)
	}
	return Value{JSON: append(out, ']')}, nil
}

// document takes a value that is JSON already; what is none is refused when it
// is read.
func document(src []byte, strict bool) (Value, error) {
	if !utf8.Valid(src) {
		return Value{}, fmt.Errorf("%w: a value in JSON is not UTF-8", ErrProtocol)
	}
	if len(strings.TrimSpace(string(src))) == 0 {
		return Value{}, fmt.Errorf("%w: a value in JSON is empty", ErrProtocol)
	}
	return Value{src, strict}, nil
}
