import { ConfigError } from '../common/config-error.ts';
import { BindError } from '../compose/bind-error.ts';
import { LogOptionError } from './log/logger.ts';
import { WorkerFailure } from './supervisor.ts';

/** A fault at start as the operator should read it: one clear line where it is theirs to mend, with the stack where it is ours. */
export function describeFault(error: unknown): string {
  if (error instanceof ConfigError || error instanceof BindError || error instanceof LogOptionError)
    return error.message;
  if (error instanceof WorkerFailure) return error.message;
  if (!(error instanceof Error)) return String(error);
  // System errors carry a code and name the file; their stacks help nobody.
  if ('code' in error && 'syscall' in error) return error.message;
  return error.stack ?? error.message;
}
