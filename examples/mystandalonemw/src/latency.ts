import { setTimeout as sleep } from 'node:timers/promises';
import { ClientDisconnect } from 'apus/middleware';

/** Milliseconds of `latency is 1000ms`; 0 of an empty text. */
export function latency(text: string): number {
  if (text.trim() === '') return 0;
  const match = /^\s*latency\s+is\s+(\d{1,6})\s*ms\s*$/i.exec(text);
  if (match === null) throw new Error('expected latency is <n>ms');
  return Number(match[1]);
}

/** Waits, but no longer than the client does. */
export async function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs === 0) return;
  try {
    await sleep(delayMs, undefined, { signal });
  } catch {
    throw new ClientDisconnect();
  }
}
