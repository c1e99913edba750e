import { describe, expect, test } from 'vitest';
import { type Answer, proxyFixture, serverOf, withAccount } from './proxy-fixture.ts';
import type { RecordedRequest, ScriptedAnswer } from './scripted-nodes.ts';

const GOOD: ScriptedAnswer = { status: 200, headers: { 'content-type': 'application/json' }, body: '[]' };
const MISSING: ScriptedAnswer = { status: 404, body: 'none' };

/** Lists a container whose nodes answer by device. */
async function list(
  byDevice: Record<string, ScriptedAnswer>,
  conf: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Answer & { devices: string[]; leaked: string[]; lines: string[]; requests: RecordedRequest[] }> {
  const fixture = proxyFixture(
    withAccount(({ device }) => byDevice[device] ?? MISSING),
    conf,
  );
  const answer = await fixture.send('GET', '/v1/a/c', { headers });
  const requests = fixture.nodes.requests.filter((request) => serverOf(request) === 'container');
  return {
    ...answer,
    devices: requests.map(({ device }) => device),
    leaked: fixture.nodes.leaked,
    lines: fixture.log.lines,
    requests,
  };
}

describe('a read', () => {
  test('asks one node when that one answers well', async () => {
    const { status, text, devices, leaked } = await list({ d0: GOOD });
    expect([status, text, devices, leaked]).toEqual([200, '[]', ['d0'], []]);
  });

  test.each<[string, ScriptedAnswer]>([
    ['cannot be connected to', { refuse: true }],
    ['does not answer', { silent: true }],
    ['answers 500', { status: 500, body: 'x' }],
    ['answers 507', { status: 507, body: 'x' }],
    ['answers 404', MISSING],
  ])('goes on to the next node when one %s', async (_, bad) => {
    const { status, devices, leaked } = await list({ d0: bad, d1: GOOD });
    expect([status, devices, leaked]).toEqual([200, ['d0', 'd1'], []]);
  });

  test('goes on to handoffs, whose 404s count for nothing', async () => {
    const { status, devices } = await list({
      d0: { refuse: true },
      d1: { refuse: true },
      d2: MISSING,
    });
    expect(devices).toEqual(['d0', 'd1', 'd2', 'd3', 'd4', 'd5']);
    // The only 404 of a primary is the one that is not believed.
    expect(status).toBe(503);
  });

  test('believes a 404 of a primary beyond the suppressed ones', async () => {
    expect((await list({})).status).toBe(404);
    expect((await list({ d0: { refuse: true } })).status).toBe(404);
    const trusting = { rebalance_missing_suppression_count: '0' };
    expect((await list({ d0: { refuse: true }, d1: { refuse: true } }, trusting)).status).toBe(404);
  });

  test('never suppresses the 404s of all primaries', async () => {
    expect((await list({}, { rebalance_missing_suppression_count: '9' })).status).toBe(404);
  });

  test('believes a 404 with a timestamp wherever it comes from', async () => {
    const dead: ScriptedAnswer = { status: 404, headers: { 'x-backend-timestamp': '1500000000.00000' } };
    const down: ScriptedAnswer = { refuse: true };
    const { status } = await list({ d0: down, d1: down, d2: down, d3: dead, d4: down, d5: down });
    expect(status).toBe(404);
  });

  test('takes an answer that was made up for a missing item as 404', async () => {
    const madeUp = { ...GOOD, headers: { 'x-put-timestamp': '0000000000.00000' } };
    const { status, devices, leaked } = await list({ d0: madeUp, d1: madeUp, d2: madeUp });
    expect([status, devices.length, leaked]).toEqual([404, 6, []]);
  });

  test('counts errors of nodes and rests those that err too often', async () => {
    const fixture = proxyFixture(
      withAccount(({ device }) => (device === 'd0' ? { status: 503, body: 'x' } : GOOD)),
      { error_suppression_limit: '2' },
    );
    for (let at = 0; at < 4; at++) await fixture.send('GET', '/v1/a/c');
    const asked = fixture.nodes.requests.filter((request) => serverOf(request) === 'container');
    expect(asked.map(({ device }) => device)).toEqual(['d0', 'd1', 'd0', 'd1', 'd0', 'd1', 'd1']);
  });

  test('rests a node that has no device at once', async () => {
    const fixture = proxyFixture(withAccount(({ device }) => (device === 'd0' ? { status: 507 } : GOOD)));
    await fixture.send('GET', '/v1/a/c');
    await fixture.send('GET', '/v1/a/c');
    const asked = fixture.nodes.requests.filter((request) => serverOf(request) === 'container');
    expect(asked.map(({ device }) => device)).toEqual(['d0', 'd1', 'd1']);
  });

  test("carries the client's headers but not its body's", async () => {
    const { requests } = await list(
      { d0: GOOD },
      {},
      {
        'x-auth-token': 't',
        'content-length': '5',
        'transfer-encoding': 'chunked',
        expect: '100-continue',
        'x-foo': 'bar',
      },
    );
    const headers = requests[0]?.headers;
    expect([headers?.get('x-auth-token'), headers?.get('x-foo'), headers?.get('host')]).toEqual([
      't',
      'bar',
      'swift.example',
    ]);
    for (const name of ['content-length', 'transfer-encoding', 'expect']) expect(headers?.has(name)).toBe(false);
  });

  test('goes to the replication address when it is told to', async () => {
    const { requests } = await list({ d0: GOOD }, {}, { 'x-backend-use-replication-network': 'true' });
    expect([requests[0]?.ip, requests[0]?.port]).toEqual(['127.0.0.2', 7001]);
  });
});

describe('X-Newest', () => {
  const at = (timestamp: string, body: string): ScriptedAnswer => ({
    status: 200,
    headers: { 'x-backend-timestamp': timestamp, 'content-type': 'text/plain' },
    body,
  });

  test('asks all nodes and takes the newest answer', async () => {
    const { text, devices, leaked } = await list(
      { d0: at('1.00000', 'old'), d1: at('3.00000', 'new'), d2: at('2.00000', 'mid') },
      {},
      { 'x-newest': 'true' },
    );
    expect([text, devices.length, leaked]).toEqual(['new', 6, []]);
  });
});

describe('concurrent gets', () => {
  const conf = { concurrent_gets: 'on', concurrency_timeout: '0.005' };

  test('ask the next node when one takes its time, and drop it when the other answers', async () => {
    const never = new Promise(() => undefined);
    const { status, text, devices, leaked } = await list(
      { d0: { ...GOOD, body: 'slow', after: never }, d1: GOOD },
      conf,
    );
    expect([status, text, devices, leaked]).toEqual([200, '[]', ['d0', 'd1'], []]);
  });

  test('ask at most as many at once as there are replicas', async () => {
    const gate = Promise.withResolvers<void>();
    const slow: ScriptedAnswer = { ...GOOD, after: gate.promise };
    const fixture = proxyFixture(
      withAccount(() => slow),
      conf,
    );
    const pending = fixture.send('GET', '/v1/a/c');
    setTimeout(gate.resolve, 60);
    await pending;
    expect(fixture.nodes.requests.filter((request) => serverOf(request) === 'container')).toHaveLength(3);
    expect(fixture.nodes.leaked).toEqual([]);
  });

  test('go through all nodes when none is good', async () => {
    const { status, devices, leaked } = await list({}, conf);
    expect([status, devices.length, leaked]).toEqual([404, 6, []]);
  });

  test('with X-Newest wait for all', async () => {
    const { text, leaked } = await list(
      {
        d0: { status: 200, headers: { 'x-timestamp': '1.0' }, body: 'old' },
        d2: { status: 200, headers: { 'x-timestamp': '2.0' }, body: 'new' },
      },
      conf,
      { 'x-newest': 'yes' },
    );
    expect([text, leaked]).toEqual(['new', []]);
  });
});
