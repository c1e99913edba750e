/** Requests to account, container and object servers, each near something that a proxy or a daemon would send. */

import { mutate, pick, type Random } from './random.ts';
import { parts, type RequestParts } from './request-parts.ts';
import { DATES, ETAGS, JSONS, NAMES, NUMBERS, RANGES, TEXTS, TIMESTAMPS, TOKENS } from './values.ts';

export type StorageServer = 'account' | 'container' | 'object';

const DEVICES = ['sdb1', 'sdb1', 'sdb1', 'sdb2', 'none', '..', '%2e%2e', '', '%FF', '%00'];
const PARTITIONS = ['0', '1', '255', '-1', 'x', '', '99999999999999999999', '1.5', '..', '%2e%2e'];
const QUERIES = [
  '',
  '?format=json',
  '?format=xml',
  '?limit=x',
  '?limit=1&marker=%FF',
  '?delimiter=/&prefix=a',
  '?path=x',
  '?reverse=1',
];

function path(random: Random, depth: number): string {
  const names = Array.from({ length: depth }, () => pick(random, random(4) > 0 ? ['a', 'c', 'o'] : NAMES));
  return `/${[pick(random, DEVICES), pick(random, PARTITIONS), ...names].join('/')}`;
}

function headers(random: Random, more: Record<string, string> = {}): Record<string, string> {
  return { Connection: 'close', 'X-Timestamp': pick(random, TIMESTAMPS), ...more };
}

type Make = (random: Random) => RequestParts;

function updateHeaders(random: Random): Record<string, string> {
  return {
    'X-Container-Host': pick(random, ['127.0.0.1:1', '127.0.0.1:1,127.0.0.1:1', 'x', '', ':', '[::1]:1']),
    'X-Container-Partition': pick(random, PARTITIONS),
    'X-Container-Device': pick(random, ['sdb1', 'sdb1,sdb2', '']),
  };
}

/** A PUT with metadata behind the body, as the proxy sends footers. */
function putWithFooters(random: Random): RequestParts {
  const footer = pick(random, JSONS);
  const mime = `--b\r\nX-Document: object body\r\n\r\nhello\r\n--b\r\nX-Document: object metadata\r\nContent-MD5: ${pick(random, ['', 'x'])}\r\n\r\n${footer}\r\n--b--\r\n`;
  return parts(
    'PUT',
    path(random, 3),
    headers(random, {
      'Content-Type': 'text/plain',
      'X-Backend-Obj-Metadata-Footer': 'yes',
      'X-Backend-Obj-Multipart-Mime-Boundary': pick(random, ['b', '', 'x', '\xff']),
      'X-Backend-Obj-Content-Length': pick(random, ['5', ...NUMBERS]),
    }),
    mutate(mime, random, TOKENS),
  );
}

const OBJECT: readonly Make[] = [
  (random) => parts(pick(random, ['GET', 'HEAD']), path(random, 3), headers(random, { Range: pick(random, RANGES) })),
  (random) =>
    parts(
      'GET',
      path(random, 3),
      headers(random, { 'If-Match': pick(random, ETAGS), 'X-Backend-Etag-Is-At': pick(random, TEXTS) }),
    ),
  (random) =>
    parts(
      'GET',
      path(random, 3),
      headers(random, { 'If-Unmodified-Since': pick(random, DATES), 'X-Open-Expired': pick(random, TEXTS) }),
    ),
  (random) =>
    parts(
      'PUT',
      path(random, 3),
      headers(random, { 'Content-Type': pick(random, ['text/plain', ...TEXTS]), ...updateHeaders(random) }),
      'hello',
    ),
  (random) =>
    parts(
      'PUT',
      path(random, 3),
      headers(random, { 'Content-Type': 'a/b', ETag: pick(random, ETAGS), 'X-Delete-At': pick(random, NUMBERS) }),
      'hello',
    ),
  (random) =>
    parts(
      'PUT',
      path(random, 3),
      headers(random, { 'Content-Type': 'a/b', 'X-Backend-Storage-Policy-Index': pick(random, NUMBERS) }),
      'x',
    ),
  putWithFooters,
  (random) =>
    parts(
      'POST',
      path(random, 3),
      headers(random, { 'X-Object-Meta-A': pick(random, TEXTS), ...updateHeaders(random) }),
    ),
  (random) =>
    parts(
      'DELETE',
      path(random, 3),
      headers(random, { 'X-If-Delete-At': pick(random, NUMBERS), 'X-Backend-Replication': pick(random, TEXTS) }),
    ),
  (random) => parts('REPLICATE', path(random, random(3)), headers(random)),
  (random) =>
    parts(
      'SSYNC',
      path(random, 0),
      headers(random),
      mutate(
        ':MISSING_CHECK: START\r\nx y\r\n:MISSING_CHECK: END\r\n:UPDATES: START\r\n:UPDATES: END\r\n',
        random,
        TOKENS,
      ),
    ),
];

const CONTAINER: readonly Make[] = [
  (random) => parts(pick(random, ['GET', 'HEAD']), path(random, 2) + pick(random, QUERIES), headers(random)),
  (random) =>
    parts(
      'GET',
      path(random, 2),
      headers(random, {
        'X-Backend-Record-Type': pick(random, ['shard', 'auto', 'object', 'x']),
        'X-Backend-Storage-Policy-Index': pick(random, NUMBERS),
      }),
    ),
  (random) =>
    parts(
      'PUT',
      path(random, 2),
      headers(random, {
        'X-Backend-Storage-Policy-Default': pick(random, NUMBERS),
        'X-Container-Meta-A': pick(random, TEXTS),
      }),
    ),
  (random) => parts('PUT', path(random, 2), headers(random, { 'X-Backend-Record-Type': 'shard' }), pick(random, JSONS)),
  (random) =>
    parts(
      'PUT',
      path(random, 3),
      headers(random, {
        'X-Size': pick(random, NUMBERS),
        'X-Content-Type': pick(random, TEXTS),
        'X-Etag': pick(random, ETAGS),
        'X-Content-Type-Timestamp': pick(random, TIMESTAMPS),
      }),
    ),
  (random) => parts('POST', path(random, 2), headers(random, { 'X-Container-Read': pick(random, TEXTS) })),
  (random) => parts('DELETE', path(random, 2 + random(2)), headers(random)),
  (random) =>
    parts(
      'UPDATE',
      path(random, 2),
      headers(random),
      pick(random, [...JSONS, '[{"name":"o","created_at":"1","size":"x"}]', '[{"name":1}]']),
    ),
  (random) =>
    parts(
      'REPLICATE',
      `/${pick(random, DEVICES)}/${pick(random, PARTITIONS)}/${pick(random, ['0'.repeat(32), 'x', '..'])}`,
      headers(random),
      pick(random, [
        ...JSONS,
        '["sync",1,"h","i","1","1","1","{}"]',
        '["merge_items",[],"x"]',
        '["complete_rsync","../x"]',
        '["rsync_then_merge","x"]',
        '["merge_syncs",[{}]]',
      ]),
    ),
];

const ACCOUNT: readonly Make[] = [
  (random) => parts(pick(random, ['GET', 'HEAD']), path(random, 1) + pick(random, QUERIES), headers(random)),
  (random) => parts('PUT', path(random, 1), headers(random, { 'X-Account-Meta-A': pick(random, TEXTS) })),
  (random) =>
    parts(
      'PUT',
      path(random, 2),
      headers(random, {
        'X-Put-Timestamp': pick(random, TIMESTAMPS),
        'X-Delete-Timestamp': pick(random, TIMESTAMPS),
        'X-Object-Count': pick(random, NUMBERS),
        'X-Bytes-Used': pick(random, NUMBERS),
        'X-Account-Override-Deleted': pick(random, TEXTS),
      }),
    ),
  (random) => parts('POST', path(random, 1), headers(random, { 'X-Account-Meta-A': pick(random, TEXTS) })),
  (random) => parts('DELETE', path(random, 1), headers(random)),
  (random) =>
    parts(
      'REPLICATE',
      `/${pick(random, DEVICES)}/${pick(random, PARTITIONS)}/${pick(random, ['0'.repeat(32), 'x', '..'])}`,
      headers(random),
      pick(random, JSONS),
    ),
];

const MAKERS: Readonly<Record<StorageServer, readonly Make[]>> = {
  account: ACCOUNT,
  container: CONTAINER,
  object: OBJECT,
};

/** Now and then it is about monitoring: recon stands in front of each server. */
export function storageRequest(server: StorageServer, random: Random): RequestParts {
  if (random(20) === 0) {
    const name = pick(random, [
      'mem',
      'load',
      'async',
      'replication',
      'ringmd5',
      'diskusage',
      'x',
      '%FF',
      'version',
      'unmounted',
      'quarantined',
      '',
    ]);
    return parts(pick(random, ['GET', 'PUT']), `/recon/${name}${pick(random, ['', '/object', '/x', '?y'])}`, {
      Connection: 'close',
    });
  }
  return pick(random, MAKERS[server])(random);
}
