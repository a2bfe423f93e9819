package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"

	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/ontology/yang"
)

type ontologyCmd struct {
	YANG ontologyYANGCmd `cmd:"" name:"yang" help:"Write the vocabulary of YANG modules as RDF: nettwin load takes it."`
}

type ontologyYANGCmd struct {
	Module []string `help:"Only these modules and what they need; all if not given." placeholder:"NAME"`
	Format string   `help:"turtle or ntriples." default:"turtle" enum:"turtle,ntriples"`
	Folder string   `arg:"" help:"Folder of YANG modules, searched with its subfolders." type:"existingdir"`
}

// Run compiles modules and writes what they mean. What is wrong with a module is
// told with file, line and column; it fails if none of the modules is understood.
func (c *ontologyYANGCmd) Run(env *environment) error {
	lib, problems, err := yang.ParseFS(os.DirFS(c.Folder))
	if err != nil {
		return fmt.Errorf("folder of YANG modules %s: %w", c.Folder, err)
	}
	schema, more, err := lib.Compile(c.Module, yang.Options{})
	for _, p := range append(problems, more...) {
		fmt.Fprintln(env.stderr, "problem:", p)
	}
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(env.stdout, 1<<16)
	format := rdf.Turtle
	if c.Format == "ntriples" {
		format = rdf.NTriples
	}
	w := rdf.NewWriter(out, format, rdf.WriterOptions{Prefixes: []rdf.PrefixDecl{{Prefix: "rdfs", IRI: "http://www.w3.org/2000/01/rdf-schema#"}, {Prefix: "owl", IRI: "http://www.w3.org/2002/07/owl#"},
		{Prefix: "skos", IRI: "http://www.w3.org/2004/02/skos/core#"}, {Prefix: "xsd", IRI: rdf.XSD}, {Prefix: "twin", IRI: naming.Twin}, {Prefix: "schema", IRI: "https://w3id.org/nettwin/yang#"}}})
	var all []rdf.Triple
	schema.Vocabulary(func(t rdf.Triple) bool {
		all = append(all, t)
		return true
	})
	slices.SortStableFunc(all, func(a, b rdf.Triple) int { return rdf.Compare(a.S, b.S) })
	for _, t := range slices.Compact(all) {
		if err := w.Write(t.In(rdf.Term{})); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), out.Flush())
}
