package flow

import (
	"cmp"
	"slices"
	"time"
)

// Stats counts since the start. Those without a comment mean what they say.
type Stats struct {
	Datagrams uint64 `json:"datagrams"` // received, with those of unknown exporters
	Octets    uint64 `json:"octets"`
	Dropped   uint64 `json:"dropped"`          // because the queue was full
	Kernel    uint64 `json:"kernelDropped"`    // before they were received, because the socket's buffer was full
	Unknown   uint64 `json:"unknownExporters"` // datagrams that belong to no device

	NetFlow5      uint64 `json:"netflow5Messages"`
	NetFlow9      uint64 `json:"netflow9Messages"`
	IPFIX         uint64 `json:"ipfixMessages"`
	SFlow         uint64 `json:"sflowMessages"`
	Records       uint64 `json:"records"`
	OptionRecords uint64 `json:"optionRecords"`
	// Of sFlow: samples of counters, notices of discarded packets, samples whose
	// format is not known, and what agents did not send (the largest count of
	// one of their samplers).
	CounterSamples uint64 `json:"counterSamples"`
	Discards       uint64 `json:"discardedPackets"`
	ForeignSamples uint64 `json:"foreignSamples"`
	SampleDrops    uint64 `json:"sampleDrops"`
	// Errors counts what was lost, by Radius: fields, records, sets, messages.
	Errors [RadiusMessage + 1]uint64 `json:"errors"`

	TemplatesReceived   uint64 `json:"templatesReceived"`
	TemplatesEvicted    uint64 `json:"templatesEvicted"`
	Withdrawals         uint64 `json:"templateWithdrawals"` // not followed
	SetsWithoutTemplate uint64 `json:"setsWithoutTemplate"`
	SetsResumed         uint64 `json:"setsResumed"` // of these, decoded when the template came
	SetsLost            uint64 `json:"setsLost"`    // of these, given up

	SequenceGaps uint64 `json:"sequenceGaps"`
	SequenceLost uint64 `json:"sequenceLost"` // records, of NetFlow v9 messages
	Windows      uint64 `json:"windows"`
	WindowsLate  uint64 `json:"windowsLate"` // not closed in time: the store was busy
	Samples      uint64 `json:"samples"`
	SampleErrors uint64 `json:"sampleErrors"` // not taken by the pipeline
	StateErrors  uint64 `json:"stateErrors"`  // the file of templates was not read or written

	// What there is now.
	Queued        int `json:"queued"`
	Domains       int `json:"domains"`
	Templates     int `json:"templates"`
	Pending       int `json:"pendingSets"`
	Conversations int `json:"conversations"`
}

// UnknownExporter sends and belongs to no device.
type UnknownExporter struct {
	Address   string    `json:"address"`
	Datagrams uint64    `json:"datagrams"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
}

// DomainStatus is how one observation domain does.
type DomainStatus struct {
	Device    string    `json:"device"`
	Address   string    `json:"address"`
	Version   uint16    `json:"version"`
	Domain    uint32    `json:"domain"`
	Last      time.Time `json:"last"`
	Templates int       `json:"templates"`
	Pending   int       `json:"pendingSets"`
	Sampling  string    `json:"sampling,omitempty"` // "1:100"
	Boot      time.Time `json:"boot,omitzero"`
	Gaps      uint64    `json:"sequenceGaps"`
	Lost      uint64    `json:"sequenceLost"`
	Resets    uint64    `json:"sequenceResets"`
	Shuffled  uint64    `json:"outOfOrder"`
}

// DeviceStatus is how one device does.
type DeviceStatus struct {
	Device        string    `json:"device"`
	Last          time.Time `json:"last"`
	Conversations int       `json:"conversations"`
	Graph         string    `json:"graph,omitempty"`     // IRI of the source graph
	LastError     string    `json:"lastError,omitempty"` // of the last sample
}

// Stats returns the counts.
func (c *Collector) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Datagrams, s.Octets, s.Dropped = c.received.Load(), c.octets.Load(), c.dropped.Load()
	s.Kernel = c.lost.Count()
	s.Queued, s.Domains, s.Templates = len(c.queue), len(c.decoder.domains), c.decoder.templates
	for _, d := range c.decoder.domains {
		s.Pending += len(d.pending)
		s.SequenceGaps += d.sequence.Gaps
		s.SequenceLost += d.sequence.Lost
	}
	for _, dev := range c.devices {
		s.Conversations += len(dev.conversations)
	}
	return s
}

// Unknown returns the exporters that belong to no device, most talkative
// first; at most MaxUnknown are remembered.
func (c *Collector) Unknown() []UnknownExporter {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]UnknownExporter, 0, len(c.unknown))
	for _, u := range c.unknown {
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b UnknownExporter) int {
		return cmp.Or(cmp.Compare(b.Datagrams, a.Datagrams), cmp.Compare(a.Address, b.Address))
	})
	return list
}

// Domains returns the observation domains, by device.
func (c *Collector) Domains() []DomainStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]DomainStatus, 0, len(c.decoder.domains))
	for id, d := range c.decoder.domains {
		s := DomainStatus{Device: id.Device, Address: id.Address.String(), Version: id.Version, Domain: id.Number, Last: d.seen,
			Templates: len(d.templates), Pending: len(d.pending), Boot: d.boot, Gaps: d.sequence.Gaps, Lost: d.sequence.Lost,
			Resets: d.sequence.Resets, Shuffled: d.sequence.Shuffle}
		if d.sampling.sampled() {
			s.Sampling = d.sampling.String()
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b DomainStatus) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Address, b.Address),
			cmp.Compare(a.Version, b.Version), cmp.Compare(a.Domain, b.Domain))
	})
	return list
}

// Devices returns the devices that were heard of, by name.
func (c *Collector) Devices() []DeviceStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []DeviceStatus
	for _, dev := range c.devices {
		list = append(list, DeviceStatus{Device: dev.name, Last: dev.latest, Conversations: len(dev.conversations),
			Graph: dev.graph, LastError: dev.lastError})
	}
	slices.SortFunc(list, func(a, b DeviceStatus) int { return cmp.Compare(a.Device, b.Device) })
	return list
}
