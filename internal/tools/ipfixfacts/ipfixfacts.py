#!/usr/bin/env python3
"""Writes ontology/map/ipfix.tsv: the facts about IPFIX information elements.

    apt-get install libfixbuf9
    python3 internal/tools/ipfixfacts/ipfixfacts.py > ontology/map/ipfix.tsv

libfixbuf carries IANA's registry of information elements in its default
information model, with types, semantics and units. The library is asked, so
that nothing of its text is copied; descriptions are not read.
"""

import ctypes
import sys

LIBRARY = sys.argv[1] if len(sys.argv) > 1 else "libfixbuf.so.9"
TYPES = ["octetArray", "unsigned8", "unsigned16", "unsigned32", "unsigned64", "signed8", "signed16", "signed32",
         "signed64", "float32", "float64", "boolean", "macAddress", "string", "dateTimeSeconds",
         "dateTimeMilliseconds", "dateTimeMicroseconds", "dateTimeNanoseconds", "ipv4Address", "ipv6Address",
         "basicList", "subTemplateList", "subTemplateMultiList"]  # RFC 7011 §6.1, in the order of the registry
SEMANTICS = ["-", "quantity", "totalCounter", "deltaCounter", "identifier", "flags", "list", "snmpCounter", "snmpGauge"]
UNITS = ["-", "bits", "octets", "packets", "flows", "seconds", "milliseconds", "microseconds", "nanoseconds",
         "4-octet words", "messages", "hops", "entries", "frames", "ports", "-"]


class Element(ctypes.Structure):
    """fbInfoElement_t of fixbuf/public.h."""
    _fields_ = [("name", ctypes.c_char_p), ("midx", ctypes.c_uint32), ("enterprise", ctypes.c_uint32),
                ("number", ctypes.c_uint16), ("length", ctypes.c_uint16), ("flags", ctypes.c_uint32),
                ("least", ctypes.c_uint64), ("most", ctypes.c_uint64), ("type", ctypes.c_uint8),
                ("description", ctypes.c_void_p)]


def elements():
    for name in ("libgthread-2.0.so.0", "libglib-2.0.so.0"):  # libfixbuf does not say that it needs them
        ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(LIBRARY)
    library.fbInfoModelAlloc.restype = ctypes.c_void_p
    library.fbInfoModelIterInit.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.fbInfoModelIterNext.argtypes = [ctypes.c_void_p]
    library.fbInfoModelIterNext.restype = ctypes.POINTER(Element)
    model = library.fbInfoModelAlloc()
    cursor = ctypes.create_string_buffer(256)
    library.fbInfoModelIterInit(cursor, model)
    while element := library.fbInfoModelIterNext(cursor):
        yield element.contents


def main():
    rows = set()
    for e in elements():
        name = e.name.decode("ascii")
        # Numbers above 9000 are libfixbuf's own. Enterprise 0 is IANA's own; the reverse elements (RFC 5103) follow
        # from the forward ones.
        if e.enterprise or e.number > 9000:
            continue
        rows.add((0, e.number, name, TYPES[e.type], SEMANTICS[e.flags >> 8 & 0xFF], UNITS[e.flags >> 16 & 0xFF]))
    print("# generated: internal/tools/ipfixfacts")
    print("# source: IANA, IPFIX Information Elements, https://www.iana.org/assignments/ipfix, as libfixbuf has it")
    print("# enterprise\tnumber\tname\ttype\tsemantics\tunit")
    for row in sorted(rows):
        print(*row, sep="\t")


main()
