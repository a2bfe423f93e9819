// CSV of what is on screen: RFC 4180, UTF-8, safe to open in a spreadsheet.

const formula = /^[=+\-@\t\r]/;

// field writes one field. A text that a spreadsheet would take for a formula
// gets an apostrophe before it.
export function field(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// csv writes a header and rows; lines end with CRLF.
export function csv(header: string[], rows: string[][]): string {
  return [header, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

// fileName is <report>_<UTC time>.csv.
export function fileName(report: string, now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
  return `${report}_${time}.csv`;
}

// download offers a text as a file.
export function download(name: string, text: string, type = "text/csv;charset=utf-8"): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
