"""pandas reads a query's CSV straight from the endpoint: argv is the base URL."""
import sys
import urllib.parse
import urllib.request
import pandas

base = sys.argv[1]
data = "\n".join(f"<http://x/{i}> <http://x/n> {i} ; <http://x/q> {i / 2} ." for i in range(1000))
urllib.request.urlopen(urllib.request.Request(base + "/data", data.encode(), {"Content-Type": "text/turtle"}, method="PUT"))
query = """SELECT ?s ?n ?half ?name { ?s <http://x/n> ?n ; <http://x/q> ?half
  BIND(CONCAT("a \\"name\\", ", STR(?n)) AS ?name) } ORDER BY ?n"""
frame = pandas.read_csv(base + "/sparql?format=csv&query=" + urllib.parse.quote(query))
print(list(frame.columns), len(frame), frame.n.dtype, frame.half.dtype)
print(frame.n.sum(), frame.half.mean(), frame.name[1])
