import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readmeCommands, startLauncher } from '../../../test/example-readme.ts';

const example = join(import.meta.dirname, '..');
const FREE_PORTS = {
  osapi_compute_listen_port: 'osapi_compute_listen_port = 0',
  metadata_listen_port: 'metadata_listen_port = 0',
};

const ME = { 'x-auth-token': 'me:lab' };

test('one launcher serves both APIs, each with its own workers, as the README says', async () => {
  const { urls, command } = await startLauncher(example, 'nova-api.ts', 'nova.conf', FREE_PORTS);
  const [compute = '', metadata = ''] = [urls.get('osapi_compute'), urls.get('metadata')];
  const { printed, promised } = await readmeCommands(example, {
    'http://127.0.0.1:8774': compute,
    'http://127.0.0.1:8775': metadata,
  });
  expect(printed).toBe(promised);
  expect(command.workerPids()).toHaveLength(1);
  command.signal('SIGTERM');
  expect(await command.exited).toEqual({ code: 0, signal: null });
});

test('the urlmap chooses by path and by Accept, and how answers look', async () => {
  const { urls } = await startLauncher(example, 'nova-api.ts', 'nova.conf', {
    ...FREE_PORTS,
    enabled_apis: 'enabled_apis = osapi_compute',
    metadata_listen_port: '',
  });
  const url = urls.get('osapi_compute') ?? '';
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url + path, { headers: { ...ME, ...headers } });
  expect((await get('/')).headers.get('content-type')).toBe('application/json');
  expect((await get('/', { accept: 'application/xml' })).headers.get('content-type')).toBe('application/xml');
  expect((await get('/versions.xml')).headers.get('content-type')).toBe('application/xml');
  // A handler that gives another app, reached by path and by the version in Accept.
  expect(Object.keys((await (await get('/v2/')).json()) as object)).toEqual(['version']);
  expect(
    Object.keys(
      (await (await get('/', { accept: 'application/vnd.openstack.compute+json;version=2' })).json()) as object,
    ),
  ).toEqual(['version']);
});

test('servers are made, listed, acted upon and deleted; requests are counted; the eleventh change of a minute is refused', async () => {
  const { urls } = await startLauncher(example, 'nova-api.ts', 'nova.conf', {
    ...FREE_PORTS,
    osapi_compute_workers: 'osapi_compute_workers = 0',
  });
  const url = `${urls.get('osapi_compute')}/v2`;
  const send = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${url}/lab${path}`, { method, headers: ME, body: body === undefined ? null : JSON.stringify(body) });
  expect((await fetch(`${url}/`, {})).headers.get('x-auth-token')).toBe('admin:admin');
  const made = await send('POST', '/servers', { server: { name: 'web' } });
  expect(made.status).toBe(202);
  const { server } = (await made.json()) as { server: { id: string } };
  expect(await (await send('GET', '/servers')).json()).toEqual({ servers: [{ id: server.id, name: 'web' }] });
  expect((await send('POST', `/servers/${server.id}/action`, { reboot: {} })).status).toBe(202);
  expect(await (await send('GET', '/servers/detail')).json()).toEqual({
    servers: [{ id: server.id, name: 'web', status: 'REBOOT' }],
  });
  expect((await send('DELETE', `/servers/${server.id}`)).status).toBe(204);
  expect(await (await send('GET', `/servers/${server.id}`)).json()).toEqual({
    itemNotFound: { code: 404, message: 'The resource could not be found.' },
  });
  expect((await send('POST', '/servers', { server: { name: 'x'.repeat(120_000) } })).status).toBe(413);

  const counted = (await (await fetch(`${url}/monitor`, { headers: ME })).json()) as {
    requests: { address: string; count: number }[];
  };
  const total = counted.requests.reduce((sum, { count }) => sum + count, 0);
  expect([counted.requests[0]?.address, total]).toEqual(['127.0.0.1', 6]);

  // The clock may pass a full minute meanwhile, once.
  const statuses: number[] = [];
  for (let at = 0; at < 21; at++)
    statuses.push((await send('POST', '/servers', { server: { name: `s${at}` } })).status);
  expect(statuses.filter((status) => status === 202).length).toBeLessThanOrEqual(20);
  expect(statuses).toContain(429);
});
