import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Cluster } from './cluster.ts';
import { patternBytes, randomNumbers } from './pattern.ts';
import { eventually } from './server-process.ts';

// Many processes on few cores.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SEED = Number(process.env['WORKLOAD_SEED'] ?? 20240607);
const CLIENTS = 16;
const STEPS = 40;
const NAMES_EACH = 4;
const SIZES = [0, 1, 1000, 70_000, 400_000];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({ proxy: { error_suppression_interval: 0 } });
  expect((await cluster.client.put('/work')).status).toBe(201);
});

afterAll(() => cluster.stop());

/** What a name holds: the seed of its bytes, undefined when it was deleted. With all that it ever held. */
interface Held {
  body: Buffer | undefined;
  readonly past: Map<string, number>;
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** One client with names of its own, which it writes and reads in turn. Every answer must agree with what it did before. */
class Worker {
  readonly names: string[];
  readonly held = new Map<string, Held>();
  /** Requests done, Infinity after the last. */
  done = 0;
  readonly #random: () => number;

  constructor(id: number) {
    this.#random = randomNumbers(SEED * 1000 + id);
    this.names = Array.from({ length: NAMES_EACH }, (_, index) => `client-${String(id).padStart(2, '0')}/${index}`);
    for (const name of this.names) this.held.set(name, { body: undefined, past: new Map() });
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      const name = this.names[Math.floor(this.#random() * this.names.length)] as string;
      const dice = this.#random();
      if (dice < 0.35) await this.#put(name);
      else if (dice < 0.45) await this.#delete(name);
      else if (dice < 0.75) await this.#getNewest(name);
      else await this.#get(name);
      this.done += 1;
    }
    this.done = Infinity;
  }

  async #put(name: string): Promise<void> {
    const size = SIZES[Math.floor(this.#random() * SIZES.length)] as number;
    const body = patternBytes(Math.floor(this.#random() * 1e9), size);
    const { status, headers } = await cluster.client.put(`/work/${name}`, body);
    expect(status, `PUT of ${name}`).toBe(201);
    expect(headers['etag']).toBe(md5(body));
    const held = this.held.get(name) as Held;
    held.body = body;
    held.past.set(md5(body), size);
  }

  async #delete(name: string): Promise<void> {
    const held = this.held.get(name) as Held;
    const { status } = await cluster.client.request('DELETE', `/work/${name}`);
    // Servers that missed an earlier write, two of three with a handoff among them, may never have heard of it.
    expect([204, 404], `DELETE of ${name}`).toContain(status);
    held.body = undefined;
  }

  /** All nodes are asked, so a server that was away and knows an older state does not matter. */
  async #getNewest(name: string): Promise<void> {
    const { body: wanted } = this.held.get(name) as Held;
    const { status, body, headers } = await cluster.client.get(`/work/${name}`, { 'x-newest': 'true' });
    expect(status, `GET of the newest ${name}`).toBe(wanted === undefined ? 404 : 200);
    if (wanted === undefined) return;
    expect(headers['etag']).toBe(md5(wanted));
    expect(body.equals(wanted), `bytes of ${name}`).toBe(true);
  }

  /** Any one node's state: one that was away may be behind, but what it gives is whole. */
  async #get(name: string): Promise<void> {
    const { past } = this.held.get(name) as Held;
    const { status, body, headers } = await cluster.client.get(`/work/${name}`);
    expect([200, 404], `GET of ${name}`).toContain(status);
    if (status === 404) return;
    expect(headers['etag']).toBe(md5(body));
    expect(past.get(md5(body)), `bytes of ${name}`).toBe(body.length);
  }
}

test(`sixteen clients see no wrong byte and no error while servers stop and start (WORKLOAD_SEED=${SEED})`, async () => {
  const workers = Array.from({ length: CLIENTS }, (_, id) => new Worker(id));
  let working = true;
  const disturbing = (async (): Promise<number> => {
    let rounds = 0;
    for (; working; rounds++) {
      const node = cluster.objects[rounds % cluster.objects.length];
      await node?.server.stop();
      await node?.server.start();
      // One server at a time: no request may meet this one and the next.
      const seen = workers.map(({ done }) => done);
      await eventually(
        'every client goes on',
        () => !working || workers.every(({ done }, at) => done > (seen[at] ?? 0) || done === Infinity),
      );
    }
    return rounds;
  })();
  try {
    await Promise.all(workers.map((worker) => worker.run()));
  } finally {
    working = false;
  }
  expect(await disturbing).toBeGreaterThan(1);
  for (const worker of workers) {
    for (const [name, { body: wanted }] of worker.held) {
      const { status, body } = await cluster.client.get(`/work/${name}`, { 'x-newest': 'true' });
      expect(status, name).toBe(wanted === undefined ? 404 : 200);
      if (wanted !== undefined) expect(body.equals(wanted), name).toBe(true);
    }
  }
});
