package flow

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"
)

// The file of templates is a line
//
//	nettwin-flow-state <version> <sha-256 of the rest, in hexadecimal>
//
// and a JSON document. It is written anew as a whole, beside its place, and
// then renamed.
const (
	stateMagic   = "nettwin-flow-state"
	stateVersion = 1
)

// ErrState: the file of templates is damaged or of another version.
var ErrState = errors.New("file of templates cannot be used")

type stateFile struct {
	Domains []stateDomain `json:"domains"`
}

type stateDomain struct {
	Device     string          `json:"device"`
	Address    netip.Addr      `json:"address"`
	Version    uint16          `json:"version"`
	Domain     uint32          `json:"domain"`
	Seen       time.Time       `json:"seen"`
	Boot       time.Time       `json:"boot,omitzero"`
	Sampling   stateRatio      `json:"sampling,omitzero"`
	Samplers   []stateSampler  `json:"samplers,omitempty"`
	Interfaces []stateSampler  `json:"interfaces,omitempty"`
	Templates  []stateTemplate `json:"templates,omitempty"`
}

type stateRatio struct {
	Size       uint64 `json:"size"`
	Population uint64 `json:"population"`
}

type stateSampler struct {
	ID uint64 `json:"id"`
	stateRatio
}

// stateTemplate has its fields as enterprise (-1: none), number and length.
type stateTemplate struct {
	ID      uint16     `json:"id"`
	Scopes  int        `json:"scopes,omitempty"`
	Options bool       `json:"options,omitempty"`
	Used    time.Time  `json:"used"`
	Fields  [][3]int64 `json:"fields"`
}

// encode writes what the decoder knows of domains.
func (d *decoder) encode() []byte {
	var f stateFile
	for _, dom := range d.domains {
		s := stateDomain{Device: dom.Device, Address: dom.Address, Version: dom.Version, Domain: dom.Number, Seen: dom.seen,
			Boot: dom.boot, Sampling: stateRatio{dom.sampling.size, dom.sampling.population},
			Samplers: encodeRatios(dom.samplers), Interfaces: encodeRatios(dom.interfaces)}
		for _, id := range slices.Sorted(maps.Keys(dom.templates)) {
			s.Templates = append(s.Templates, encodeTemplate(dom.templates[id]))
		}
		f.Domains = append(f.Domains, s)
	}
	slices.SortFunc(f.Domains, func(a, b stateDomain) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), a.Address.Compare(b.Address),
			cmp.Compare(a.Version, b.Version), cmp.Compare(a.Domain, b.Domain))
	})
	body, err := json.Marshal(f)
	if err != nil {
		panic(fmt.Sprintf("flow: state is not JSON: %v", err)) // times beyond the year 9999 are refused by ipfix.Time
	}
	return sealed(body)
}

// sealed puts the first line before a document.
func sealed(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(fmt.Appendf(nil, "%s %d %s\n", stateMagic, stateVersion, hex.EncodeToString(sum[:])), body...)
}

func encodeRatios(table map[uint64]ratio) []stateSampler {
	var list []stateSampler
	for _, id := range slices.Sorted(maps.Keys(table)) {
		list = append(list, stateSampler{id, stateRatio{table[id].size, table[id].population}})
	}
	return list
}

func encodeTemplate(t *template) stateTemplate {
	s := stateTemplate{ID: t.id, Scopes: t.scopes, Options: t.options, Used: t.used}
	for _, f := range t.fields {
		enterprise := int64(-1)
		if f.PenProvided {
			enterprise = int64(f.Pen)
		}
		s.Fields = append(s.Fields, [3]int64{enterprise, int64(f.Type), int64(f.Length)})
	}
	return s
}

// decodeState checks and reads a file of templates.
func decodeState(text []byte) (*stateFile, error) {
	head, body, ok := bytes.Cut(text, []byte("\n"))
	words := bytes.Fields(head)
	if !ok || len(words) != 3 || string(words[0]) != stateMagic {
		return nil, fmt.Errorf("%w: it does not begin with %s", ErrState, stateMagic)
	}
	if v, err := strconv.Atoi(string(words[1])); err != nil || v != stateVersion {
		return nil, fmt.Errorf("%w: version %s, this program reads %d", ErrState, words[1], stateVersion)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != string(words[2]) {
		return nil, fmt.Errorf("%w: the checksum does not fit", ErrState)
	}
	var f stateFile
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	return &f, nil
}

// restore takes in what a file says; what is too old or beyond a limit is
// left out.
func (d *decoder) restore(f *stateFile, now time.Time) error {
	for _, s := range f.Domains {
		if len(d.domains) >= maxDomains || now.Sub(s.Seen) > d.life {
			continue
		}
		dom := &domain{domainID: domainID{exporterID{s.Device, s.Address}, s.Version, s.Domain}, seen: s.Seen, boot: s.Boot,
			templates: map[uint16]*template{}, sampling: s.Sampling.ratio(),
			samplers: restoreRatios(s.Samplers), interfaces: restoreRatios(s.Interfaces)}
		if d.domains[dom.domainID] != nil {
			return fmt.Errorf("%w: domain %d of %s twice", ErrState, s.Domain, s.Device)
		}
		d.domains[dom.domainID] = dom
		for _, t := range s.Templates {
			if now.Sub(t.Used) > d.life {
				continue
			}
			restored, err := d.restoreTemplate(s.Version, t)
			if err != nil {
				return fmt.Errorf("%w: domain %d of %s: %w", ErrState, s.Domain, s.Device, err)
			}
			d.keep(dom, restored)
		}
	}
	d.changed = false
	return nil
}

func (d *decoder) restoreTemplate(version uint16, t stateTemplate) (*template, error) {
	fields := make([]netflow.Field, len(t.Fields))
	for i, f := range t.Fields {
		if f[0] < -1 || f[0] > 1<<32-1 || f[1] < 0 || f[1] > 0xFFFF || f[2] < 0 || f[2] > 0xFFFF {
			return nil, fmt.Errorf("template %d: field %d is out of range", t.ID, i)
		}
		fields[i] = netflow.Field{Type: uint16(f[1]), Length: uint16(f[2])}
		if f[0] >= 0 {
			fields[i].PenProvided, fields[i].Pen = true, uint32(f[0])
		}
	}
	if t.Scopes < 0 || t.Scopes > len(fields) {
		return nil, fmt.Errorf("template %d: %d scopes of %d fields", t.ID, t.Scopes, len(fields))
	}
	return compile(d.tables, version, t.ID, fields, t.Scopes, t.Options, t.Used)
}

func (r stateRatio) ratio() ratio {
	if r.Size == 0 || r.Population < r.Size {
		return ratio{}
	}
	return ratio{r.Size, r.Population}
}

func restoreRatios(list []stateSampler) map[uint64]ratio {
	table := map[uint64]ratio{}
	for _, s := range list[:min(len(list), maxSamplers)] {
		if r := s.ratio(); r != (ratio{}) {
			table[s.ID] = r
		}
	}
	return table
}

// readState takes in the file of templates. One that cannot be used is put
// aside, and the collector begins without.
func (c *Collector) readState() error {
	text, err := readBounded(c.opts.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var file *stateFile
	if err == nil {
		file, err = decodeState(text)
	}
	if err == nil {
		err = c.decoder.restore(file, c.started)
	}
	if err != nil {
		c.decoder.domains, c.decoder.templates = map[domainID]*domain{}, 0
		return c.putAside(err)
	}
	for id, dom := range c.decoder.domains {
		dev := c.device(id.Device)
		if dom.seen.After(dev.latest) {
			dev.latest = dom.seen
		}
	}
	return nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxStateBytes+1))
	if err == nil && len(text) > maxStateBytes {
		err = fmt.Errorf("%w: more than %d octets", ErrState, maxStateBytes)
	}
	return text, err
}

// putAside renames the file, so that the next one does not replace it.
func (c *Collector) putAside(cause error) error {
	aside := c.opts.StateFile + ".bad-" + c.started.UTC().Format("20060102T150405Z")
	if err := os.Rename(c.opts.StateFile, aside); err != nil {
		return fmt.Errorf("flow: read templates: %s: %w; it could not be put aside: %w", c.opts.StateFile, cause, err)
	}
	return fmt.Errorf("flow: read templates: %s: %w: it is kept as %s, and sets wait for templates from the exporters", c.opts.StateFile, cause, aside)
}

// saveState replaces the file of templates and notes how that went.
func (c *Collector) saveState(text []byte) error {
	if c.opts.StateFile == "" {
		return nil
	}
	err := replaceFile(c.opts.StateFile, text)
	if err != nil {
		err = fmt.Errorf("flow: write templates: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stateErr = err
	if err != nil {
		c.stats.StateErrors++
		c.decoder.changed = true
		c.opts.Log.Error("templates not written", "error", err)
	}
	return err
}

// replaceFile writes a file so that its name means either the old or the new
// content, after a crash too.
func replaceFile(path string, text []byte) (err error) {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
