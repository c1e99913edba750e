import { createSocket } from 'node:dgram';
import { promises } from 'node:dns';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { expect, test } from 'vitest';
import { type ClosableLogger, LogOptionError, makeLogger } from '../../../src/cli/log/logger.ts';

/** The datagrams that a logger with these options sends while `write` runs. */
async function linesOf(
  conf: Record<string, string>,
  count: number,
  write: (logger: ClosableLogger) => void,
): Promise<string[]> {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const lines: string[] = [];
  const received = new Promise<void>((resolve) => {
    server.on('message', (message) => {
      lines.push(message.toString('utf8'));
      if (lines.length === count) resolve();
    });
  });
  const udp = { log_udp_host: '127.0.0.1', log_udp_port: String(server.address().port) };
  const logger = makeLogger({ conf: { ...conf, ...udp }, name: 'proxy-server' });
  try {
    write(logger);
    await received;
  } finally {
    logger.close();
    server.close();
  }
  return lines;
}

test('a line carries facility and severity, log_name, message and transaction id, and ends with NUL', async () => {
  const lines = await linesOf({ log_facility: 'LOG_LOCAL1', log_name: 'edge' }, 2, (logger) => {
    logger.info('one\ntwo');
    logger.withTransaction('tx123').warn('late');
  });
  expect(lines).toEqual([`<${17 * 8 + 6}>edge: one#012two\0`, `<${17 * 8 + 4}>edge: late (txn: tx123)\0`]);
});

test('lines below log_level are not sent', async () => {
  const lines = await linesOf({ log_level: 'WARNING' }, 1, (logger) => {
    logger.debug('no');
    logger.info('no');
    logger.warn('yes');
  });
  expect(lines).toEqual([`<${16 * 8 + 4}>proxy-server: yes\0`]);
});

test('a section may name its own log with a prefix', async () => {
  const lines = await linesOf({}, 1, (logger) => {
    logger.withOptions({ access_log_name: 'access', access_log_facility: 'LOG_LOCAL3' }, 'access_').info('GET');
  });
  expect(lines).toEqual([`<${19 * 8 + 6}>access: GET\0`]);
});

test('a long line keeps both ends within log_max_line_length', async () => {
  const lines = await linesOf({ log_max_line_length: '25' }, 1, (logger) =>
    logger.info('a'.repeat(50) + 'z'.repeat(50)),
  );
  const text = (lines[0] as string).replace(/^<\d+>/, '').replace('\0', '');
  expect(text.length).toBeLessThanOrEqual(25);
  expect(text).toMatch(/^proxy-serv \.\.\. z+$/);
});

test('an unknown facility or level is refused with what was expected', () => {
  expect(() => makeLogger({ conf: { log_facility: 'LOG_NOWHERE' }, name: 'x' })).toThrow(LogOptionError);
  expect(() => makeLogger({ conf: { log_level: 'LOUD' }, name: 'x' })).toThrow(/log_level = LOUD: expected DEBUG/);
});

test.each(['localhost', '::1'])('lines go to a log host given as %s', async (host) => {
  const { address } = await promises.lookup(host);
  const server = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  server.bind(0, address);
  await once(server, 'listening');
  const conf = { log_udp_host: host, log_udp_port: String(server.address().port) };
  const logger = makeLogger({ conf, name: 'proxy-server' });
  try {
    const received = once(server, 'message');
    logger.info('é');
    const [message] = (await received) as [Buffer];
    expect(message.toString('utf8')).toBe(`<${16 * 8 + 6}>proxy-server: é\0`);
  } finally {
    logger.close();
    server.close();
  }
});

test('what is logged after the end goes nowhere', () => {
  const logger = makeLogger({ conf: { log_udp_host: '127.0.0.1', log_udp_port: '9' }, name: 'proxy-server' });
  logger.close();
  expect(() => logger.error('late')).not.toThrow();
});
