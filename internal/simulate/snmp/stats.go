package snmp

import (
	"sync/atomic"

	"nettwin/internal/simulate/smi"
)

// A counter is one of the agent's counts. Those with an OID are also reported
// to SNMPv3 managers (RFC 3412 §5, RFC 3414 §5).
type counter int

const (
	received counter = iota
	answered
	reported
	silenced
	overflowed
	tooLong
	parseErrors
	badVersions
	badCommunities
	unknownSecurityModels
	invalidMessages
	unknownPDUHandlers
	unknownContexts
	unsupportedSecLevels
	notInTimeWindows
	unknownUserNames
	unknownEngineIDs
	wrongDigests
	decryptionErrors
	sendErrors
	counters
)

var (
	snmpUnknownPDUHandlers = smi.NewOID(1, 3, 6, 1, 6, 3, 11, 2, 1, 3, 0)
	snmpUnknownContexts    = smi.NewOID(1, 3, 6, 1, 6, 3, 12, 1, 5, 0)
	usmStats               = smi.NewOID(1, 3, 6, 1, 6, 3, 15, 1, 1)
)

var reportOIDs = map[counter]smi.OID{
	unknownPDUHandlers:   snmpUnknownPDUHandlers,
	unknownContexts:      snmpUnknownContexts,
	unsupportedSecLevels: usmStats.Append(1, 0),
	notInTimeWindows:     usmStats.Append(2, 0),
	unknownUserNames:     usmStats.Append(3, 0),
	unknownEngineIDs:     usmStats.Append(4, 0),
	wrongDigests:         usmStats.Append(5, 0),
	decryptionErrors:     usmStats.Append(6, 0),
}

// Stats counts packets since the agent began to listen. Reported is the number
// of Report-PDUs sent; the counters of their reasons, from UnknownPDUHandlers
// on, count their packets too.
type Stats struct {
	Received   uint64 // all packets
	Answered   uint64 // answered with a Response-PDU
	Reported   uint64 // answered with a Report-PDU
	Silenced   uint64 // dropped by SetSilent
	Overflowed uint64 // dropped because too many answers wait for their delay
	TooLong    uint64 // dropped because longer than Options.MaxMessageBytes
	SendErrors uint64 // answers and reports that the socket did not take

	// Dropped, each with the name it has in RFC 3418 §2 or RFC 3412 §5.
	ParseErrors           uint64 // snmpInASNParseErrs
	BadVersions           uint64 // snmpInBadVersions
	BadCommunities        uint64 // snmpInBadCommunityNames
	UnknownSecurityModels uint64 // snmpUnknownSecurityModels
	InvalidMessages       uint64 // snmpInvalidMsgs

	// Reported if the manager allowed it, else dropped.
	UnknownPDUHandlers   uint64 // snmpUnknownPDUHandlers
	UnknownContexts      uint64 // snmpUnknownContexts
	UnsupportedSecLevels uint64 // usmStatsUnsupportedSecLevels
	NotInTimeWindows     uint64 // usmStatsNotInTimeWindows
	UnknownUserNames     uint64 // usmStatsUnknownUserNames
	UnknownEngineIDs     uint64 // usmStatsUnknownEngineIDs
	WrongDigests         uint64 // usmStatsWrongDigests
	DecryptionErrors     uint64 // usmStatsDecryptionErrors
}

type tally [counters]atomic.Uint64

func (t *tally) add(c counter) uint64 { return t[c].Add(1) }

func (t *tally) stats() Stats {
	return Stats{
		Received: t[received].Load(), Answered: t[answered].Load(), Reported: t[reported].Load(),
		Silenced: t[silenced].Load(), Overflowed: t[overflowed].Load(), TooLong: t[tooLong].Load(),
		SendErrors:  t[sendErrors].Load(),
		ParseErrors: t[parseErrors].Load(), BadVersions: t[badVersions].Load(), BadCommunities: t[badCommunities].Load(),
		UnknownSecurityModels: t[unknownSecurityModels].Load(), InvalidMessages: t[invalidMessages].Load(),
		UnknownPDUHandlers: t[unknownPDUHandlers].Load(), UnknownContexts: t[unknownContexts].Load(),
		UnsupportedSecLevels: t[unsupportedSecLevels].Load(), NotInTimeWindows: t[notInTimeWindows].Load(),
		UnknownUserNames: t[unknownUserNames].Load(), UnknownEngineIDs: t[unknownEngineIDs].Load(),
		WrongDigests: t[wrongDigests].Load(), DecryptionErrors: t[decryptionErrors].Load(),
	}
}
