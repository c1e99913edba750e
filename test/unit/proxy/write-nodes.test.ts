import { describe, expect, test } from 'vitest';
import { type Answer, proxyFixture, serverOf, withAccount } from './proxy-fixture.ts';
import type { ScriptedAnswer } from './scripted-nodes.ts';

const DONE: ScriptedAnswer = { status: 204 };

/** Posts to a container whose nodes answer by device. */
async function post(
  byDevice: Record<string, ScriptedAnswer>,
  conf: Record<string, string> = {},
): Promise<Answer & { devices: string[]; leaked: string[] }> {
  const fixture = proxyFixture(
    withAccount(({ device }) => byDevice[device] ?? DONE),
    conf,
  );
  const answer = await fixture.send('POST', '/v1/a/c', { headers: { 'x-container-meta-a': 'b' } });
  const asked = fixture.nodes.requests.filter((request) => serverOf(request) === 'container');
  return { ...answer, devices: asked.map(({ device }) => device).sort(), leaked: fixture.nodes.leaked };
}

describe('a write', () => {
  test('goes to every primary', async () => {
    const { status, devices, leaked } = await post({});
    expect([status, devices, leaked]).toEqual([204, ['d0', 'd1', 'd2'], []]);
  });

  test.each<[string, ScriptedAnswer]>([
    ['cannot be connected to', { refuse: true }],
    ['does not answer', { silent: true }],
    ['answers 500', { status: 500 }],
    ['answers 507', { status: 507 }],
  ])('goes to a handoff in place of a primary that %s', async (_, bad) => {
    const { status, devices, leaked } = await post({ d1: bad });
    expect([status, devices, leaked]).toEqual([204, ['d0', 'd1', 'd2', 'd3'], []]);
  });

  test('passes over handoffs that never heard of the container', async () => {
    const { status, devices } = await post({ d0: { refuse: true }, d3: { status: 404 } });
    expect([status, devices]).toEqual([204, ['d0', 'd1', 'd2', 'd3', 'd4']]);
  });

  test('takes the word of a handoff that knows when it was deleted', async () => {
    const dead: ScriptedAnswer = { status: 404, headers: { 'x-backend-timestamp': '1500000000.00000' } };
    const { status, devices } = await post({ d0: { refuse: true }, d1: { status: 404 }, d3: dead });
    expect([status, devices]).toEqual([404, ['d0', 'd1', 'd2', 'd3']]);
  });

  test('is 503 when fewer than a quorum can be asked', async () => {
    const down: ScriptedAnswer = { refuse: true };
    const { status, leaked } = await post({ d0: down, d1: down, d3: down, d4: down, d5: down });
    expect([status, leaked]).toEqual([503, []]);
  });

  test('does not wait for the last node longer than post_quorum_timeout', async () => {
    const { status, leaked } = await post(
      { d2: { ...DONE, after: new Promise(() => undefined) } },
      { post_quorum_timeout: '0.01' },
    );
    expect([status, leaked]).toEqual([204, []]);
  });

  test('waits that long, so that a late answer still counts', async () => {
    const late = new Promise((resolve) => setTimeout(resolve, 20));
    const early: ScriptedAnswer = { status: 202 };
    const { status } = await post({ d0: early, d1: early, d2: { ...DONE, after: late } }, { post_quorum_timeout: '5' });
    // The highest status of the class: the one that came late.
    expect(status).toBe(204);
  });
});
