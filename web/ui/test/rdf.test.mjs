// Goal: statements of N-Quads are read, and written strings read back alike.
// Method: lines by the grammar of RDF 1.1 N-Quads, good and bad.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { parseQuad, quote, readTerm, shortIRI, words, localPath, itemName } = await load("rdf.ts");

test("a statement with each kind of term", () => {
  const uri = (value) => ({ type: "uri", value });
  assert.deepEqual(parseQuad("<http://a/s> <http://a/p> <http://a/o> <http://a/g> ."), {
    s: uri("http://a/s"), p: uri("http://a/p"), o: uri("http://a/o"), g: uri("http://a/g"),
  });
  assert.deepEqual(parseQuad('_:b <http://a/p> "5"^^<http://a/int>').o, { type: "literal", value: "5", datatype: "http://a/int" });
  assert.deepEqual(parseQuad('<http://a/s> <http://a/p> "hallo"@de-AT .').o, { type: "literal", value: "hallo", "xml:lang": "de-AT" });
  assert.equal(parseQuad('<http://a/s> <http://a/p> "a \\"b\\"\\n\\u00FC\\U0001F600\\\\" .').o.value, 'a "b"\nü😀\\');
});

test("a graph after a literal is not taken for its type", () => {
  const q = parseQuad('<http://a/s> <http://a/p> "x"^^<http://a/t> <http://a/g> .');
  assert.equal(q.o.datatype, "http://a/t");
  assert.equal(q.g.value, "http://a/g");
});

test("what is no statement gives null", () => {
  for (const text of ["", "<http://a/s> <http://a/p> .", "<http://a/s> <http://a/p> \"open .", "a b c ."]) assert.equal(parseQuad(text), null);
});

test("quote and parse are inverse", () => {
  for (const text of ["", 'a "b" \\ c', "line\nbreak\r", "ünï"]) {
    assert.equal(parseQuad(`<http://a/s> <http://a/p> ${quote(text)} .`).o.value, text);
  }
});

test("names for people", () => {
  const base = "https://demo.example/";
  assert.equal(shortIRI("https://w3id.org/nettwin/ns#Device", base), "twin:Device");
  assert.equal(shortIRI(`${base}id/device/mac/02%3A00`, base), "device/mac/02:00");
  assert.equal(words("https://w3id.org/nettwin/ns#operStatus"), "oper status");
  assert.equal(localPath(`${base}id/device/1`, base), "/id/device/1");
  assert.equal(localPath("https://other.example/id/1", base), undefined);
  assert.equal(itemName(`${base}names/bafy1`), "bafy1");
});

test("a triple term of an answer becomes its text", () => {
  const uri = (value) => ({ type: "uri", value });
  const inner = { type: "triple", value: { subject: { type: "bnode", value: "b" }, predicate: uri("http://a/p"), object: { type: "literal", value: "x", "xml:lang": "ar", "its:dir": "rtl" } } };
  const term = readTerm({ type: "triple", value: { subject: uri("http://a/s"), predicate: uri("http://a/p"), object: inner } });
  assert.deepEqual(term, { type: "triple", value: '<<( <http://a/s> <http://a/p> <<( _:b <http://a/p> "x"@ar--rtl )>> )>>' });
  assert.deepEqual(readTerm(uri("http://a/s")), uri("http://a/s"));
});
