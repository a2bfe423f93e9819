// unreadable runs in the page and lists controls without a name and texts
// without enough contrast (WCAG 2.2 §1.4.3, §4.1.2).
export function unreadable() {
  const found = new Set();
  const parts = (css) => {
    const n = css.match(/[\d.]+/g).map(Number);
    const scale = css.startsWith("color(") ? 255 : 1;
    return [n[0] * scale, n[1] * scale, n[2] * scale, n[3] ?? 1];
  };
  const over = (top, below) => below.map((v, i) => top[i] * top[3] + v * (1 - top[3]));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parts(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  for (const control of document.querySelectorAll("button, a, input, select, textarea, summary")) {
    const name = control.getAttribute("aria-label") || control.textContent.trim() || control.labels?.[0]?.textContent || control.title;
    if (!name && control.offsetParent) found.add(`no name: ${control.outerHTML.slice(0, 120)}`);
  }
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const text = texts.currentNode.textContent.trim();
    if (!text || !element.offsetParent || element.closest(":disabled, .CodeMirror")) continue;
    const ground = behind(element);
    const [light, dark] = [luminance(ground), luminance(over(parts(getComputedStyle(element).color), ground))].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) found.add(`contrast ${contrast.toFixed(2)}: ${element.className} ${text.slice(0, 40)}`);
  }
  return [...found];
}
