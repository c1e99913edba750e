/** XML as listings need it, spelt as Python's libraries spell it. Control characters stay as they are, as they do in Swift. */

export const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Content of an XML element. */
export function xmlText(text: string): string {
  return /[&<>]/.test(text) ? text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') : text;
}

/** Value of an XML attribute, with its quotation marks. */
export function xmlAttribute(text: string): string {
  const escaped = xmlText(text).replaceAll('\n', '&#10;').replaceAll('\r', '&#13;').replaceAll('\t', '&#09;');
  return `"${escaped.replaceAll('"', '&quot;')}"`;
}
