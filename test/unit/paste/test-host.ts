import type { Host, Logger } from '../../../src/common/host.ts';
import { DEFAULT_CONSTRAINTS } from '../../../src/common/constraints.ts';
import { singlePolicy } from '../../../src/common/policy-sections.ts';

export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  withTransaction: () => silentLogger,
  withOptions: () => silentLogger,
};

/** A host for factories that only look at it. */
export function testHost(): Host {
  return {
    now: () => 1,
    log: silentLogger,
    swiftDir: '/nowhere',
    policies: singlePolicy(),
    constraints: DEFAULT_CONSTRAINTS,
    hashPath: { prefix: Buffer.alloc(0), suffix: Buffer.from('x') },
    info: { register: () => {}, registerAdmin: () => {}, get: () => ({}) },
    ring: () => {
      throw new Error('no rings here');
    },
    service: () => undefined,
    onClose: () => {},
  };
}
