// Payloads for people: XML and JSON, indented and cut into coloured pieces.
// What is shown differs from what is sent in white space between elements only.

export interface Piece {
  kind: "tag" | "name" | "attribute" | "value" | "text" | "operation" | "plain";
  text: string;
}

// maxPretty bounds what is coloured; longer bodies are shown as they are.
const maxPretty = 200_000;

const xmlToken = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<\/[^>]+>|<[^>]+\/>|<[^>]+>|[^<]+/g;

export function pretty(body: string, mediaType: string): Piece[][] {
  if (body.length > maxPretty) return body.split("\n").map((text) => [{ kind: "plain", text }]);
  if (mediaType.includes("json")) {
    try {
      return JSON.stringify(JSON.parse(body), null, 2).split("\n").map((text) => [{ kind: "plain", text }]);
    } catch {
      return body.split("\n").map((text) => [{ kind: "plain", text }]);
    }
  }
  return mediaType.includes("xml") ? prettyXML(body) : body.split("\n").map((text) => [{ kind: "plain", text }]);
}

// prettyXML puts each element on a line of its own; one that holds text only
// stays on one line.
export function prettyXML(body: string): Piece[][] {
  const tokens = (body.match(xmlToken) ?? []).filter((t) => t.trim() !== "");
  const lines: Piece[][] = [];
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] ?? "";
    if (token.startsWith("</")) depth = Math.max(0, depth - 1);
    const line: Piece[] = [{ kind: "plain", text: "  ".repeat(depth) }, ...pieces(token)];
    const opens = token.startsWith("<") && !/^<[/?!]/.test(token) && !token.endsWith("/>");
    const [text, end] = [tokens[i + 1], tokens[i + 2]];
    if (opens && text !== undefined && !text.startsWith("<") && end?.startsWith("</")) {
      line.push(...pieces(text.trim()), ...pieces(end));
      i += 2;
    } else if (opens && text?.startsWith("</")) {
      line.push(...pieces(text));
      i++;
    } else if (opens) depth++;
    lines.push(line);
  }
  return lines;
}

function pieces(token: string): Piece[] {
  if (!token.startsWith("<")) return [{ kind: "text", text: token }];
  const m = /^(<\/?)([^\s/>?!]+)([\s\S]*?)(\/?>)$/.exec(token);
  if (!m) return [{ kind: "plain", text: token }];
  const [, open = "", name = "", attributes = "", close = ""] = m;
  const list: Piece[] = [{ kind: "tag", text: open }, { kind: "name", text: name }];
  for (const [, space = "", key = "", value = ""] of attributes.matchAll(/(\s+)([^\s=]+)\s*=\s*("[^"]*"|'[^']*')/g)) {
    const operation = /(^|:)operation$/.test(key);
    list.push({ kind: "plain", text: space ? " " : "" }, { kind: operation ? "operation" : "attribute", text: `${key}=` }, { kind: operation ? "operation" : "value", text: value });
  }
  list.push({ kind: "tag", text: close });
  return list;
}
