package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"
)

// MaxBytes bounds a configuration file: some ten thousand devices.
const MaxBytes = 4 << 20

// Load reads a file. Errors: *Error with everything that is wrong in it, or
// that of opening or reading it.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return Parse(path, text)
}

// Parse reads the text of a file; the name is for messages. An empty text is
// the empty configuration. Errors: *Error.
func Parse(name string, text []byte) (*Config, error) {
	p := &problems{}
	var c *Config
	if doc := parseYAML(p, text); doc != nil {
		c = decode(p, doc)
	} else {
		c = &Config{}
	}
	if err := p.err(name); err != nil {
		return nil, err
	}
	return c, nil
}

// parseYAML returns the root of the one document, nil if there is none.
func parseYAML(p *problems, text []byte) *yaml.Node {
	if len(text) > MaxBytes {
		p.add(Problem{Message: fmt.Sprintf("the file has more than %d bytes", MaxBytes)})
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) {
			p.add(syntaxProblem(err))
		}
		return nil
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		p.add(Problem{Line: second.Line, Column: second.Column, Message: "a second document begins here: the configuration is one document"})
	case !errors.Is(err, io.EOF):
		p.add(syntaxProblem(err))
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && isNull(root) {
		return nil
	}
	return root
}

var (
	yamlLine   = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)
	yamlAnchor = regexp.MustCompile(`anchor '.*'`)
	// grammarProblem matches the problems that the YAML reader's parser, not
	// its scanner, finds: for these it gives the line before.
	grammarProblem = regexp.MustCompile(`^(did not find expected (<|node content|'-' indicator|key$|',' or)|found (duplicate %|incompatible YAML|undefined tag handle))`)
)

// syntaxProblem takes the line out of an error of the YAML reader, and the name
// of an anchor, which is all that it repeats of the file: it may be a secret.
func syntaxProblem(err error) Problem {
	text := err.Error()
	at := yamlLine.FindStringSubmatch(text)
	text = text[len(at[0]):]
	line, _ := strconv.Atoi(at[1])
	if grammarProblem.MatchString(text) {
		line++
	}
	return Problem{Line: line, Message: "YAML: " + yamlAnchor.ReplaceAllString(text, "anchor (not shown)")}
}
