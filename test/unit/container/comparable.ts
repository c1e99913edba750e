import type { Headers } from '../../../src/http/headers.ts';
import type { Answer } from './support.ts';

const IGNORED = new Set(['date', 'connection', 'server']);
/** Times at which a database was made, ids and row numbers differ from run to run. */
const CREATED = new Set(['x-backend-timestamp', 'x-timestamp']);
/** When the recording began, in seconds since 1970: what was made then and what is made now are both later. */
const RECORDED_SEC = 1_795_300_000;

function comparableHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of headers.toTitled()) {
    const lower = name.toLowerCase();
    if (IGNORED.has(lower)) continue;
    const isMade = CREATED.has(lower) && Number(value) >= RECORDED_SEC;
    kept[name] = isMade ? 'CREATED' : value;
  }
  return Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function comparableBody(method: string, body: string): unknown {
  if (method !== 'REPLICATE' || !body.startsWith('{')) return body;
  const info = JSON.parse(body) as Record<string, unknown>;
  return { ...info, created_at: 'CREATED', id: String(info['id']).replace(/^[0-9a-f-]{36}/, 'UUID') };
}

/** An answer without what differs from run to run. */
export function comparable(method: string, answer: Answer): unknown {
  const { status, headers, body } = answer;
  const shown = comparableHeaders(headers);
  if (method === 'REPLICATE' && body.startsWith('{')) delete shown['Content-Length'];
  return { status, headers: shown, body: comparableBody(method, body) };
}
