const TOKEN = String.raw`[^()<>@,;:"/\[\]?={}\x00-\x20\x7f]+`;
const PARAMETER = new RegExp(String.raw`\s*;\s*(${TOKEN})\s*(?:=\s*(${TOKEN}|"(?:[^"\\]|\\.)*"))?`, 'gs');

export interface ContentTypeAndBytes {
  /** The type with its parameters as `;name=value`, less swift_bytes. */
  readonly contentType: string;
  /** Value of the last `swift_bytes` parameter, by which a manifest tells the size of what it stands for. */
  readonly swiftBytes: string | undefined;
}

/** Takes the `swift_bytes` parameter out of a content type. A type with parameters comes back in normal spelling. */
export function extractSwiftBytes(contentType: string): ContentTypeAndBytes {
  const semicolon = contentType.indexOf(';');
  if (semicolon < 0) return { contentType, swiftBytes: undefined };
  let type = contentType.slice(0, semicolon);
  let swiftBytes: string | undefined;
  for (const [, name, value = ''] of contentType.slice(semicolon).matchAll(PARAMETER)) {
    if (name === 'swift_bytes') swiftBytes = value;
    else type += `;${name}=${value}`;
  }
  return { contentType: type, swiftBytes };
}
