package flow

import "time"

// Defaults of Options.
const (
	DefaultWindow        = 10 * time.Second
	DefaultIdle          = 60 * time.Second
	DefaultTop           = 256
	DefaultQueue         = 4096
	DefaultConversations = 65536
	DefaultTemplateLife  = 7 * 24 * time.Hour
)

// Limits.
const (
	// MaxDatagram is the largest UDP payload.
	MaxDatagram = 65535
	// receiveBuffer is what the socket is asked to hold.
	receiveBuffer = 4 << 20
	// MaxUnknown bounds the list of exporters that belong to no device.
	MaxUnknown = 256
	// maxDomains bounds observation domains of all exporters.
	maxDomains = 4096
	// maxTemplates bounds templates of all domains, maxDomainTemplates those
	// of one, maxFields the fields of one. The longest unused goes first.
	maxTemplates       = 32768
	maxDomainTemplates = 1024
	maxFields          = 512
	// maxSamplers bounds what options tell of a domain's samplers and
	// interfaces, each.
	maxSamplers = 1024
	// Sets that wait for their template.
	maxPendingSets  = 64 // a domain
	maxPendingBytes = 4 << 20
	pendingLife     = 5 * time.Minute
	// maxSetErrors is how many damaged sets a message may have before the
	// rest of it is given up.
	maxSetErrors = 8
	// Datagrams that opened a conversation are kept as raw items.
	maxRawItems = 64
	maxRawBytes = 1 << 20
	// maxWarnings bounds the warnings of one sample.
	maxWarnings = 20
	// maxKeyBytes bounds a key of strings or octets; more is cut.
	maxKeyBytes = 128
	// maxMeters bounds the interfaces of a device that sFlow counts at.
	maxMeters = 16384
	// maxCounters bounds the slots that are counted.
	maxCounters = 4
	// maxStateBytes bounds the file of templates.
	maxStateBytes = 64 << 20
)
