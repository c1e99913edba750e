import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readmeCommands, startExample } from '../../../test/example-readme.ts';

const example = join(import.meta.dirname, '..');

test('without auth the versions, the resources and the extensions are there, each answer with a request id', async () => {
  const { url } = await startExample(example);
  const { printed, promised } = await readmeCommands(example, url);
  expect(printed).toBe(promised);

  const send = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${url}/v2.0${path}`, { method, body: body === undefined ? null : JSON.stringify(body) });
  const made = await send('POST', '/ports', { port: { name: 'eth0' } });
  expect([made.status, made.headers.get('x-openstack-request-id')]).toEqual([
    201,
    expect.stringMatching(/^req-[0-9a-f-]{36}$/),
  ]);
  const { port } = (await made.json()) as { port: { id: string } };
  const changed = await send('PUT', `/ports/${port.id}`, { port: { name: 'eth1', id: 'other' } });
  expect(await changed.json()).toEqual({ port: { ...port, name: 'eth1' } });
  expect((await send('DELETE', `/ports/${port.id}`)).status).toBe(204);
  expect((await send('GET', `/ports/${port.id}`)).status).toBe(404);
  expect(await (await send('POST', '/ports', 'nonsense')).text()).toBe("Unable to find 'port' in request body\n");
  expect((await send('GET', '/extensions/none')).status).toBe(404);
  expect(await (await send('GET', '/')).json()).toEqual({ resources: ['networks', 'subnets', 'ports'] });
  // Outside of the pipeline of /v2.0.
  expect((await fetch(`${url}/anything`)).headers.has('x-openstack-request-id')).toBe(false);
});
