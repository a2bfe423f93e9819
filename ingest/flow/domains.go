package flow

import (
	"bytes"
	"slices"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"
)

// domain returns the domain of the message under way and makes it if it is
// new; if there are too many, one goes, see superfluous.
func (d *decoder) domain(now time.Time) *domain {
	dom := d.domains[d.domainName]
	if dom == nil {
		if len(d.domains) >= maxDomains {
			d.dropDomain(d.superfluous())
		}
		dom = &domain{domainID: d.domainName, templates: map[uint16]*template{},
			samplers: map[uint64]ratio{}, interfaces: map[uint64]ratio{}}
		d.domains[d.domainName] = dom
		d.changed = true
	}
	dom.seen = now
	return dom
}

// superfluous is the longest silent domain of the exporter that has most: who
// fills the table pays.
func (d *decoder) superfluous() *domain {
	count := map[exporterID]int{}
	for id := range d.domains {
		count[id.exporterID]++
	}
	var worst *domain
	for id, dom := range d.domains {
		if worst == nil || count[id.exporterID] > count[worst.exporterID] ||
			count[id.exporterID] == count[worst.exporterID] && dom.seen.Before(worst.seen) {
			worst = dom
		}
	}
	return worst
}

func (d *decoder) dropDomain(dom *domain) {
	d.stats.TemplatesEvicted += uint64(len(dom.templates))
	d.templates -= len(dom.templates)
	d.dropPending(dom, func(pendingSet) bool { return true })
	delete(d.domains, dom.domainID)
	d.changed = true
}

// templateSet reads templates of data records (RFC 3954 §5.2, RFC 7011 §3.4.1).
func (d *decoder) templateSet(m *message, id uint16, body []byte) {
	records, err := netflow.DecodeTemplateSet(m.domain.Version, bytes.NewBuffer(body))
	for _, r := range records {
		if r.TemplateId != 0 || len(r.Fields) > 0 { // else it is padding
			d.template(m, r.TemplateId, r.Fields, 0, false)
		}
	}
	d.templateError(m, id, err)
}

// netflow9Options reads templates of options (RFC 3954 §6.1).
func (d *decoder) netflow9Options(m *message, body []byte) {
	records, err := netflow.DecodeNFv9OptionsTemplateSet(bytes.NewBuffer(body))
	for _, r := range records {
		if r.TemplateId != 0 {
			d.template(m, r.TemplateId, slices.Concat(r.Scopes, r.Options), len(r.Scopes), true)
		}
	}
	if len(records) > 0 {
		err = nil // four or five octets of padding look like the beginning of another
	}
	d.templateError(m, netflow9OptionsSet, err)
}

// ipfixOptions reads templates of options (RFC 7011 §3.4.2.2).
func (d *decoder) ipfixOptions(m *message, body []byte) {
	records, err := netflow.DecodeIPFIXOptionsTemplateSet(bytes.NewBuffer(body))
	for _, r := range records {
		if r.TemplateId != 0 {
			d.template(m, r.TemplateId, slices.Concat(r.Scopes, r.Options), len(r.Scopes), true)
		}
	}
	d.templateError(m, ipfixOptionsSet, err)
}

func (d *decoder) templateError(m *message, set uint16, err error) {
	if err != nil {
		d.fail(m, set, RadiusSet, err)
	}
}

// template takes a template in. One without fields withdraws what there is;
// over UDP nobody should send such (RFC 7011 §8.4), and it is only counted.
func (d *decoder) template(m *message, id uint16, fields []netflow.Field, scopes int, options bool) {
	if len(fields) == 0 {
		d.stats.Withdrawals++
		return
	}
	t, err := compile(d.tables, m.domain.Version, id, fields, scopes, options, m.received)
	if err != nil {
		d.fail(m, id, RadiusSet, err)
		return
	}
	d.stats.TemplatesReceived++
	d.keep(m.domain, t)
	d.resume(m.domain, id)
}

// keep puts a template into its domain and drops others beyond the limits.
func (d *decoder) keep(dom *domain, t *template) {
	old := dom.templates[t.id]
	if old != nil && old.same(t) {
		old.used = t.used
		return
	}
	d.changed = true
	if old == nil {
		if len(dom.templates) >= maxDomainTemplates {
			d.evict(dom)
		}
		if d.templates >= maxTemplates {
			d.evict(d.fullest())
		}
		d.templates++
	}
	dom.templates[t.id] = t
}

// evict drops the template of a domain that was unused for longest.
func (d *decoder) evict(dom *domain) {
	var oldest *template
	for _, t := range dom.templates {
		if oldest == nil || t.used.Before(oldest.used) {
			oldest = t
		}
	}
	delete(dom.templates, oldest.id)
	d.templates--
	d.stats.TemplatesEvicted++
}

// fullest is the domain with most templates: who fills the table pays.
func (d *decoder) fullest() *domain {
	var fullest *domain
	for _, dom := range d.domains {
		if fullest == nil || len(dom.templates) > len(fullest.templates) {
			fullest = dom
		}
	}
	return fullest
}

// expire drops what was unused for longer than its life.
func (d *decoder) expire(now time.Time) {
	for _, dom := range d.domains {
		d.dropPending(dom, func(p pendingSet) bool { return now.Sub(p.message.received) > pendingLife })
		for id, t := range dom.templates {
			if now.Sub(t.used) > d.life {
				delete(dom.templates, id)
				d.templates--
				d.stats.TemplatesEvicted++
				d.changed = true
			}
		}
		if len(dom.templates) == 0 && now.Sub(dom.seen) > d.life {
			d.dropDomain(dom)
		}
	}
}

// wait keeps a set until its template comes; what waits for longest goes if
// there is too much.
func (d *decoder) wait(m *message, id uint16, body []byte) {
	d.stats.SetsWithoutTemplate++
	dom := m.domain
	if len(dom.pending) >= maxPendingSets {
		d.dropFirst(dom)
	}
	p := pendingSet{message: *m, template: id, data: body}
	if d.pendingBytes+p.size() > maxPendingBytes {
		d.stats.SetsLost++
		return
	}
	dom.pending = append(dom.pending, p)
	d.pendingBytes += p.size()
}

// size is what the set keeps in memory: its whole datagram.
func (p pendingSet) size() int { return len(p.message.datagram.payload) }

func (d *decoder) dropFirst(dom *domain) {
	d.pendingBytes -= dom.pending[0].size()
	dom.pending = slices.Delete(dom.pending, 0, 1)
	d.stats.SetsLost++
}

func (d *decoder) dropPending(dom *domain, drop func(pendingSet) bool) {
	dom.pending = slices.DeleteFunc(dom.pending, func(p pendingSet) bool {
		if drop(p) {
			d.pendingBytes -= p.size()
			d.stats.SetsLost++
			return true
		}
		return false
	})
}

// resume decodes the sets that waited for a template.
func (d *decoder) resume(dom *domain, id uint16) {
	t := dom.templates[id]
	var ready []pendingSet
	dom.pending = slices.DeleteFunc(dom.pending, func(p pendingSet) bool {
		if p.template == id {
			ready = append(ready, p)
			d.pendingBytes -= p.size()
		}
		return p.template == id
	})
	for _, p := range ready {
		d.stats.SetsResumed++
		d.data(&p.message, t, p.data)
	}
}
