import { describe, expect, test } from 'vitest';
import { Headers } from '../../../src/http/headers.ts';
import { bestResponse, haveQuorum, type NodeAnswer } from '../../../src/proxy/best-response.ts';

const answer = (status: number, more: Partial<NodeAnswer> = {}): NodeAnswer => ({
  status,
  reason: `R${status}`,
  headers: new Headers({ 'x-node': String(status) }),
  body: Buffer.alloc(0),
  ...more,
});

const statusOf = (...statuses: number[]): number => bestResponse(statuses.map((status) => answer(status))).status;

describe('best response', () => {
  test.each([
    [[201, 201, 503], 201],
    [[201, 202, 503], 202],
    [[201, 503, 503], 503],
    [[404, 404, 201], 404],
    [[404, 409, 201], 409],
    [[201, 404, 503], 503],
    [[304, 301, 200], 304],
    [[200, 404], 200],
    [[404, 503], 404],
    [[404], 404],
    [[], 503],
    [[200, 200, 404, 404], 200],
    [[412, 404, 404, 503, 503], 412],
  ])('of %j is %i', (statuses, best) => {
    expect(statusOf(...statuses)).toBe(best);
  });

  test('has reason, headers and body of the node whose status it is', async () => {
    const body = Buffer.from('why');
    const res = bestResponse([answer(404), answer(409, { body, reason: 'Older' }), answer(503)]);
    expect(res.statusLine).toBe('409 Older');
    expect(res.headers.get('x-node')).toBe('409');
    expect(res.headers.get('content-type')).toBe('text/html; charset=UTF-8');
    expect(res.headers.get('content-length')).toBe('3');
    expect(await res.text()).toBe('why');
  });

  test('leaves out what belongs to the node, and takes the quotes off its ETag', () => {
    const headers = new Headers({
      date: 'then',
      'content-length': 5,
      'content-type': 'a/b',
      connection: 'close',
      'x-put-timestamp': '1',
      'x-delete-after': '1',
      etag: '"abc"',
      'x-object-meta-a': 'b',
    });
    const res = bestResponse([answer(200, { headers })]);
    expect(Object.fromEntries(res.headers)).toEqual({
      etag: 'abc',
      'x-object-meta-a': 'b',
      'content-type': 'text/html; charset=UTF-8',
      'content-length': '0',
    });
  });

  test('shows the page of a status to which no node gave a body', async () => {
    expect(await bestResponse([{ status: 404, reason: 'Not Found' }]).text()).toContain('could not be found');
    expect(await bestResponse([answer(404)]).text()).toBe('');
  });

  test('counts mapped statuses only when there is no quorum without them', () => {
    const overrides = { 404: 204 };
    expect(bestResponse([answer(404), answer(404), answer(204)], { overrides }).status).toBe(404);
    const mapped = bestResponse([answer(404), answer(503), answer(204)], { overrides });
    expect(mapped.status).toBe(204);
    expect(mapped.headers.get('x-node')).toBe('204');
    expect(bestResponse([answer(404), answer(503), answer(503)], { overrides }).status).toBe(503);
  });

  test('does not use the headers of a mapped answer', () => {
    const res = bestResponse([answer(404), answer(404), answer(503), answer(503), answer(204)], {
      overrides: { 404: 204 },
    });
    expect([res.status, res.headers.get('x-node')]).toEqual([204, '204']);
  });

  test('takes the ETag that it is given', () => {
    expect(bestResponse([answer(201), answer(201)], { etag: '"e"' }).headers.get('etag')).toBe('e');
  });

  test('needs as many members as it is told', () => {
    expect(bestResponse([answer(200), answer(200)], { quorum: 3 }).status).toBe(503);
  });
});

test('a quorum is had when one class has enough members, 5xx aside', () => {
  expect(haveQuorum([201], 3)).toBe(false);
  expect(haveQuorum([201, 404], 3)).toBe(false);
  expect(haveQuorum([201, 202], 3)).toBe(true);
  expect(haveQuorum([503, 503, 503], 3)).toBe(false);
  expect(haveQuorum([100, 100], 3)).toBe(true);
  expect(haveQuorum([201, 201], 4)).toBe(true);
});
