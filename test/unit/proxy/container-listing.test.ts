import { describe, expect, test } from 'vitest';
import { MemoryCache } from '../../../src/http/memory-cache.ts';
import { parseQuery } from '../../../src/http/request.ts';
import { type Answer, proxyFixture, serverOf, withAccount } from './proxy-fixture.ts';
import type { RecordedRequest, ScriptedAnswer } from './scripted-nodes.ts';

interface Asked {
  /** `account/container`. */
  name: string;
  params: Record<string, string>;
  recordType: string | undefined;
  request: RecordedRequest;
}

const objects = (...names: string[]): ScriptedAnswer => ({
  status: 200,
  headers: { 'x-backend-record-type': 'object', 'content-type': 'application/json' },
  body: JSON.stringify(names.map((name) => (name.endsWith('/') ? { subdir: name } : { name, bytes: 2 }))),
});

const shards = (...bounds: [string, string, string][]): ScriptedAnswer => ({
  status: 200,
  headers: {
    'x-backend-record-type': 'shard',
    'x-backend-storage-policy-index': '1',
    'x-container-object-count': '99',
    'content-type': 'application/json',
  },
  body: JSON.stringify(bounds.map(([lower, upper, name]) => ({ name, lower, upper }))),
});

test('a parameter that is not UTF-8 is refused and no server is asked', async () => {
  for (const name of [
    'prefix',
    'marker',
    'end_marker',
    'delimiter',
    'path',
    'reverse',
    'format',
    'states',
    'includes',
  ]) {
    const answer = await list(`?${name}=%ff`, {});
    expect([answer.status, answer.text, answer.res.headers.get('content-type')]).toEqual([
      400,
      `"${name}" parameter not valid UTF-8`,
      'text/plain',
    ]);
  }
});

const THREE = shards(['', 'g', '.shards_a/s1'], ['g', 'p', '.shards_a/s2'], ['p', '', '.shards_a/s3']);

async function list(
  query: string,
  containers: Record<string, (asked: Asked) => ScriptedAnswer>,
  cache?: MemoryCache,
): Promise<Answer & { asked: Asked[]; names: string[]; leaked: string[] }> {
  const asked: Asked[] = [];
  const fixture = proxyFixture(
    withAccount((request) => {
      const [path = '', queryString = ''] = request.target.split('?');
      const name = path.split('/').slice(3).join('/');
      const one: Asked = {
        name,
        params: Object.fromEntries(parseQuery(queryString)),
        recordType: request.headers.get('x-backend-record-type'),
        request,
      };
      asked.push(one);
      const answer = containers[name];
      if (answer === undefined) throw new Error(`${name} is not to be asked`);
      return answer(one);
    }),
  );
  const answer = await fixture.send('GET', `/v1/a/c${query}`, cache === undefined ? {} : { env: { cache } });
  const entries = answer.status === 200 ? (JSON.parse(answer.text) as { name?: string; subdir?: string }[]) : [];
  expect(fixture.nodes.requests.filter((request) => serverOf(request) === 'object')).toEqual([]);
  return {
    ...answer,
    asked,
    names: entries.map(({ name, subdir }) => name ?? subdir ?? ''),
    leaked: fixture.nodes.leaked,
  };
}

describe('the listing of a container', () => {
  test('is passed through when the container has its objects', async () => {
    const { text, asked, names } = await list('?limit=5', { 'a/c': () => objects('x', 'y') });
    expect(names).toEqual(['x', 'y']);
    expect(text).toBe(objects('x', 'y').body);
    expect(asked[0]?.params).toEqual({ limit: '5', format: 'json', states: 'listing' });
    const { headers } = asked[0]?.request as RecordedRequest;
    expect([
      headers.get('x-backend-record-type'),
      headers.get('x-backend-record-shard-format'),
      headers.get('x-backend-include-deleted'),
      headers.has('x-backend-override-shard-name-filter'),
    ]).toEqual(['auto', 'namespace', 'false', false]);
  });

  test('goes through the shards in turn, each kept to its own names', async () => {
    const { names, asked, res, leaked } = await list('', {
      'a/c': () => THREE,
      '.shards_a/s1': () => objects('a', 'b'),
      '.shards_a/s2': () => objects('h'),
      '.shards_a/s3': () => objects('q', 'z'),
    });
    expect(names).toEqual(['a', 'b', 'h', 'q', 'z']);
    expect(asked.slice(1).map(({ params }) => [params['marker'], params['end_marker'], params['limit']])).toEqual([
      ['', 'g\0', '10000'],
      ['b', 'p\0', '9998'],
      ['h', '', '9997'],
    ]);
    expect(asked[1]?.request.headers.get('x-backend-storage-policy-index')).toBe('1');
    // These are all objects there are: the counts are theirs.
    expect(res.headers.get('x-container-object-count')).toBe('5');
    expect(res.headers.get('x-container-bytes-used')).toBe('10');
    expect(leaked).toEqual([]);
  });

  test('stops at the limit', async () => {
    const { names, res } = await list('?limit=2', {
      'a/c': () => THREE,
      '.shards_a/s1': () => objects('a'),
      '.shards_a/s2': () => objects('h'),
    });
    expect(names).toEqual(['a', 'h']);
    expect(res.headers.get('x-container-object-count')).toBe('99');
  });

  test('stops at the shard that holds the end marker', async () => {
    const { names, asked } = await list('?marker=b&end_marker=k', {
      'a/c': () => THREE,
      '.shards_a/s1': () => objects('c'),
      '.shards_a/s2': () => objects('h'),
    });
    expect(names).toEqual(['c', 'h']);
    expect(asked.slice(1).map(({ params }) => [params['marker'], params['end_marker']])).toEqual([
      ['b', 'g\0'],
      ['c', 'k'],
    ]);
  });

  test('passes over shards that cannot hold the prefix', async () => {
    const { names } = await list('?prefix=h', { 'a/c': () => THREE, '.shards_a/s2': () => objects('h1') });
    expect(names).toEqual(['h1']);
  });

  test('asks the shard in whose midst a prefix begins, and the next that it reaches into', async () => {
    const split = shards(['', 'h5', '.shards_a/s1'], ['h5', '', '.shards_a/s2']);
    const { names } = await list('?prefix=h', {
      'a/c': () => split,
      '.shards_a/s1': () => objects('h1'),
      '.shards_a/s2': () => objects('h6'),
    });
    expect(names).toEqual(['h1', 'h6']);
  });

  test('passes over a shard that lies inside a subdir that is listed', async () => {
    const split = shards(['', 'd/a', '.shards_a/s1'], ['d/a', 'd/m', '.shards_a/s2'], ['d/m', '', '.shards_a/s3']);
    const { names, asked } = await list('?delimiter=/', {
      'a/c': () => split,
      '.shards_a/s1': () => objects('a', 'd/'),
      '.shards_a/s3': () => objects('e'),
    });
    expect(names).toEqual(['a', 'd/', 'e']);
    expect(asked.at(-1)?.params['marker']).toBe('d/');
  });

  test('in reverse goes to the lower bound of each shard', async () => {
    const reversed = shards(['p', '', '.shards_a/s3'], ['g', 'p', '.shards_a/s2'], ['', 'g', '.shards_a/s1']);
    const { names, asked } = await list('?reverse=on&end_marker=i', {
      'a/c': () => reversed,
      '.shards_a/s3': () => objects('z', 'q'),
      '.shards_a/s2': () => objects('k'),
    });
    expect(names).toEqual(['z', 'q', 'k']);
    expect(asked.slice(1).map(({ params }) => params['end_marker'])).toEqual(['p', 'i']);
  });

  test('asks a container that its own shards point back to for its objects', async () => {
    const { names } = await list('', {
      'a/c': ({ recordType }) =>
        recordType === 'object' ? objects('x') : shards(['', 'g', '.shards_a/s1'], ['g', '', 'a/c']),
      '.shards_a/s1': ({ recordType }) => (recordType === 'auto' ? objects('a') : objects('wrong')),
    });
    expect(names).toEqual(['a', 'x']);
  });

  test('goes down into shards of shards', async () => {
    const { names } = await list('', {
      'a/c': () => shards(['', '', '.shards_a/s1']),
      '.shards_a/s1': () => shards(['', '', '.shards_a/s1-1']),
      '.shards_a/s1-1': () => objects('deep'),
    });
    expect(names).toEqual(['deep']);
  });

  test('is 503 when a shard cannot be listed', async () => {
    const { status, leaked } = await list('', {
      'a/c': () => THREE,
      '.shards_a/s1': () => objects('a'),
      '.shards_a/s2': () => ({ status: 404 }),
    });
    expect([status, leaked]).toEqual([503, []]);
  });

  test('is 503 when the shards cannot be read', async () => {
    const bad = { ...THREE, body: 'no JSON' };
    expect((await list('', { 'a/c': () => bad })).status).toBe(503);
  });

  test('remembers all shards where there is a cache, and chooses among them itself', async () => {
    const cache = new MemoryCache();
    const full = {
      ...THREE,
      headers: { ...(THREE.headers as object), 'x-backend-override-shard-name-filter': 'true' },
    };
    const { names, asked } = await list(
      '?marker=h',
      { 'a/c': () => full, '.shards_a/s2': () => objects('i'), '.shards_a/s3': () => objects('q') },
      cache,
    );
    expect(names).toEqual(['i', 'q']);
    expect(asked[0]?.request.headers.get('x-backend-override-shard-name-filter')).toBe('sharded');
    expect(await cache.get('shard-listing-v2/a/c')).toEqual([
      ['', '.shards_a/s1'],
      ['g', '.shards_a/s2'],
      ['p', '.shards_a/s3'],
    ]);
  });

  test('of shards is what an internal client asks for and gets', async () => {
    const fixture = proxyFixture(withAccount(() => THREE));
    const { text } = await fixture.send('GET', '/v1/a/c', { headers: { 'x-backend-record-type': 'shard' } });
    expect(text).toBe(THREE.body);
  });
});
