/** Text into HTML. */

/** Text that may hold anything, safe inside elements and attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A table; cells are HTML already. Columns named in `text` are aligned to the left, the others are numbers. */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { text = [0], topRow = "" }: { readonly text?: readonly number[]; readonly topRow?: string } = {},
): string {
  const cell = (tag: string) => (value: string, column: number) =>
    `<${tag}${text.includes(column) ? ' class="text"' : ""}>${value}</${tag}>`;
  const body = rows.map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`).join("\n");
  return `<table><thead>${topRow}<tr>${head.map(cell("th")).join("")}</tr></thead>\n<tbody>${body}</tbody></table>`;
}

export const htmlList = (sentences: readonly string[], className = ""): string =>
  `<ul class="${className}">${sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("\n")}</ul>`;

export const section = (title: string, body: string): string =>
  body === "" ? "" : `<section><h2>${escapeHtml(title)}</h2>\n${body}</section>`;
