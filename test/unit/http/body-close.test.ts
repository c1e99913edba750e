import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { bodyStream, closeBody, SwiftResponse } from '../../../src/middleware-api.ts';

function stream(): Readable {
  return Readable.from([Buffer.from('a'), Buffer.from('b')]);
}

test('a stream of Node is destroyed when it is closed unread, or before its end', async () => {
  const streams = [stream(), stream(), stream(), stream()] as const;
  await closeBody(streams[0]);
  await bodyStream(streams[1]).close();
  const begun = bodyStream(streams[2]);
  expect(await begun.read()).toEqual(Buffer.from('a'));
  await begun.close();
  const wrapped = new SwiftResponse(200, {}, streams[3]).withBody(async function* (chunks) {
    yield* chunks;
  });
  await wrapped.close();
  expect(streams.map(({ destroyed }) => destroyed)).toEqual([true, true, true, true]);
});
