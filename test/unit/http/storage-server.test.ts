import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseFreeSpaceReserve } from '../../../src/common/drive.ts';
import { makeLogLine } from '../../../src/http/log-line.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import { errorResponse, HttpError, textResponse } from '../../../src/http/response.ts';
import {
  checkDrive,
  dispatch,
  type DispatchOptions,
  requireTimestamp,
  splitBackendPath,
  validateInternalNames,
} from '../../../src/http/storage-server.ts';
import { LineLog, silentLog } from './silent-log.ts';

function request(method: string, target: string, headers: Record<string, string> = {}): SwiftRequest {
  return new SwiftRequest({ method, target, headers, log: silentLog, remoteAddress: '127.0.0.1' });
}

function answerOf(act: () => unknown): [number, string, string | undefined] | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    const res = (error as HttpError).toResponse();
    return [res.status, (error as HttpError).message, res.headers.get('content-type')];
  }
}

describe('paths of backend requests', () => {
  test.each([
    ['/sdb1', 'Invalid path: /sdb1'],
    ['/sdb1/1', 'Invalid path: /sdb1/1'],
    ['/sdb1/1/AUTH_a', 'Invalid path: /sdb1/1/AUTH_a'],
    ['//1/AUTH_a/c', 'Invalid path: //1/AUTH_a/c'],
    ['/../1/AUTH_a/c', 'Invalid device: ..'],
    ['/sdb1/./AUTH_a/c', 'Invalid partition: .'],
    ['/sdb1/1/AUTH_a//', 'Invalid path: /sdb1/1/AUTH_a//'],
  ])('%s gets 400 in plain text', (target, text) => {
    const act = (): unknown => splitBackendPath(request('GET', target), 4, 5, true);
    expect(answerOf(act)).toEqual([400, text, 'text/plain']);
  });

  test('names are decoded once, and the object keeps its slashes', () => {
    expect(splitBackendPath(request('PUT', '/sdb1/7/AUTH_a/c%20c/o/%252F/x'), 4, 5, true)).toEqual([
      'sdb1',
      '7',
      'AUTH_a',
      'c c',
      'o/%2F/x',
    ]);
  });

  test.each<[string, string, string?, string?]>([
    ['Invalid reserved-namespace account', 'a\0', 'c'],
    ['Invalid reserved-namespace container', 'a', 'c\0d'],
    ['Invalid user-namespace object in reserved-namespace container', 'a', '\0c', 'o'],
    ['Invalid reserved-namespace object in user-namespace container', 'a', 'c', '\0o'],
    ['Invalid reserved-namespace object', 'a', 'c', 'a\0o'],
  ])('%s', (text, account, container, object) => {
    const act = (): unknown => validateInternalNames(account, container, object);
    expect(answerOf(act)).toEqual([400, text, 'text/html; charset=UTF-8']);
  });

  test('names that begin with NUL are taken together', () => {
    validateInternalNames('\0a', '\0c', '\0o\0x');
    validateInternalNames('\0a', 'c', 'o');
    validateInternalNames('a', '\0c');
  });
});

describe('X-Timestamp', () => {
  test.each<[Record<string, string>, string]>([
    [{}, 'Missing X-Timestamp header'],
    [{ 'x-timestamp': '' }, 'Invalid X-Timestamp header'],
    [{ 'x-timestamp': 'abc' }, 'Invalid X-Timestamp header'],
    [{ 'x-timestamp': '-1' }, 'Invalid X-Timestamp header'],
  ])('%j gets 400', (headers, text) => {
    const act = (): unknown => requireTimestamp(request('PUT', '/', headers));
    expect(answerOf(act)).toEqual([400, text, 'text/plain']);
  });

  test('an offset survives', () => {
    const req = request('PUT', '/', { 'x-timestamp': '1700000000.00000_00000000000000ff' });
    expect(requireTimestamp(req).internal).toBe('1700000000.00000_00000000000000ff');
  });
});

describe('dispatch', () => {
  function server(options: Partial<DispatchOptions> = {}): { log: LineLog; options: DispatchOptions } {
    const log = new LineLog();
    let now = 1795362453;
    return {
      log,
      options: {
        serverType: 'container',
        methods: {
          GET: () => Promise.resolve(textResponse(200, 'abc', { 'x-backend-storage-policy-index': '1' })),
          REPLICATE: () => Promise.resolve(errorResponse(202)),
          FAIL: () => Promise.reject(new TypeError('secret')),
        },
        replicationServer: true,
        log,
        logRequests: true,
        logLine: makeLogLine(),
        now: () => (now += 0.25),
        ...options,
      },
    };
  }

  test('a path that is not UTF-8 gets 412 whatever the verb', async () => {
    const res = await dispatch(server().options)(request('GET', '/sdb1/1/a/%ff'));
    expect([res.status, res.headers.get('content-type'), await res.text()]).toEqual([
      412,
      'text/html; charset=UTF-8',
      'Invalid UTF8 or contains NULL',
    ]);
  });

  test.each(['FOO', '__proto__', 'constructor', 'get', 'toString'])('the verb %s gets 405', async (verb) => {
    expect((await dispatch(server().options)(request(verb, '/sdb1/1/a/c'))).status).toBe(405);
  });

  test('OPTIONS tells the verbs and the server, which the replication server may lack', async () => {
    const res = await dispatch(server().options)(request('OPTIONS', '/'));
    expect(res.status).toBe(200);
    expect(res.headers.get('allow')).toBe('FAIL, GET, OPTIONS, REPLICATE');
    expect(res.headers.get('server')).toBe('container-server/2.38.2');
    const other = dispatch(server({ replicationServer: false }).options);
    expect((await other(request('OPTIONS', '/'))).headers.get('allow')).toBe('FAIL, GET, OPTIONS');
    expect((await other(request('REPLICATE', '/sdb1/1/x'))).status).toBe(405);
  });

  test('a bug is logged and gets 500 without telling what it was', async () => {
    const { log, options } = server();
    const res = await dispatch(options)(request('FAIL', '/sdb1/1/a/c'));
    expect([res.status, await res.text()]).toEqual([500, 'An error occurred']);
    expect(log.lines[0]).toContain('error ERROR __call__ error with FAIL /sdb1/1/a/c TypeError: secret');
  });

  test('the access line is that of Swift', async () => {
    const { log, options } = server();
    const app = dispatch(options);
    await app(
      request('GET', '/sdb1/1/AUTH_a/c%20d', {
        referer: 'GET http://h/x',
        'x-trans-id': 'tx1',
        'user-agent': 'proxy-server 7',
      }),
    );
    await app(request('REPLICATE', '/sdb1/1/h'));
    expect(log.lines).toEqual([
      'info 127.0.0.1 - - [22/Nov/2026:15:47:33 +0000] "GET /sdb1/1/AUTH_a/c%20d" 200 3 "GET http://h/x" "tx1" ' +
        `"proxy-server 7" 0.2500 "-" ${process.pid} 1`,
      `debug 127.0.0.1 - - [22/Nov/2026:15:47:34 +0000] "REPLICATE /sdb1/1/h" 202 - "-" "-" "-" 0.2500 "-" ${process.pid} -`,
    ]);
  });

  test('log_requests = false keeps quiet', async () => {
    const { log, options } = server({ logRequests: false });
    await dispatch(options)(request('GET', '/sdb1/1/a/c'));
    expect(log.lines).toEqual([]);
  });

  test('log_format shapes the line, and an unknown field is refused when it is made', async () => {
    const line = makeLogLine({
      format: '{time.Y}-{time.m} {remote_addr.anonymized} {method} {trans_time:.1f} {status}',
      anonymizationSalt: 's',
    });
    const { log, options } = server({ logLine: line });
    await dispatch(options)(request('GET', '/sdb1/1/a/c'));
    expect(log.lines).toEqual(['info 2026-11 {SMD5}77222cb1237241cfb7d4cbfdf7f98c9e GET 0.3 200']);
    expect(() => makeLogLine({ format: '{nonsense}' })).toThrow('{nonsense}');
  });
});

describe('devices', () => {
  let devices: string;
  beforeEach(() => {
    devices = mkdtempSync(join(tmpdir(), 'apus-drive-'));
    mkdirSync(join(devices, 'sdb1'));
    writeFileSync(join(devices, 'file'), '');
  });
  afterEach(() => rmSync(devices, { recursive: true }));
  const anySpace = parseFreeSpaceReserve('0');

  test('a device that is no folder gets 507 with its name', async () => {
    for (const device of ['nodev', 'file', 'a\0b']) {
      const res = checkDrive({ devices, mountCheck: false, reserve: anySpace }, device, false);
      expect([res?.status, await res?.text()]).toEqual([
        507,
        '<html><h1>Insufficient Storage</h1><p>There was not enough space to save the resource. ' +
          `Drive: ${device}</p></html>`,
      ]);
    }
    expect(checkDrive({ devices, mountCheck: false, reserve: anySpace }, 'sdb1', true)).toBeUndefined();
  });

  test('mount_check wants a mount point or its stub', () => {
    const options = { devices, mountCheck: true, reserve: anySpace };
    expect(checkDrive(options, 'sdb1', false)?.status).toBe(507);
    writeFileSync(join(devices, 'sdb1', '.ismount'), '');
    expect(checkDrive(options, 'sdb1', false)).toBeUndefined();
    symlinkSync('/proc', join(devices, 'link'));
    expect(checkDrive(options, 'link', false)?.status).toBe(507);
    expect(checkDrive({ ...options, devices: '/' }, 'proc', false)).toBeUndefined();
  });

  test('a reserve above the free space stops writing only', () => {
    const options = { devices, mountCheck: false, reserve: parseFreeSpaceReserve('100%') };
    expect(checkDrive(options, 'sdb1', true)?.status).toBe(507);
    expect(checkDrive(options, 'sdb1', false)).toBeUndefined();
  });

  test.each(['x', '', '101%', '%', '-1%'])('fallocate_reserve = %s is refused', (text) => {
    expect(() => parseFreeSpaceReserve(text)).toThrow('expected a');
  });

  test('fallocate_reserve is bytes or a percentage', () => {
    expect(parseFreeSpaceReserve('1%')).toEqual({ value: 1, isPercent: true });
    expect(parseFreeSpaceReserve(' 1048576 ')).toEqual({ value: 1048576, isPercent: false });
  });
});
