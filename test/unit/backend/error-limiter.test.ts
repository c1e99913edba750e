import { describe, expect, test } from 'vitest';
import { ErrorLimiter } from '../../../src/backend/error-limiter.ts';

const node = { ip: '10.0.0.1', port: 6200, device: 'sdb1' };

function limiterAt(clock: { now: number }, suppressionIntervalSec = 60): ErrorLimiter {
  return new ErrorLimiter({ suppressionIntervalSec, suppressionLimit: 10, now: () => clock.now });
}

describe('error limiter', () => {
  test('a node rests with the error after the limit', () => {
    const limiter = limiterAt({ now: 100 });
    for (let errors = 0; errors < 10; errors++) expect(limiter.increment(node)).toBe(false);
    expect(limiter.isLimited(node)).toBe(false);
    expect(limiter.increment(node)).toBe(true);
    expect(limiter.isLimited(node)).toBe(true);
  });

  test('a node rests until the interval has passed since its last error, and then begins anew', () => {
    const clock = { now: 100 };
    const limiter = limiterAt(clock);
    limiter.limit(node);
    clock.now = 160;
    expect(limiter.isLimited(node)).toBe(true);
    clock.now = 160.1;
    expect(limiter.isLimited(node)).toBe(false);
    expect(limiter.increment(node)).toBe(false);
    expect(limiter.isLimited(node)).toBe(false);
  });

  test('devices of one server are counted apart', () => {
    const limiter = limiterAt({ now: 100 });
    limiter.limit(node);
    expect(limiter.isLimited({ ...node, device: 'sdb2' })).toBe(false);
  });

  test('an interval of 0 rests no node', () => {
    const limiter = limiterAt({ now: 100 }, 0);
    limiter.limit(node);
    expect(limiter.isLimited(node)).toBe(false);
  });
});
