/** CPU profiles of this process by V8's own profiler: one at a time, each with an end. */

import { Session } from 'node:inspector/promises';
import type { Profiler } from 'node:inspector';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientDisconnect, HttpError } from '../../middleware-api.ts';

export type CpuProfile = Profiler.Profile;

interface Running {
  readonly session: Session;
  /** Ends the profile that nobody stops. */
  readonly timer: NodeJS.Timeout | undefined;
}

export class CpuProfiler {
  /** From the moment one is asked for. */
  #running: Promise<Running> | undefined;

  /** Profiles for so long. Throws HttpError 409 while another is taken, ClientDisconnect when the signal aborts before the end. */
  async during(seconds: number, signal: AbortSignal): Promise<CpuProfile> {
    await this.#begin(undefined);
    try {
      await delay(seconds * 1000, undefined, { signal });
    } catch (error) {
      await this.close();
      throw signal.aborted ? new ClientDisconnect() : error;
    }
    return this.stop();
  }

  /** Begins a profile that is given up after `maxSeconds`. Throws HttpError 409 while another is taken. */
  async start(maxSeconds: number): Promise<void> {
    await this.#begin(maxSeconds);
  }

  /** Ends the profile that was begun. Throws HttpError 409 when there is none. */
  async stop(): Promise<CpuProfile> {
    const running = this.#running;
    if (running === undefined) throw new HttpError(409, 'No profile is being taken.\n');
    this.#running = undefined;
    const { session, timer } = await running;
    clearTimeout(timer);
    try {
      return (await session.post('Profiler.stop')).profile;
    } finally {
      session.disconnect();
    }
  }

  /** Gives up the profile that is being taken, if any. */
  async close(): Promise<void> {
    if (this.#running !== undefined) await this.stop();
  }

  async #begin(maxSeconds: number | undefined): Promise<void> {
    if (this.#running !== undefined) throw new HttpError(409, 'A profile is being taken.\n');
    this.#running = this.#open(maxSeconds);
    try {
      await this.#running;
    } catch (error) {
      this.#running = undefined;
      throw error;
    }
  }

  async #open(maxSeconds: number | undefined): Promise<Running> {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    if (maxSeconds === undefined) return { session, timer: undefined };
    const giveUp = (): void => void this.close().catch(() => undefined);
    return { session, timer: setTimeout(giveUp, maxSeconds * 1000).unref() };
  }
}
