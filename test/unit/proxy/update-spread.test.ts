import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quorumSize } from '../../../src/common/storage-policy.ts';
import { Headers } from '../../../src/http/headers.ts';
import { countContainerUpdates, spreadUpdates } from '../../../src/proxy/update-spread.ts';
import { plainRing } from './object-fixture.ts';

test.each([
  // container replicas, object requests, object quorum, updates
  [3, 3, 2, 3],
  [3, 5, 3, 4],
  [5, 3, 2, 5],
  [3, 14, 11, 5],
  [1, 3, 2, 2],
])(
  '%i container replicas and %i object requests of which %i must succeed make %i updates',
  (containers, requests, quorum, updates) => {
    expect(countContainerUpdates(containers, requests, quorum)).toBe(updates);
  },
);

test('whichever quorum of object servers succeeds, a quorum of the containers hears of it, and every container of someone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), (containers, replicas) => {
      const requests = Array.from({ length: replicas }, () => new Headers());
      const nodes = plainRing(containers, containers, 6100).primaries(0);
      spreadUpdates(requests, quorumSize(replicas), { partition: 7, nodes, rootDbState: 'unsharded' });
      const hosts = requests.map((headers) =>
        (headers.get('x-container-host') ?? '').split(',').filter((host) => host !== ''),
      );
      const devices = requests.map((headers) =>
        (headers.get('x-container-device') ?? '').split(',').filter((one) => one !== ''),
      );
      expect(hosts.map(({ length }) => length)).toEqual(devices.map(({ length }) => length));
      expect(new Set(hosts.flat()).size).toBe(containers);
      const updates = hosts.flat().length;
      expect(updates).toBe(countContainerUpdates(containers, replicas, quorumSize(replicas)));
    }),
  );
});

test('on the replication network the replication addresses are told', () => {
  const headers = new Headers({ 'x-backend-use-replication-network': 'true' });
  const nodes = plainRing(1, 1, 6100).primaries(0);
  spreadUpdates([headers], 1, { partition: 7, nodes, rootDbState: 'unsharded' });
  expect(headers.get('x-container-host')).toBe('127.0.0.2:7100');
});
