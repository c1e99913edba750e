import { Agent, request as send, type RequestOptions } from 'node:http';
import { request as sendTls } from 'node:https';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** One request over node:http. Rejects when it gets no whole answer. */
export function request(
  port: number,
  path: string,
  options: RequestOptions & { body?: string; tls?: boolean } = {},
): Promise<Answer> {
  const { body, tls, ...rest } = options;
  return new Promise((resolve, reject) => {
    const all = { host: '127.0.0.1', port, path, agent: false, rejectUnauthorized: false, ...rest };
    const req = (tls === true ? sendTls : send)(all, (res) => {
      let text = '';
      res.setEncoding('latin1');
      res.on('data', (chunk: string) => (text += chunk));
      res.on('error', reject);
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

let lastTimestamp = 0;

/** Headers of a PUT to an object server. */
export function putHeaders(): Record<string, string> {
  lastTimestamp = Math.max(Date.now() / 1000, lastTimestamp + 0.00001);
  return { 'X-Timestamp': lastTimestamp.toFixed(5), 'Content-Type': 'text/plain' };
}

/** Clients that send requests without a pause, each the next as soon as the last was answered. */
export class BusyClients {
  answered = 0;
  readonly faults: string[] = [];
  readonly #agents: Agent[] = [];
  readonly #running: Promise<void>[] = [];
  #stopping = false;

  constructor(port: number, count: number) {
    for (let at = 0; at < count; at++) this.#running.push(this.#run(port, at));
  }

  /** Half of the clients keep their connections, half close them; of each half, half write and half read. */
  async #run(port: number, client: number): Promise<void> {
    const keepAlive = client % 2 === 0;
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    this.#agents.push(agent);
    const path = `/sdb1/0/AUTH_a/c/o${client}`;
    const body = `object ${client} `.repeat(100);
    for (let round = 0; !this.#stopping; round++) {
      const writes = round === 0 || (client % 4 < 2 && round % 4 === 0);
      try {
        const answer = writes
          ? await request(port, path, { method: 'PUT', agent, headers: putHeaders(), body })
          : await request(port, path, { agent });
        if (writes ? answer.status !== 201 : answer.status !== 200 || answer.body !== body)
          this.faults.push(`${writes ? 'PUT' : 'GET'} ${path}: ${answer.status}`);
        this.answered++;
      } catch (error) {
        this.faults.push(`${writes ? 'PUT' : 'GET'} ${path} ${keepAlive ? 'kept' : 'own'}: ${String(error)}`);
      }
    }
    agent.destroy();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }
}
