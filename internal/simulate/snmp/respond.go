package snmp

import "nettwin/internal/simulate/smi"

// respond answers a request from a state; limitBytes bounds the encoded
// variable bindings of the answer. The caller has checked that req is a
// request (pduType.isRequest).
func respond(state State, req request, limitBytes int) response {
	r := responder{state: state, out: bindWriter{limit: limitBytes}}
	res := response{kind: responsePDU, requestID: req.requestID}
	fits := true
	switch req.kind {
	case getRequest:
		fits = r.get(req.binds)
	case getNextRequest:
		fits = r.getNext(req.binds)
	case getBulkRequest:
		fits = r.getBulk(req)
	case setRequest:
		return refuse(req, statusNotWritable, min(1, int32(len(req.binds))), limitBytes)
	}
	if !fits {
		// RFC 3416 §4.2.1: the alternate Response-PDU has no bindings.
		res.status = statusTooBig
		return res
	}
	res.binds = r.out.list
	return res
}

// refuse answers with an error and the bindings of the request
// (RFC 3416 §4.2.5), or tooBig when they do not fit.
func refuse(req request, status, index int32, limitBytes int) response {
	out := bindWriter{limit: limitBytes}
	for _, bind := range req.binds {
		if !out.raw(bind.oid, bind.value) {
			return response{kind: responsePDU, requestID: req.requestID, status: statusTooBig}
		}
	}
	return response{kind: responsePDU, requestID: req.requestID, status: status, index: index, binds: out.list}
}

// A responder gathers the bindings of one answer. Its methods report whether
// they fit.
type responder struct {
	state State
	out   bindWriter
}

// get is RFC 3416 §4.2.1.
func (r *responder) get(binds []requestBind) bool {
	for _, bind := range binds {
		fits := false
		if value, ok := r.state.Get(bind.oid); ok {
			fits = r.out.value(bind.oid, value)
		} else {
			fits = r.out.exception(bind.oid, missing(r.state, bind.oid))
		}
		if !fits {
			return false
		}
	}
	return true
}

// getNext is RFC 3416 §4.2.2.
func (r *responder) getNext(binds []requestBind) bool {
	for _, bind := range binds {
		if _, _, fits := r.next(bind.oid); !fits {
			return false
		}
	}
	return true
}

// next adds the variable after oid, or endOfMibView under oid itself.
func (r *responder) next(oid smi.OID) (successor smi.OID, found, fits bool) {
	successor, value, found := r.state.Next(oid)
	if !found {
		return oid, false, r.out.exception(oid, tagEndOfMibView)
	}
	return successor, true, r.out.value(successor, value)
}

// getBulk is RFC 3416 §4.2.3. It stops early when the answer is full or when
// every repeater is at the end of the MIB view. A first binding that does not
// fit is tooBig: an empty list without an error would look to a manager like
// the end of the walk.
func (r *responder) getBulk(req request) bool {
	nonRepeaters := min(max(int(req.status), 0), len(req.binds))
	for _, bind := range req.binds[:nonRepeaters] {
		if _, _, fits := r.next(bind.oid); !fits {
			return len(r.out.list) > 0
		}
	}
	columns := make([]smi.OID, 0, len(req.binds)-nonRepeaters)
	for _, bind := range req.binds[nonRepeaters:] {
		columns = append(columns, bind.oid)
	}
	for range max(req.index, 0) {
		alive, fits := r.repeat(columns)
		if !fits {
			return len(r.out.list) > 0
		}
		if !alive {
			break
		}
	}
	return true
}

// repeat adds one repetition and moves the columns on.
func (r *responder) repeat(columns []smi.OID) (alive, fits bool) {
	for i, oid := range columns {
		successor, found, fits := r.next(oid)
		if !fits {
			return alive, false
		}
		columns[i] = successor
		alive = alive || found
	}
	return alive, true
}
