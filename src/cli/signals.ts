import { constants } from 'node:os';
import koffi from 'koffi';
import type { EndKind } from './serving.ts';

/** Calls `end` at every SIGTERM, SIGINT and SIGHUP. A shell delivers Ctrl-C twice, so a second signal is no stronger than the first. */
export function onEndSignals(end: (how: EndKind) => void): void {
  process.on('SIGTERM', () => end('stop'));
  process.on('SIGINT', () => end('stop'));
  process.on('SIGHUP', () => end('drain'));
}

const SIG_UNBLOCK = 1;
const SIGNAL_SET_BYTES = 128;

/**
 * Calls `reload` at every SIGUSR1. By Node's default that signal opens its debugger; the launchers' `--disable-sigusr1` prevents it by
 * blocking the signal, so that one which came too early waits and is delivered here.
 */
export function onReloadSignal(reload: () => void): void {
  process.on('SIGUSR1', reload);
  const libc = koffi.load('libc.so.6');
  const pthreadSigmask = libc.func('int pthread_sigmask(int how, const uint8_t *set, uint8_t *before)') as (
    how: number,
    set: Buffer,
    before: null,
  ) => number;
  const set = Buffer.alloc(SIGNAL_SET_BYTES);
  const bit = constants.signals.SIGUSR1 - 1;
  set[bit >> 3] = 1 << (bit & 7);
  pthreadSigmask(SIG_UNBLOCK, set, null);
}
