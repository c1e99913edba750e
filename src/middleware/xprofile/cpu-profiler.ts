/** CPU profiles of this process by V8's own profiler: one at a time, each with an end. */

import { Session } from 'node:inspector/promises';
import type { Profiler } from 'node:inspector';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientDisconnect, HttpError } from '../../middleware-api.ts';

export type CpuProfile = Profiler.Profile;

/** A profile that is being taken. */
interface Running {
  readonly session: Session;
  /** Ends the profile that nobody stops; undefined for one that whoever asked for it ends. */
  timer: NodeJS.Timeout | undefined;
}

export class CpuProfiler {
  /** From the moment one is asked for. */
  #running: Promise<Running> | undefined;

  /** Profiles for so long. Throws HttpError 409 while another is taken, ClientDisconnect when the signal aborts before the end. */
  async during(seconds: number, signal: AbortSignal): Promise<CpuProfile> {
    const running = this.#begin();
    await running;
    try {
      await delay(seconds * 1000, undefined, { signal });
    } catch (error) {
      await this.#end(running);
      throw signal.aborted ? new ClientDisconnect() : error;
    }
    return this.#end(running);
  }

  /** Begins a profile that is given up after `maxSeconds`. Throws HttpError 409 while another is taken. */
  async start(maxSeconds: number): Promise<void> {
    const running = this.#begin();
    const giveUp = (): void => void this.#end(running).catch(() => undefined);
    (await running).timer = setTimeout(giveUp, maxSeconds * 1000).unref();
  }

  /** Ends the profile that `start` began. Throws HttpError 409 when there is none, also while `during` takes one. */
  async stop(): Promise<CpuProfile> {
    const running = this.#running;
    if (running === undefined || (await running).timer === undefined) throw notRunning();
    return this.#end(running);
  }

  /** Gives up the profile that is being taken, if any. */
  async close(): Promise<void> {
    if (this.#running !== undefined) await this.#end(this.#running);
  }

  /** Throws HttpError 409 when that profile has ended already. */
  async #end(running: Promise<Running>): Promise<CpuProfile> {
    if (this.#running !== running) throw notRunning();
    this.#running = undefined;
    const { session, timer } = await running;
    clearTimeout(timer);
    try {
      return (await session.post('Profiler.stop')).profile;
    } finally {
      session.disconnect();
    }
  }

  #begin(): Promise<Running> {
    if (this.#running !== undefined) throw new HttpError(409, 'A profile is being taken.\n');
    const running = openSession();
    this.#running = running;
    running.catch(() => {
      if (this.#running === running) this.#running = undefined;
    });
    return running;
  }
}

function notRunning(): HttpError {
  return new HttpError(409, 'No profile is being taken.\n');
}

async function openSession(): Promise<Running> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
  } catch (error) {
    session.disconnect();
    throw error;
  }
  return { session, timer: undefined };
}
