/** Resolves at the first SIGTERM, SIGINT or SIGHUP. Later ones change nothing: a shell delivers Ctrl-C twice. */
export function endSignal(): Promise<'stop' | 'drain'> {
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve('stop'));
    process.on('SIGINT', () => resolve('stop'));
    process.on('SIGHUP', () => resolve('drain'));
  });
}
