package yang

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlScanner reads the XML that NETCONF carries: UTF-8 without document type
// declarations (RFC 6241 §3). It exists beside encoding/xml because that
// reads 10 MB/s and hides the namespaces in scope, which values need.
type xmlScanner struct {
	src []byte
	pos int

	// Of the current token.
	prefix, name string
	attrs        []xmlAttr
	selfClosed   bool
	text         []byte

	spaces []xmlSpace // namespace declarations, innermost last
	buf    []byte
}

type xmlAttr struct{ prefix, name, value string }

// xmlSpace is a namespace declaration and the depth of its element.
type xmlSpace struct {
	prefix, uri string
	depth       int
}

type xmlToken uint8

const (
	xmlEOF xmlToken = iota
	xmlStart
	xmlEnd
	xmlText
)

// where returns line and column of the current position.
func (x *xmlScanner) where() (line, col int) {
	pos := min(x.pos, len(x.src))
	line = 1 + bytes.Count(x.src[:pos], []byte{'\n'})
	return line, pos - bytes.LastIndexByte(x.src[:pos], '\n')
}

func (x *xmlScanner) errorf(format string, args ...any) error {
	line, col := x.where()
	return fmt.Errorf("xml: %d:%d: %s", line, col, fmt.Sprintf(format, args...))
}

// next returns the next token. Comments and processing instructions are
// passed over.
func (x *xmlScanner) next() (xmlToken, error) {
	for x.pos < len(x.src) {
		rest := x.src[x.pos:]
		if rest[0] != '<' {
			return x.characters()
		}
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			if err := x.skip("<!--", "-->"); err != nil {
				return 0, err
			}
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			return x.cdata()
		case bytes.HasPrefix(rest, []byte("<?")):
			if err := x.skip("<?", "?>"); err != nil {
				return 0, err
			}
		case bytes.HasPrefix(rest, []byte("<!")):
			return 0, x.errorf("document type declarations are not allowed (RFC 6241 §3)")
		case bytes.HasPrefix(rest, []byte("</")):
			return x.endTag()
		default:
			return x.startTag()
		}
	}
	return xmlEOF, nil
}

func (x *xmlScanner) skip(open, end string) error {
	i := bytes.Index(x.src[x.pos+len(open):], []byte(end))
	if i < 0 {
		return x.errorf("%s is not closed", open)
	}
	x.pos += len(open) + i + len(end)
	return nil
}

func (x *xmlScanner) cdata() (xmlToken, error) {
	start := x.pos + len("<![CDATA[")
	if err := x.skip("<![CDATA[", "]]>"); err != nil {
		return 0, err
	}
	x.text = x.src[start : x.pos-3]
	return xmlText, x.checkText(x.text)
}

func (x *xmlScanner) characters() (xmlToken, error) {
	end := bytes.IndexByte(x.src[x.pos:], '<')
	if end < 0 {
		end = len(x.src) - x.pos
	}
	raw := x.src[x.pos : x.pos+end]
	if bytes.IndexByte(raw, '&') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		x.text = raw
	} else {
		x.buf = x.buf[:0]
		var err error
		if x.buf, err = x.expand(x.buf, raw); err != nil {
			return 0, err
		}
		x.text = x.buf
	}
	if err := x.checkText(x.text); err != nil {
		return 0, err
	}
	x.pos += end
	return xmlText, nil
}

// checkText refuses what XML 1.0 §2.2 does not call a character.
func (x *xmlScanner) checkText(text []byte) error {
	ascii := true
	for _, c := range text {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			return x.errorf("control character %#02x in text", c)
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && !utf8.Valid(text) {
		return x.errorf("text is not UTF-8")
	}
	return nil
}

// expand replaces references and normalises line ends (XML 1.0 §2.11, §4.1).
func (x *xmlScanner) expand(dst, raw []byte) ([]byte, error) {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case '\r':
			if i+1 >= len(raw) || raw[i+1] != '\n' {
				dst = append(dst, '\n')
			}
		case '&':
			end := bytes.IndexByte(raw[i:], ';')
			if end < 2 || end > 12 {
				return nil, x.errorf("\"&\" begins no reference")
			}
			r, ok := reference(string(raw[i+1 : i+end]))
			if !ok {
				return nil, x.errorf("entity &%s; is not defined", raw[i+1:i+end])
			}
			dst = utf8.AppendRune(dst, r)
			i += end
		default:
			dst = append(dst, c)
		}
	}
	return dst, nil
}

func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if h, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = h, 16
	}
	v, err := strconv.ParseUint(digits, base, 32)
	r := rune(v)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(r) || r < 0x20 && r != '\t' && r != '\n' && r != '\r' {
		return 0, false
	}
	return r, true
}

func (x *xmlScanner) spaceRun() bool {
	start := x.pos
	for x.pos < len(x.src) && strings.IndexByte(" \t\r\n", x.src[x.pos]) >= 0 {
		x.pos++
	}
	return x.pos > start
}

// qname reads prefix:name.
func (x *xmlScanner) qname() (prefix, name string, err error) {
	start := x.pos
	for x.pos < len(x.src) {
		c := x.src[x.pos]
		if strings.IndexByte(" \t\r\n/>=<\"'&", c) >= 0 {
			break
		}
		x.pos++
	}
	q := x.src[start:x.pos]
	if len(q) == 0 || !utf8.Valid(q) || strings.IndexByte("-.0123456789!?", q[0]) >= 0 {
		return "", "", x.errorf("a name was expected")
	}
	if i := bytes.IndexByte(q, ':'); i >= 0 {
		if i == 0 || i == len(q)-1 || bytes.IndexByte(q[i+1:], ':') >= 0 {
			return "", "", x.errorf("%s is no qualified name", quote(string(q)))
		}
		return string(q[:i]), string(q[i+1:]), nil
	}
	return "", string(q), nil
}

func (x *xmlScanner) startTag() (xmlToken, error) {
	x.pos++
	var err error
	if x.prefix, x.name, err = x.qname(); err != nil {
		return 0, err
	}
	x.attrs, x.selfClosed = x.attrs[:0], false
	for {
		spaced := x.spaceRun()
		if x.pos >= len(x.src) {
			return 0, x.errorf("tag <%s is not closed", x.name)
		}
		switch x.src[x.pos] {
		case '>':
			x.pos++
			return xmlStart, nil
		case '/':
			if x.pos+1 >= len(x.src) || x.src[x.pos+1] != '>' {
				return 0, x.errorf("\"/>\" was expected")
			}
			x.pos += 2
			x.selfClosed = true
			return xmlStart, nil
		}
		if !spaced {
			return 0, x.errorf("white space was expected before an attribute")
		}
		if err := x.attribute(); err != nil {
			return 0, err
		}
	}
}

func (x *xmlScanner) attribute() error {
	prefix, name, err := x.qname()
	if err != nil {
		return err
	}
	x.spaceRun()
	if x.pos >= len(x.src) || x.src[x.pos] != '=' {
		return x.errorf("attribute %s has no value", name)
	}
	x.pos++
	x.spaceRun()
	if x.pos >= len(x.src) || x.src[x.pos] != '"' && x.src[x.pos] != '\'' {
		return x.errorf("the value of attribute %s is not quoted", name)
	}
	end := bytes.IndexByte(x.src[x.pos+1:], x.src[x.pos])
	if end < 0 {
		return x.errorf("the value of attribute %s is not closed", name)
	}
	raw := x.src[x.pos+1 : x.pos+1+end]
	if bytes.IndexByte(raw, '<') >= 0 {
		return x.errorf("\"<\" in the value of attribute %s", name)
	}
	value, err := x.expand(nil, raw)
	if err == nil {
		err = x.checkText(value)
	}
	if err != nil {
		return err
	}
	for _, a := range x.attrs {
		if a.prefix == prefix && a.name == name {
			return x.errorf("attribute %s stands twice", name)
		}
	}
	x.attrs = append(x.attrs, xmlAttr{prefix, name, string(value)})
	x.pos += end + 2
	return nil
}

func (x *xmlScanner) endTag() (xmlToken, error) {
	x.pos += 2
	var err error
	if x.prefix, x.name, err = x.qname(); err != nil {
		return 0, err
	}
	x.spaceRun()
	if x.pos >= len(x.src) || x.src[x.pos] != '>' {
		return 0, x.errorf("end tag </%s is not closed", x.name)
	}
	x.pos++
	return xmlEnd, nil
}

// enter declares the namespaces of a start tag at a depth.
func (x *xmlScanner) enter(depth int) {
	for _, a := range x.attrs {
		switch {
		case a.prefix == "xmlns":
			x.spaces = append(x.spaces, xmlSpace{a.name, a.value, depth})
		case a.prefix == "" && a.name == "xmlns":
			x.spaces = append(x.spaces, xmlSpace{"", a.value, depth})
		}
	}
}

// leave ends the namespaces declared at a depth.
func (x *xmlScanner) leave(depth int) {
	for len(x.spaces) > 0 && x.spaces[len(x.spaces)-1].depth >= depth {
		x.spaces = x.spaces[:len(x.spaces)-1]
	}
}

// space returns the namespace of a prefix in scope; ok is false if the prefix
// is not declared. No default namespace is "".
func (x *xmlScanner) space(prefix string) (uri string, ok bool) {
	for i := len(x.spaces) - 1; i >= 0; i-- {
		if x.spaces[i].prefix == prefix {
			return x.spaces[i].uri, true
		}
	}
	return "", prefix == ""
}
