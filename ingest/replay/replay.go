package replay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"
)

// Options of Run. Players is required.
type Options struct {
	Players map[Kind]Player
	Device  string // of all messages; "" finds it by file or sender
	// Resolve finds the device of a captured datagram by its sender; nil finds
	// none.
	Resolve func(netip.AddrPort) (device string, ok bool)
	// Knows tells whether a text, JSON or XML is an Output; nil knows none.
	Knows func(text []byte) bool
}

// reader is one reading.
type reader struct {
	ctx    context.Context
	fsys   fs.FS
	root   string
	opts   Options
	report *Report
}

// Run reads a file or a folder with all below it and plays what it holds. What
// cannot be read is in the report; the error is that of the context, of a root
// that cannot be opened, or of a player that could not finish.
func Run(ctx context.Context, fsys fs.FS, root string, opts Options) (Report, error) {
	r := &reader{ctx: ctx, fsys: fsys, root: root, opts: opts, report: &Report{}}
	files, err := r.files()
	if err != nil {
		return *r.report, fmt.Errorf("replay: %w", err)
	}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return *r.report, fmt.Errorf("replay: %w", err)
		}
		r.file(file)
	}
	var failures []error
	for _, kind := range slices.Sorted(maps.Keys(opts.Players)) {
		if err := opts.Players[kind].Finish(ctx); err != nil {
			failures = append(failures, fmt.Errorf("replay: %s: %w", kind, err))
		}
	}
	return *r.report, errors.Join(failures...)
}

// files lists the files below root in order; hidden ones and what is no file
// are passed over.
func (r *reader) files() ([]string, error) {
	info, err := fs.Stat(r.fsys, r.root)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{r.root}, nil
	}
	var list []string
	err = fs.WalkDir(r.fsys, r.root, func(name string, entry fs.DirEntry, err error) error {
		hidden := name != r.root && strings.HasPrefix(path.Base(name), ".")
		switch {
		case err != nil:
			r.report.fail(Place{File: name}, err)
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
		case hidden && entry.IsDir():
			return fs.SkipDir
		case !hidden && entry.Type().IsRegular():
			if len(list) == MaxFiles {
				r.report.fail(Place{File: name}, fmt.Errorf("more than %d files: this and the following are not read", MaxFiles))
				return fs.SkipAll
			}
			list = append(list, name)
		}
		return nil
	})
	return list, err
}

// device names the device of a file.
func (r *reader) device(file string) string {
	if r.opts.Device != "" {
		return r.opts.Device
	}
	if rest := strings.TrimPrefix(strings.TrimPrefix(file, r.root), "/"); rest != file || r.root == "." {
		if folder, _, ok := strings.Cut(rest, "/"); ok {
			return folder
		}
	}
	name := path.Base(file)
	if base, _, ok := strings.Cut(name, "."); ok && base != "" {
		return base
	}
	return name
}

// file reads one file.
func (r *reader) file(name string) {
	info, err := fs.Stat(r.fsys, name)
	if err == nil && info.Size() > MaxFileBytes {
		err = fmt.Errorf("%d bytes, at most %d: split it", info.Size(), MaxFileBytes)
	}
	var text []byte
	if err == nil {
		text, err = fs.ReadFile(r.fsys, name)
	}
	if err != nil {
		r.report.fail(Place{File: name}, err)
		return
	}
	r.report.Files++
	if len(text) == 0 {
		return
	}
	m := Message{Device: r.device(name), At: info.ModTime(), Place: Place{File: name}, Bytes: text}
	form := recognise(name, text)
	if r.opts.Knows != nil && form.mayBeOutput() && r.opts.Knows(text) {
		m.Kind = Output
		r.play(m)
		return
	}
	switch form {
	case formSnmprec:
		r.walk(m, snmprecLine)
	case formSnmpwalk:
		r.walk(m, nil)
	case formCapture:
		r.capture(m)
	case formXML:
		m.Kind = XML
		r.play(m)
	case formJSON:
		r.json(m)
	case formJSONLines:
		r.lines(m, r.json)
	case formSyslog:
		r.lines(m, func(m Message) {
			m.Kind = Syslog
			r.play(m)
		})
	case formDatagram:
		if m.Kind = datagramKind(text); m.Kind == Unknown {
			r.report.fail(m.Place, errContent)
			return
		}
		r.play(m)
	default:
		r.report.fail(m.Place, errContent)
	}
}

// errContent: nothing that is known.
var errContent = errors.New("it holds none of what can be replayed: SNMP walks (.snmprec, snmpwalk -On), XML, JSON, pcap, syslog lines, datagrams, outputs of commands that a table map/output-*.tsv knows")

// play gives a message to its player.
func (r *reader) play(m Message) {
	player := r.opts.Players[m.Kind]
	if player == nil {
		r.report.fail(m.Place, fmt.Errorf("nothing here takes %s", m.Kind))
		return
	}
	if err := player.Play(r.ctx, m); err != nil {
		r.report.fail(m.Place, err)
		return
	}
	r.report.Messages[m.Kind]++
}
