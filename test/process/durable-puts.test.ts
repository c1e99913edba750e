/** What an object server makes durable before it answers, beside what Python's does, seen by strace. */

import { join, relative } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { debianCommand } from '../interop/debian-process.ts';
import { haveServer } from '../real-servers.ts';
import { putHeaders, request } from './http-client.ts';
import { NodeFolder } from './node-fixture.ts';
import { ServerProcess } from './server-process.ts';
import { type DiskEvent, traced } from './strace.ts';

vi.setConfig({ testTimeout: 120_000 });

const leftOut = 'what a PUT makes durable';
const canTrace = haveServer('strace', leftOut);
const hasDebian = haveServer('swift-object-server', `${leftOut}, as Python does`);

const PARTITION = 3;
const OBJECT = `/sdb1/${PARTITION}/AUTH_a/c/second`;

interface Server {
  put(path: string, body: string): Promise<void>;
  /** What it makes durable for a PUT, in order, as `partition/suffix/hash` and `file`; ends with the answer. */
  traceOfPut(path: string, body: string): Promise<string[]>;
}

async function startServer(kind: 'apus' | 'debian'): Promise<Server> {
  const folder = await NodeFolder.make();
  const config = folder.writeConf('object', { workers: '0' });
  const name = 'swift-object-server';
  const server = new ServerProcess(
    kind === 'apus' ? name : debianCommand(folder.dir, name),
    config,
    folder.ports.object,
  );
  onTestFinished(() => server.stop('SIGKILL'));
  await server.start();
  const put = async (path: string, body: string): Promise<void> => {
    const headers = { ...putHeaders(), 'Content-Length': String(body.length) };
    expect(await request(server.port, path, { method: 'PUT', headers, body })).toMatchObject({ status: 201 });
  };
  const objects = join(folder.dir, 'devices/sdb1/objects');
  return {
    put,
    traceOfPut: async (path, body) =>
      (await traced(server.pid, folder.dir, 'HTTP/1.1 201', () => put(path, body))).map((event) =>
        named(event, objects),
      ),
  };
}

function named(event: DiskEvent, objects: string): string {
  if (event.kind === 'answered') return 'answered';
  const path = relative(objects, event.path);
  // A file that has no name yet has a number instead; one that has is in the device's own folder for those.
  return path.startsWith('../tmp/') || /(^|\/)#\d+/.test(path) ? 'file' : path;
}

/** The first PUT makes the partition; the second is a new name in it; the third replaces that. */
async function tracesOf(kind: 'apus' | 'debian'): Promise<{ newName: string[]; replaced: string[] }> {
  const server = await startServer(kind);
  await server.put(`/sdb1/${PARTITION}/AUTH_a/c/first`, 'a body');
  const newName = await server.traceOfPut(OBJECT, 'a body');
  const replaced = await server.traceOfPut(OBJECT, 'x'.repeat(3 << 20));
  return { newName, replaced };
}

/** Without how often: `file` and folders, each once. */
function madeDurable(trace: readonly string[]): string[] {
  return [...new Set(trace.slice(0, trace.indexOf('answered')))].sort();
}

test.runIf(canTrace)(
  'a PUT of a new name is answered once its file, hash folder, suffix and partition are durable',
  async () => {
    const { newName, replaced } = await tracesOf('apus');
    expect(newName).toHaveLength(5);
    const hash = newName.find((path) => path.split('/').length === 3) as string;
    const suffix = hash.slice(0, hash.lastIndexOf('/'));
    expect(madeDurable(newName)).toEqual([String(PARTITION), suffix, hash, 'file'].sort());
    // The file before any name leads to it, and everything before the answer.
    expect(newName[0]).toBe('file');
    expect(newName.at(-1)).toBe('answered');
    expect(madeDurable(replaced)).toEqual([hash, 'file'].sort());
    expect(replaced.at(-1)).toBe('answered');
  },
);

test.runIf(canTrace && hasDebian)(
  "all that Python's object server makes durable for a PUT is made so here",
  async () => {
    const [apus, debian] = [await tracesOf('apus'), await tracesOf('debian')];
    expect(debian.newName.at(-1)).toBe('answered');
    expect(madeDurable(debian.newName)).toContain('file');
    // Swift 2.30 forgets the folders above that of the hash: it counts those it made in the writer, and reads the disk file's count.
    expect(madeDurable(apus.newName)).toEqual(expect.arrayContaining(madeDurable(debian.newName)));
    expect(madeDurable(apus.replaced)).toEqual(madeDurable(debian.replaced));
  },
);
