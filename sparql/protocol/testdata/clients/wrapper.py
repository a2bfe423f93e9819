"""SPARQLWrapper asks, constructs, describes and updates: argv is the base URL."""
import sys
from SPARQLWrapper import CSV, GET, JSON, N3, POST, POSTDIRECTLY, RDFXML, TSV, TURTLE, XML, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

base = sys.argv[1]
update = SPARQLWrapper(base + "/update")
update.setMethod(POST)
update.setQuery("""PREFIX : <http://x/> INSERT DATA {
  :a :p 1 ; :label "eins"@de , "une ligne\\net \\u00fcne" . :b :p 2.50 . :a :knows :b , _:n }""")
update.query()

sparql = SPARQLWrapper(base + "/sparql")


def ask(text, form, method=GET, how=None):
    sparql.resetQuery()
    sparql.setQuery("PREFIX : <http://x/> " + text)
    sparql.setReturnFormat(form)
    sparql.setMethod(method)
    if how:
        sparql.setRequestMethod(how)
    return sparql.query().convert()


rows = ask("SELECT ?s ?o { ?s :p ?o } ORDER BY ?s", JSON)["results"]["bindings"]
print("json", [(r["s"]["value"], r["o"]["value"], r["o"]["datatype"].split("#")[1]) for r in rows])
rows = ask("SELECT ?s ?o { ?s :p ?o } ORDER BY ?s", JSON, POST, POSTDIRECTLY)["results"]["bindings"]
print("posted", len(rows))
doc = ask("SELECT ?o { :a :label ?o } ORDER BY ?o", XML)
print("xml", [(e.firstChild.data, e.getAttribute("xml:lang")) for e in doc.getElementsByTagName("literal")])
print("csv", ask("SELECT ?o { :a :label ?o } ORDER BY DESC(?o)", CSV))
print("tsv", ask("SELECT ?o { ?s :p ?o } ORDER BY ?o", TSV))
print("ask", ask("ASK { :a :knows :b }", JSON)["boolean"])
print("turtle", b"eins" in ask("CONSTRUCT { ?s :l ?o } { ?s :label ?o }", TURTLE))
print("rdfxml", len(ask("CONSTRUCT WHERE { ?s :knows ?o }", RDFXML)))
print("describe", len(ask("DESCRIBE :a", RDFXML)))
try:
    ask("SELECT ?s { ?s :p }", JSON)
except QueryBadFormed as e:
    print("refused", "1:40: expected an object" in str(e))
