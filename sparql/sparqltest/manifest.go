package sparqltest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// Vocabularies of the manifests.
const (
	mfNS = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	qtNS = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
	utNS = "http://www.w3.org/2009/sparql/tests/test-update#"
	rsNS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"

	rdfsLabel = "http://www.w3.org/2000/01/rdf-schema#label"
)

// suiteBase stands for the root of the suites in the base IRIs of files, so
// that results do not depend on where the suites lie.
const suiteBase = "https://w3c.github.io/rdf-tests/sparql/"

// Kind is what a test asks.
type Kind uint8

// The kinds of tests.
const (
	QueryEvaluation Kind = iota
	UpdateEvaluation
	PositiveQuerySyntax
	NegativeQuerySyntax
	PositiveUpdateSyntax
	NegativeUpdateSyntax
)

var kinds = map[string]Kind{
	mfNS + "QueryEvaluationTest": QueryEvaluation, mfNS + "CSVResultFormatTest": QueryEvaluation,
	mfNS + "UpdateEvaluationTest": UpdateEvaluation,
	mfNS + "PositiveSyntaxTest":   PositiveQuerySyntax, mfNS + "PositiveSyntaxTest11": PositiveQuerySyntax,
	mfNS + "NegativeSyntaxTest": NegativeQuerySyntax, mfNS + "NegativeSyntaxTest11": NegativeQuerySyntax,
	mfNS + "PositiveUpdateSyntaxTest": PositiveUpdateSyntax, mfNS + "PositiveUpdateSyntaxTest11": PositiveUpdateSyntax,
	mfNS + "NegativeUpdateSyntaxTest": NegativeUpdateSyntax, mfNS + "NegativeUpdateSyntaxTest11": NegativeUpdateSyntax,
}

// Case is one test of a manifest.
type Case struct {
	IRI    string
	Name   string
	Kind   Kind
	File   string      // the query or update
	Data   []GraphFile // the dataset before
	Result string      // the file of the expected result of a query
	After  []GraphFile // the dataset that an update must leave
	Lax    bool        // REDUCED: repetitions may be fewer
}

// GraphFile is a document that makes up one graph; Name is "" for the default
// graph.
type GraphFile struct{ File, Name string }

// ReadManifest reads the tests of a suite in the order of its manifest. root
// is the folder that holds sparql10, sparql11 and sparql12, suite a folder below it.
func ReadManifest(root, suite string) ([]Case, error) {
	g, err := readGraph(root, filepath.Join(root, filepath.FromSlash(suite), "manifest.ttl"))
	if err != nil {
		return nil, err
	}
	m := &manifest{root: root, index: newIndex(g)}
	var cases []Case
	for _, q := range g {
		if q.P.Value() != mfNS+"entries" {
			continue
		}
		for _, entry := range m.list(q.O) {
			kind, ok := kinds[m.one(entry, rdf.RDFType).Value()]
			if !ok {
				return nil, fmt.Errorf("manifest %s: %s: test type %s is not known", suite, entry.Value(), m.one(entry, rdf.RDFType).Value())
			}
			c, err := m.readCase(entry, kind)
			if err != nil {
				return nil, fmt.Errorf("manifest %s: %s: %w", suite, entry.Value(), err)
			}
			cases = append(cases, c)
		}
	}
	return cases, nil
}

// index finds the objects of a subject and predicate.
type index map[[2]rdf.Term][]rdf.Term

func newIndex(quads []rdf.Quad) index {
	x := index{}
	for _, q := range quads {
		x[[2]rdf.Term{q.S, q.P}] = append(x[[2]rdf.Term{q.S, q.P}], q.O)
	}
	return x
}

func (x index) all(s rdf.Term, p string) []rdf.Term { return x[[2]rdf.Term{s, rdf.IRI(p)}] }

func (x index) one(s rdf.Term, p string) rdf.Term {
	if all := x.all(s, p); len(all) > 0 {
		return all[0]
	}
	return rdf.Term{}
}

func (x index) list(head rdf.Term) (out []rdf.Term) {
	for head.Value() != rdf.RDFNil && !head.IsZero() {
		out = append(out, x.one(head, rdf.RDFFirst))
		head = x.one(head, rdf.RDFRest)
	}
	return out
}

type manifest struct {
	root string
	index
}

// path turns a file's IRI back into its path.
func (m *manifest) path(t rdf.Term) string {
	rel, ok := strings.CutPrefix(t.Value(), suiteBase)
	if !ok || !t.IsIRI() {
		return ""
	}
	return filepath.Join(m.root, filepath.FromSlash(rel))
}

func (m *manifest) readCase(entry rdf.Term, kind Kind) (Case, error) {
	c := Case{IRI: entry.Value(), Name: m.one(entry, mfNS+"name").Value(), Kind: kind}
	action, result := m.one(entry, mfNS+"action"), m.one(entry, mfNS+"result")
	c.Lax = m.one(entry, mfNS+"resultCardinality").Value() == mfNS+"LaxCardinality"
	c.File = m.path(action)
	switch kind {
	case QueryEvaluation:
		c.File = m.path(m.one(action, qtNS+"query"))
		c.Data = m.dataset(action, qtNS)
		c.Result = m.path(result)
	case UpdateEvaluation:
		c.File = m.path(m.one(action, utNS+"request"))
		c.Data = m.dataset(action, utNS)
		c.After = m.dataset(result, utNS)
	}
	if c.File == "" {
		return c, fmt.Errorf("no query or request")
	}
	if kind == QueryEvaluation {
		return c, m.addFrom(&c)
	}
	return c, nil
}

// dataset reads the data and graphData of an action or a result.
func (m *manifest) dataset(node rdf.Term, ns string) (out []GraphFile) {
	for _, t := range m.all(node, ns+"data") {
		out = append(out, GraphFile{File: m.path(t)})
	}
	for _, t := range m.all(node, ns+"graphData") {
		file, name := t, t.Value()
		if t.IsBNode() {
			file = m.one(t, ns+"graph")
			name = m.one(t, rdfsLabel).Value()
		}
		out = append(out, GraphFile{File: m.path(file), Name: name})
	}
	return out
}

// addFrom adds the files that the query's own dataset clause names: the
// engine selects graphs and loads none, so they must be there.
func (m *manifest) addFrom(c *Case) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	base := m.iri(c.File)
	words := strings.Fields(string(text))
	for i, word := range words {
		if !strings.EqualFold(word, "FROM") || i+1 == len(words) {
			continue
		}
		next := words[i+1]
		if strings.EqualFold(next, "NAMED") && i+2 < len(words) {
			next = words[i+2]
		}
		if !strings.HasPrefix(next, "<") || !strings.HasSuffix(next, ">") {
			continue
		}
		name, err := rdf.ResolveIRI(base, next[1:len(next)-1])
		if err != nil {
			return err
		}
		file := GraphFile{File: m.path(rdf.IRI(name)), Name: name}
		if file.File != "" && !slices.Contains(c.Data, file) {
			c.Data = append(c.Data, file)
		}
	}
	return nil
}

func (m *manifest) iri(path string) string { return fileIRI(m.root, path) }

// fileIRI returns the IRI that a file of the suites has, which is its base.
func fileIRI(root, path string) string {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return ""
	}
	return suiteBase + filepath.ToSlash(rel)
}

// readGraph reads a document of one graph: Turtle, N-Triples or RDF/XML.
func readGraph(root, path string) ([]rdf.Quad, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	base := fileIRI(root, path)
	format, ok := rdf.FormatByExtension(filepath.Ext(path))
	if !ok {
		return nil, fmt.Errorf("read %s: expected .ttl, .nt, .nq, .trig or .rdf", path)
	}
	quads, err := rdf.ReadAll(f, format, rdf.ReaderOptions{Base: base})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return quads, nil
}

// readDataset reads the files of a dataset. Blank nodes of the same label in
// two files are two nodes, but a file that stands for several graphs shares
// its nodes among them.
func readDataset(root string, files []GraphFile) ([]rdf.Quad, error) {
	var out []rdf.Quad
	scope := map[string]string{}
	for _, f := range files {
		if scope[f.File] == "" {
			scope[f.File] = fmt.Sprintf("f%d-", len(scope)+1)
		}
		quads, err := readGraph(root, f.File)
		if err != nil {
			return nil, err
		}
		for _, q := range quads {
			q.S, q.O = scoped(q.S, scope[f.File]), scoped(q.O, scope[f.File])
			if f.Name != "" {
				q.G = rdf.IRI(f.Name)
			}
			out = append(out, q)
		}
	}
	return out, nil
}

func scoped(t rdf.Term, scope string) rdf.Term {
	return t.MapBNodes(func(label string) rdf.Term { return rdf.BNode(scope + label) })
}
