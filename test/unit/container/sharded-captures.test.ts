import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashPath, storageDirectory } from '../../../src/common/hash-path.ts';
import { type RecordedExchange, recordedExchanges } from '../http/capture-reader.ts';
import { comparable } from './comparable.ts';
import { type Answer, ask, databaseServers, type DatabaseServers } from './support.ts';

const golden = fileURLToPath(new URL('../../golden/db/', import.meta.url));
const ROOT = '20/AUTH_test/sharded';
const SHARD = '.shards_AUTH_test/sharded-9bca16730b6e417352a5a6f3e1119479-1795353162.99111-1';

let servers: DatabaseServers;
beforeEach(() => {
  servers = databaseServers();
});
afterEach(() => servers.close());

/** Puts recorded database files where a container server looks for them. */
function layOut(files: readonly string[], path: string): void {
  const [partition = '', account = '', container = ''] = path.split('/');
  const hash = hashPath(servers.host.hashPath, account, container);
  const folder = join(servers.devices, 'sdb3', storageDirectory('containers', partition, hash));
  mkdirSync(folder, { recursive: true });
  for (const file of files) {
    const name = file.slice(file.lastIndexOf('/') + 1);
    copyFileSync(golden + file, join(folder, name.startsWith(hash) ? name : `${hash}.db`));
  }
}

function databasesIn(folder: string): string[] {
  return readdirSync(golden + folder)
    .filter((name) => name.endsWith('.db'))
    .map((name) => `${folder}/${name}`);
}

/** Replicas differ in their cleaving contexts alone. */
function withoutContexts(answer: Answer): Answer {
  for (const name of [...answer.headers.names()]) {
    if (name.startsWith('x-container-sysmeta-shard-context-')) answer.headers.delete(name);
  }
  return answer;
}

async function expectRecorded(exchange: RecordedExchange): Promise<void> {
  const { method, device } = exchange;
  const target = exchange.target.replace(`/${device}/`, '/sdb3/');
  const answer = await ask(servers.container, method, target, exchange.headers);
  const recorded = { status: exchange.status, headers: exchange.answerHeaders, body: exchange.answerBody };
  expect(comparable(method, withoutContexts(answer))).toEqual(comparable(method, withoutContexts(recorded)));
}

function recordedFor(wanted: RegExp, path: string): [string, RecordedExchange][] {
  return recordedExchanges(wanted)
    .filter(
      ({ server, target }) => server === 'container-server' && target.split('/').slice(2).join('/').startsWith(path),
    )
    .map((exchange): [string, RecordedExchange] => [
      `${exchange.scenario}: ${exchange.method} ${exchange.target}`,
      exchange,
    ]);
}

describe('a sharded root gives the recorded answers', () => {
  test.each(recordedFor(/^25\d-/, ROOT))('%s', async (_name, exchange) => {
    layOut(databasesIn('shard-root-sharded'), ROOT);
    await expectRecorded(exchange);
  });
});

describe('a root that is being sharded gives the recorded answers', () => {
  test.each(recordedFor(/^245-/, ROOT))('%s', async (_name, exchange) => {
    layOut(databasesIn('shard-root-sharding'), ROOT);
    await expectRecorded(exchange);
  });
});

describe('a shard gives the recorded answers', () => {
  const gets = recordedFor(/^25[01]-/, `55/${SHARD}`).filter(([, exchange]) => exchange.method === 'GET');
  test.each(gets)('%s', async (_name, exchange) => {
    layOut(['shard-of-sharded.db'], `55/${SHARD}`);
    await expectRecorded(exchange);
  });
});

describe('redirects of rows of a sharded root', () => {
  const row = { 'x-timestamp': '4000000000.00000', 'x-size': 1, 'x-content-type': 'a/b', 'x-etag': 'e' };
  const put = (object: string, headers: Record<string, string | number>): Promise<Answer> =>
    ask(servers.container, 'PUT', `/sdb3/${ROOT}/${object}`, { ...row, ...headers });

  beforeEach(() => layOut(databasesIn('shard-root-sharded'), ROOT));

  test('a row that may not be redirected is taken', async () => {
    expect((await put('obj-09', {})).status).toBe(201);
  });

  test('a deletion is redirected as a PUT is', async () => {
    const answer = await ask(servers.container, 'DELETE', `/sdb3/${ROOT}/obj-09`, {
      'x-timestamp': '4000000000.00000',
      'x-backend-accept-redirect': 'true',
      'x-backend-accept-quoted-location': 'true',
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([301, `/${SHARD}/obj-09`]);
  });

  test('a name is quoted for a caller that reads quoted locations', async () => {
    const quoted = { 'x-backend-accept-redirect': 'true', 'x-backend-accept-quoted-location': 'true' };
    const answer = await put('obj-09%20%C3%A9', quoted);
    expect(answer.headers.get('location')).toBe(`/${SHARD}/obj-09%20%C3%A9`);
    expect(answer.headers.get('x-backend-location-is-quoted')).toBe('true');
  });

  test('a caller that reads no quoted location gets a path that needs no quoting, else its row is taken here', async () => {
    const plain = await put('obj-09', { 'x-backend-accept-redirect': 'true' });
    expect([plain.status, plain.headers.get('location')]).toEqual([301, `/${SHARD}/obj-09`]);
    expect(plain.headers.get('x-backend-location-is-quoted')).toBeUndefined();
    expect((await put('obj-09%20', { 'x-backend-accept-redirect': 'true' })).status).toBe(201);
  });
});

describe('restrictions of a listing of shard ranges', () => {
  beforeEach(() => layOut(databasesIn('shard-root-sharded'), ROOT));
  const list = (query: string, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(servers.container, 'GET', `/sdb3/${ROOT}?format=json${query}`, {
      'x-backend-record-type': 'shard',
      ...headers,
    });
  const uppers = (answer: Answer): string[] =>
    (JSON.parse(answer.body) as { upper: string }[]).map(({ upper }) => upper);

  test('includes chooses the range that covers a name', async () => {
    expect(uppers(await list('&includes=obj-05'))).toEqual(['obj-10']);
  });

  test('a state that is none gets 400', async () => {
    const answer = await list('&states=active,bogus');
    expect([answer.status, answer.body]).toEqual([400, 'Bad state']);
  });

  test('states may be numbers', async () => {
    expect(uppers(await list('&states=40'))).toEqual(['obj-04', 'obj-10', 'obj-15', '']);
    expect(uppers(await list('&states=10'))).toEqual([]);
  });

  test('namespaces of deleted ranges or for auditing get 400', async () => {
    const namespace = { 'x-backend-record-shard-format': 'namespace' };
    expect((await list('', { ...namespace, 'x-backend-include-deleted': 'true' })).status).toBe(400);
    expect((await list('&states=auditing', namespace)).status).toBe(400);
  });
});
