/** The least that node:http does for an answer of 1 KiB: a limit of the table. Prints its port as JSON. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const BODY = Buffer.alloc(1024, 'x');

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': BODY.length });
  response.end(BODY);
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })));
