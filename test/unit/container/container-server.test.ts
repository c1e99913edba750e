import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, ask, databaseServers, type DatabaseServers, emptyAnswer, listen } from './support.ts';

let servers: DatabaseServers;
beforeEach(() => {
  servers = databaseServers();
});
afterEach(() => servers.close());

const T = { 'x-timestamp': '1795352764.00000' };
const ROW = { ...T, 'x-size': 3, 'x-content-type': 'a/b', 'x-etag': 'e' };

function call(
  method: string,
  path: string,
  headers: Record<string, string | number> = {},
  body?: string,
): Promise<Answer> {
  return ask(servers.container, method, `/sdb1/1/${path}`, headers, body);
}

async function status(...args: Parameters<typeof call>): Promise<number> {
  return (await call(...args)).status;
}

describe('refusals', () => {
  test.each<[string, string, Record<string, string | number>, number, string]>([
    ['PUT', 'AUTH_a/c', {}, 400, 'Missing X-Timestamp header'],
    ['PUT', 'AUTH_a', T, 400, 'Invalid path: /sdb1/1/AUTH_a'],
    ['POST', 'AUTH_a/c/o', T, 400, 'Invalid path: /sdb1/1/AUTH_a/c/o'],
    ['PUT', 'AUTH_a/%00c/o', {}, 400, 'Invalid user-namespace object in reserved-namespace container'],
    [
      'PUT',
      'AUTH_a/c',
      { ...T, 'x-backend-storage-policy-index': 'x' },
      400,
      "Invalid X-Backend-Storage-Policy-Index 'x'",
    ],
    ['PUT', 'AUTH_a/c', { ...T, 'x-backend-storage-policy-index': 9 }, 400, 'Invalid X-Backend-Storage-Policy-Index 9'],
    [
      'PUT',
      'AUTH_a/c',
      { ...T, 'x-backend-storage-policy-default': '18446744073709551616' },
      400,
      "Invalid X-Backend-Storage-Policy-Default '18446744073709551616'",
    ],
    ['GET', 'AUTH_a/c?limit=10001', {}, 412, 'Maximum limit is 10000'],
    ['GET', 'AUTH_a/c?prefix=%ff', {}, 400, '"prefix" parameter not valid UTF-8'],
    ['GET', 'AUTH_a/c?path=%ff', {}, 400, '"path" parameter not valid UTF-8'],
    ['GET', 'AUTH_a/c', { accept: 'junk' }, 400, 'Invalid Accept header'],
    ['PUT', 'AUTH_a/c', { ...T, 'x-container-sync-to': '//a/b' }, 400, "Invalid X-Container-Sync-To format '//a/b'"],
    ['PUT', 'AUTH_a/c', { ...T, 'x-container-meta-a': '\xff' }, 400, 'Metadata must be valid UTF-8'],
    ['PUT', 'AUTH_a/c/o', T, 400, 'Missing or invalid X-Size header'],
    ['PUT', 'AUTH_a/c/o', { ...ROW, 'x-content-type': '\xff' }, 400, 'Missing or invalid X-Content-Type header'],
  ])('%s %s with %j gets %i', async (method, path, headers, expected, text) => {
    const answer = await call(method, path, headers);
    expect([answer.status, answer.body]).toEqual([expected, text]);
  });

  test.each(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'UPDATE'])('%s on a missing device gets 507', async (method) => {
    const answer = await ask(servers.container, method, '/sdb9/1/a/c', T, method === 'UPDATE' ? '[]' : undefined);
    expect(answer.status).toBe(507);
  });

  test('406 comes before 507 and 404, and has no length on HEAD', async () => {
    const accept = { accept: 'image/png' };
    expect((await ask(servers.container, 'GET', '/sdb9/1/a/c', accept)).status).toBe(406);
    const answer = await call('HEAD', 'AUTH_a/none', accept);
    expect([answer.status, answer.headers.get('content-length')]).toEqual([406, '0']);
  });

  test('a device below its reserve takes deletions and reads, nothing else', async () => {
    expect(await status('PUT', 'AUTH_a/c', T)).toBe(201);
    const full = databaseServers({ fallocate_reserve: '100%' });
    try {
      for (const method of ['PUT', 'POST', 'UPDATE', 'REPLICATE']) {
        const path = method === 'REPLICATE' ? `/sdb1/1/${'0'.repeat(32)}` : '/sdb1/1/a/c';
        expect([method, (await ask(full.container, method, path, T, '["sync"]')).status]).toEqual([method, 507]);
      }
      for (const method of ['DELETE', 'GET', 'HEAD']) {
        expect([method, (await ask(full.container, method, '/sdb1/1/a/c', T)).status]).toEqual([method, 404]);
      }
    } finally {
      await full.close();
    }
  });
});

describe('containers', () => {
  test('a policy cannot be changed while the container lives, and the answer names the one it has', async () => {
    await call('PUT', 'AUTH_a/c', T);
    const answer = await call('PUT', 'AUTH_a/c', { ...T, 'x-backend-storage-policy-index': 1 });
    expect([answer.status, answer.headers.get('x-backend-storage-policy-index')]).toEqual([409, '0']);
  });

  test('a new container takes the policy asked for, else the default of the proxy', async () => {
    const asked = await call('PUT', 'AUTH_a/c1', { ...T, 'x-backend-storage-policy-index': 1 });
    expect(asked.headers.get('x-backend-storage-policy-index')).toBe('1');
    const given = await call('PUT', 'AUTH_a/c2', { ...T, 'x-backend-storage-policy-default': 3 });
    expect(given.headers.get('x-backend-storage-policy-index')).toBe('3');
  });

  test('a deleted container is 404 with its times, takes no older PUT and may come back under another policy', async () => {
    await call('PUT', 'AUTH_a/c', { 'x-timestamp': '1' });
    expect(await status('DELETE', 'AUTH_a/c', { 'x-timestamp': '1795352999' })).toBe(204);
    expect(await status('DELETE', 'AUTH_a/c', { 'x-timestamp': '1795353000' })).toBe(404);
    const gone = await call('GET', 'AUTH_a/c');
    expect(gone.status).toBe(404);
    expect(gone.headers.get('x-backend-put-timestamp')).toBe('0000000001.00000');
    expect(gone.headers.get('x-backend-delete-timestamp')).toBe('1795353000.00000');
    const older = await call('PUT', 'AUTH_a/c', { 'x-timestamp': '1795352999' });
    expect([older.status, older.headers.get('x-backend-storage-policy-index')]).toEqual([409, undefined]);
    const again = await call('PUT', 'AUTH_a/c', { 'x-timestamp': '1795354000', 'x-backend-storage-policy-index': 1 });
    expect([again.status, again.headers.get('x-backend-storage-policy-index')]).toEqual([201, '1']);
  });

  test('a container with rows is not deleted', async () => {
    await call('PUT', 'AUTH_a/c', T);
    await call('PUT', 'AUTH_a/c/o', ROW);
    expect(await status('DELETE', 'AUTH_a/c', { 'x-timestamp': '1795353000' })).toBe(409);
  });

  test('a POST raises the time of the PUT unless it is told not to', async () => {
    await call('PUT', 'AUTH_a/c', T);
    await call('POST', 'AUTH_a/c', { 'x-timestamp': '1795352800', 'x-container-meta-a': '1' });
    expect((await call('HEAD', 'AUTH_a/c')).headers.get('x-put-timestamp')).toBe('1795352800.00000');
    const still = { 'x-timestamp': '1795352900', 'x-backend-no-timestamp-update': 'true', 'x-container-meta-b': '2' };
    await call('POST', 'AUTH_a/c', still);
    const { headers } = await call('HEAD', 'AUTH_a/c');
    expect(['x-put-timestamp', 'x-container-meta-a', 'x-container-meta-b'].map((name) => headers.get(name))).toEqual([
      '1795352800.00000',
      '1',
      '2',
    ]);
  });

  test('only metadata, ACLs and sync headers are stored', async () => {
    const sent = {
      'x-container-meta-': 'x',
      'x-container-other': 'x',
      'x-account-meta-a': 'x',
      'x-container-read': '.r:*',
    };
    await call('PUT', 'AUTH_a/c', { ...T, ...sent, 'x-container-sysmeta-b': 'y' });
    const names = [...(await call('HEAD', 'AUTH_a/c')).headers.names()];
    expect(names.filter((name) => /^x-(container|account)-(?!object-count|bytes-used)/.test(name)).sort()).toEqual([
      'x-container-read',
      'x-container-sysmeta-b',
    ]);
  });
});

describe('listings', () => {
  beforeEach(async () => {
    await call('PUT', 'AUTH_a/c', T);
    await call('PUT', 'AUTH_a/c/o1', ROW);
    await call('PUT', 'AUTH_a/c/sub/x', ROW);
    await call('PUT', 'AUTH_a/c/%C3%A9%01%26%3C%3E%22%27%F0%9F%98%80', {
      ...ROW,
      'x-content-type': 'a/b;swift_bytes=77',
    });
  });
  const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

  test('plain text', async () => {
    const answer = await call('GET', 'AUTH_a/c?delimiter=/');
    expect(answer.body).toBe(utf8('o1\nsub/\né\u0001&<>"\'\u{1F600}\n'));
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  test('JSON as Python writes it', async () => {
    const answer = await call('GET', 'AUTH_a/c?format=json&marker=o1&delimiter=/');
    expect(answer.body).toBe(
      '[{"subdir": "sub/"}, {"bytes": 77, "hash": "e", "name": "\\u00e9\\u0001&<>\\"\'\\ud83d\\ude00", ' +
        '"content_type": "a/b", "last_modified": "2026-11-22T13:06:04.000000"}]',
    );
  });

  test('XML with the type that was asked for', async () => {
    const answer = await call('GET', 'AUTH_a/c?delimiter=/&limit=2', { accept: 'text/xml' });
    expect(answer.headers.get('content-type')).toBe('text/xml; charset=utf-8');
    expect(answer.body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<container name="c"><object><name>o1</name><hash>e</hash>' +
        '<bytes>3</bytes><content_type>a/b</content_type><last_modified>2026-11-22T13:06:04.000000</last_modified>' +
        '</object><subdir name="sub/"><name>sub/</name></subdir></container>',
    );
    const names = (await call('GET', 'AUTH_a/c?format=xml&prefix=%C3%A9')).body;
    expect(names).toContain(utf8('<name>é\u0001&amp;&lt;&gt;"\'\u{1F600}</name>'));
  });

  test('nothing to list is 204 in plain text and an empty document else', async () => {
    const plain = await call('GET', 'AUTH_a/c?prefix=zzz');
    expect([plain.status, plain.body, plain.headers.get('content-length')]).toEqual([204, '', '0']);
    const json = await call('GET', 'AUTH_a/c?prefix=zzz&format=json');
    expect([json.status, json.body]).toEqual([200, '[]']);
    const xml = await call('GET', 'AUTH_a/c?prefix=zzz&format=xml');
    expect(xml.body).toBe('<?xml version="1.0" encoding="UTF-8"?>\n<container name="c" />');
    expect(await status('GET', 'AUTH_a/c?limit=0')).toBe(204);
  });

  test.each(['-1', 'abc', '', '%201', '1_0'])('limit=%s asks for no limit', async (limit) => {
    expect((await call('GET', `AUTH_a/c?limit=${limit}`)).body.split('\n')).toHaveLength(4);
  });

  test('an empty path lists the top level without folders', async () => {
    expect((await call('GET', 'AUTH_a/c?path=')).body).toBe(utf8('o1\né\u0001&<>"\'\u{1F600}\n'));
    expect((await call('GET', 'AUTH_a/c?path=sub')).body).toBe('sub/x\n');
  });

  test('reserved names are shown to those who may see them', async () => {
    await call('PUT', 'AUTH_a/%00r', T);
    await call('PUT', 'AUTH_a/%00r/%00o', ROW);
    expect(await status('GET', 'AUTH_a/%00r')).toBe(204);
    expect((await call('GET', 'AUTH_a/%00r', { 'x-backend-allow-reserved-names': 'true' })).body).toBe('\0o\n');
  });

  test('rows of another policy are listed for who asks for that policy', async () => {
    await call('PUT', 'AUTH_a/c/other', { ...ROW, 'x-backend-storage-policy-index': 1 });
    const answer = await call('GET', 'AUTH_a/c', { 'x-backend-storage-policy-index': 1 });
    expect([answer.body, answer.headers.get('x-backend-record-storage-policy-index')]).toEqual(['other\n', '1']);
  });
});

describe('databases made by their first row', () => {
  test('internal accounts get theirs, accounts of shards and of users do not', async () => {
    expect(await status('PUT', '.exp/c/o', ROW)).toBe(201);
    expect(await status('DELETE', '.exp/d/o', T)).toBe(204);
    expect(await status('PUT', '.shards_a/c/o', ROW)).toBe(404);
    expect(await status('PUT', 'AUTH_a/c/o', ROW)).toBe(404);
  });

  test('X-Backend-Auto-Create overrules the name of the account', async () => {
    expect(await status('PUT', '.exp/c/o', { ...ROW, 'x-backend-auto-create': 'false' })).toBe(404);
    expect(await status('PUT', 'AUTH_a/c/o', { ...ROW, 'x-backend-auto-create': 'true' })).toBe(201);
  });

  test('an UPDATE names the policy of a database that it makes', async () => {
    const rows = '[{"name": "o", "created_at": "2", "size": 1, "content_type": "a/b", "etag": "e", "deleted": 0}]';
    const answer = await call('UPDATE', '.exp/c', T, rows);
    expect([answer.status, answer.body]).toEqual([400, 'X-Backend-Storage-Policy-Index header is required']);
    expect(await status('UPDATE', '.exp/c', { ...T, 'x-backend-storage-policy-index': 0 }, rows)).toBe(202);
    expect(await status('UPDATE', '.exp/c', T, rows)).toBe(202);
    expect(await status('UPDATE', 'AUTH_a/c', T, rows)).toBe(404);
    expect((await call('GET', '.exp/c')).body).toBe('o\n');
  });

  test.each(['', 'x', '{}', '[3]', '[{"name": "o"}]', '[{"name": 7}]'])(
    'an UPDATE with the body %s gets 400',
    async (body) => {
      expect(await status('UPDATE', '.exp/c', { ...T, 'x-backend-storage-policy-index': 0 }, body)).toBe(400);
    },
  );
});

describe('shard ranges', () => {
  const PATH = '.shards_AUTH_t/s1';
  const RANGE = JSON.stringify([
    {
      name: PATH,
      timestamp: '1795353162.99111',
      lower: '',
      upper: 'obj-04',
      object_count: 5,
      bytes_used: 0,
      meta_timestamp: '1795353162.99111',
      deleted: 0,
      state: 20,
      state_timestamp: '1795353162.99111',
      epoch: null,
      reported: 0,
      tombstones: -1,
    },
  ]);
  const SHARD = { 'x-timestamp': '1795353165.1', 'x-backend-record-type': 'shard' };
  const CREATE = { ...SHARD, 'x-backend-auto-create': 'True' };

  test('a shard is made by a PUT of its range, with its metadata, once the policy is told', async () => {
    expect(await status('PUT', PATH, SHARD, RANGE)).toBe(404);
    expect(await status('PUT', PATH, CREATE, RANGE)).toBe(400);
    const made = await call('PUT', PATH, { ...CREATE, 'x-backend-storage-policy-index': 1 }, RANGE);
    expect([made.status, made.headers.get('x-backend-storage-policy-index')]).toEqual([201, '1']);
    const again = { ...CREATE, 'x-timestamp': '1795353169.1', 'x-container-sysmeta-a': 'x' };
    const known = await call('PUT', PATH, again, RANGE);
    expect([known.status, known.headers.get('x-backend-storage-policy-index')]).toEqual([202, '1']);
    const { headers } = await call('HEAD', PATH);
    expect([headers.get('x-put-timestamp'), headers.get('x-container-sysmeta-a')]).toEqual(['1795353165.10000', 'x']);
    const empty = await call('GET', `${PATH}?states=created`, { 'x-backend-record-type': 'shard' });
    expect([empty.status, empty.headers.get('content-length')]).toEqual([204, '0']);
    const audit = await call('GET', `${PATH}?format=json&states=auditing`, { 'x-backend-record-type': 'shard' });
    expect((JSON.parse(audit.body) as { name: string }[]).map(({ name }) => name)).toEqual([PATH]);
  });

  test('a body that is no JSON gets 400', async () => {
    const answer = await call('PUT', PATH, { ...CREATE, 'x-backend-storage-policy-index': 1 }, 'x');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatch(/^Invalid body: /);
  });
});

describe('REPLICATE', () => {
  test.each<[string, string, number]>([
    ['AUTH_a/c', '["sync"]', 400],
    ['0'.repeat(32), 'xx', 400],
    ['0'.repeat(32), '[]', 400],
    ['0'.repeat(32), '{}', 400],
    ['0'.repeat(32), '["sync", 1, "h", "id", "1", "1", "0", ""]', 404],
    ['..', '["sync", 1, "h", "id", "1", "1", "0", ""]', 404],
    ['%2e%2e', '["complete_rsync", "id"]', 404],
    ['0'.repeat(32), '["foo"]', 404],
  ])('%s with %s gets %i', async (path, body, expected) => {
    expect(await status('REPLICATE', path, {}, body)).toBe(expected);
  });

  test('replication_server = false refuses it', async () => {
    const other = databaseServers({ replication_server: 'false' });
    try {
      expect((await ask(other.container, 'REPLICATE', `/sdb1/1/${'0'.repeat(32)}`, {}, '["sync"]')).status).toBe(405);
    } finally {
      await other.close();
    }
  });
});

describe('rows sent to the account servers', () => {
  const account = (hosts: string, devices: string): Record<string, string> => ({
    ...T,
    'x-account-host': hosts,
    'x-account-device': devices,
    'x-account-partition': '9',
  });

  test('404 from every account server is passed on; from some of them it is not', async () => {
    listen(servers, '127.0.0.1:1', () => emptyAnswer(404));
    listen(servers, '127.0.0.1:2', () => emptyAnswer(500));
    expect(await status('PUT', 'AUTH_a/c', account('127.0.0.1:1', 'sdb1'))).toBe(404);
    expect(await status('PUT', 'AUTH_a/c', account('127.0.0.1:1, 127.0.0.1:2', 'sdb1, sdb2'))).toBe(202);
  });

  test.each(['127.0.0.1:9', 'junk', ':', ''])(
    'an account server that cannot be reached (%s) costs a line of the log',
    async (host) => {
      expect(await status('PUT', 'AUTH_a/c', account(host, 'sdb1'))).toBe(201);
      const errors = servers.log.lines.filter((line) => line.startsWith('error'));
      expect(errors).toEqual([
        expect.stringContaining(`ERROR account update failed with ${host}/sdb1 (will retry later)`),
      ]);
    },
  );

  test('hosts and devices of different number get 400', async () => {
    expect(await status('PUT', 'AUTH_a/c', account('127.0.0.1:1,127.0.0.1:2', 'sdb1'))).toBe(400);
  });

  test('a DELETE tells when and may overrule a deleted account', async () => {
    const asked = listen(servers, '127.0.0.1:1', () => emptyAnswer(204));
    await call('PUT', 'AUTH_a/c%20d', T);
    const headers = {
      ...account('127.0.0.1:1', 'sdb3'),
      'x-timestamp': '1795352999',
      'x-account-override-deleted': 'yes',
    };
    expect(await status('DELETE', 'AUTH_a/c%20d', headers)).toBe(204);
    expect(asked.map((req) => [req.target, req.headers.get('x-delete-timestamp')])).toEqual([
      ['/sdb3/9/AUTH_a/c%20d', '1795352999.00000'],
    ]);
    expect(asked[0]?.headers.get('x-account-override-deleted')).toBe('yes');
  });
});
