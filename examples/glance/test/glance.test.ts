import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readmeCommands, startLauncher } from '../../../test/example-readme.ts';
import { eventually } from '../../../test/process/command.ts';

const example = join(import.meta.dirname, '..');

test('without a flavor images are made, filled and listed by either version, as the README says', async () => {
  const { urls } = await startLauncher(example, 'glance-api.ts', 'glance-api.conf', { bind_port: 'bind_port = 0' });
  const url = urls.get('glance-api') ?? '';
  const { printed, promised } = await readmeCommands(example, { 'http://127.0.0.1:9292': url });
  expect(printed).toBe(promised);

  const made = await fetch(`${url}/v2/images`, { method: 'POST', body: '{"name":"debian"}' });
  const image = (await made.json()) as { id: string };
  expect([made.status, image]).toEqual([201, { id: image.id, name: 'debian', owner: '', status: 'queued', size: 0 }]);
  const filled = await fetch(`${url}/v2.1/images/${image.id}/file`, { method: 'PUT', body: 'hello' });
  expect(filled.status).toBe(204);
  expect(await (await fetch(`${url}/v2/images/${image.id}`)).json()).toEqual({
    ...image,
    size: 5,
    status: 'active',
    checksum: '5d41402abc4b2a76b9719d911017c592',
  });
  expect(await (await fetch(`${url}/v1/images`)).json()).toEqual({
    images: [{ id: image.id, name: 'debian', size: 5 }],
  });
  expect((await fetch(`${url}/v2/images/${image.id}`, { method: 'DELETE' })).status).toBe(204);
  expect((await fetch(`${url}/v2/images/${image.id}`)).status).toBe(404);
  for (const [path, headers] of [
    ['/v9/images', {}],
    ['/', { accept: 'application/vnd.openstack.images-v9' }],
  ] as const) {
    expect((await fetch(url + path, { headers })).status).toBe(300);
  }
  expect(
    (await fetch(`${url}/v2/images`, { headers: { 'x-trace-hmac': 'SECRET_KEY' } })).headers.get('x-trace-ms'),
  ).toMatch(/^\d+\.\d$/);
});

test('workers serve; SIGUSR1 replaces them, SIGHUP ends them all', async () => {
  const { urls, command } = await startLauncher(example, 'glance-api.ts', 'glance-api.conf', {
    bind_port: 'bind_port = 0',
    'workers =': 'workers = 2',
  });
  const url = urls.get('glance-api') ?? '';
  await eventually(() => command.workerPids().length === 2);
  const workers = command.workerPids();
  expect((await fetch(`${url}/v2/images`, { headers: { connection: 'close' } })).status).toBe(200);
  command.signal('SIGUSR1');
  await command.said('reloaded');
  expect((await fetch(`${url}/v2/images`, { headers: { connection: 'close' } })).status).toBe(200);
  await eventually(() => workers.every((pid) => !command.pids().includes(pid)));
  command.signal('SIGHUP');
  expect(await command.exited).toEqual({ code: 0, signal: null });
});

test('a flavor that no pipeline has is told with the file', async () => {
  const launched = startLauncher(example, 'glance-api.ts', 'glance-api.conf', {
    bind_port: 'bind_port = 0',
    flavor: 'flavor = magic',
  });
  await expect(launched).rejects.toThrow(
    /saying .*: \S+glance-api-paste\.ini: expected a section \[app:glance-api-magic\][^\n]*\n$/,
  );
});
