package snmp

import (
	"fmt"
	"math"

	"nettwin/internal/simulate/smi"
)

// A pduType is the tag of a PDU (RFC 3416 §3).
type pduType byte

const (
	getRequest     pduType = 0xa0
	getNextRequest pduType = 0xa1
	responsePDU    pduType = 0xa2
	setRequest     pduType = 0xa3
	getBulkRequest pduType = 0xa5
	reportPDU      pduType = 0xa8
)

// isRequest reports whether the agent answers PDUs of this type.
func (t pduType) isRequest() bool {
	return t == getRequest || t == getNextRequest || t == setRequest || t == getBulkRequest
}

// Values of error-status (RFC 3416 §3).
const (
	statusNoError            = 0
	statusTooBig             = 1
	statusAuthorizationError = 16
	statusNotWritable        = 17
)

// A request is a decoded PDU. For a GetBulkRequest-PDU status holds
// non-repeaters and index max-repetitions (RFC 3416 §3 BulkPDU).
type request struct {
	kind      pduType
	requestID int32
	status    int32
	index     int32
	binds     []requestBind
}

// A requestBind is a variable binding as it came; value is its whole element,
// part of the message.
type requestBind struct {
	oid   smi.OID
	value []byte
}

// maxBinds bounds the variable bindings of a request; managers send fewer than
// a hundred.
const maxBinds = 1024

// decodePDU reads a PDU.
func decodePDU(d *decoder) (request, error) {
	var req request
	tag, content, err := d.element()
	if err != nil {
		return req, fmt.Errorf("PDU: %w", err)
	}
	req.kind = pduType(tag)
	if tag < byte(getRequest) || tag > byte(reportPDU) {
		return req, fmt.Errorf("PDU: %w", d.fail("tag 0x%02x", tag))
	}
	if req.requestID, err = content.integer("request-id", math.MinInt32, math.MaxInt32); err != nil {
		return req, err
	}
	if req.status, err = content.integer("error-status", math.MinInt32, math.MaxInt32); err != nil {
		return req, err
	}
	if req.index, err = content.integer("error-index", math.MinInt32, math.MaxInt32); err != nil {
		return req, err
	}
	list, err := content.expect(tagSequence, "variable-bindings")
	if err != nil {
		return req, err
	}
	for list.more() {
		if len(req.binds) == maxBinds {
			return req, list.fail("more than %d variable bindings", maxBinds)
		}
		bind, err := decodeBind(&list)
		if err != nil {
			return req, err
		}
		req.binds = append(req.binds, bind)
	}
	return req, nil
}

func decodeBind(list *decoder) (requestBind, error) {
	var bind requestBind
	content, err := list.expect(tagSequence, "variable binding")
	if err != nil {
		return bind, err
	}
	if bind.oid, err = content.oid("name"); err != nil {
		return bind, err
	}
	start := content.pos
	if _, _, err := content.element(); err != nil {
		return bind, fmt.Errorf("value of %s: %w", bind.oid, err)
	}
	bind.value = content.buf[start:content.pos]
	return bind, nil
}

// A response is a PDU to be sent, its variable bindings already encoded.
type response struct {
	kind      pduType
	requestID int32
	status    int32
	index     int32
	binds     []byte
}

func (r *response) append(dst []byte) []byte {
	content := make([]byte, 0, len(r.binds)+32)
	content = appendInt(content, r.requestID)
	content = appendInt(content, r.status)
	content = appendInt(content, r.index)
	content = appendElement(content, tagSequence, r.binds)
	return appendElement(dst, byte(r.kind), content)
}

// A bindWriter encodes a list of variable bindings up to a size.
type bindWriter struct {
	list    []byte
	scratch []byte
	limit   int
}

// value adds a variable; false means that it does not fit and was left out.
func (w *bindWriter) value(oid smi.OID, value smi.Value) bool {
	return w.add(appendValue(appendOID(w.scratch[:0], oid), value))
}

// raw adds a variable whose value is an encoded element.
func (w *bindWriter) raw(oid smi.OID, element []byte) bool {
	return w.add(append(appendOID(w.scratch[:0], oid), element...))
}

// exception adds one of the exceptions of RFC 3416 §3, which have no content.
func (w *bindWriter) exception(oid smi.OID, tag byte) bool {
	return w.add(append(appendOID(w.scratch[:0], oid), tag, 0))
}

func (w *bindWriter) add(content []byte) bool {
	w.scratch = content
	before := len(w.list)
	w.list = appendElement(w.list, tagSequence, content)
	if len(w.list) > w.limit {
		w.list = w.list[:before]
		return false
	}
	return true
}
