/** `apus`: the command of one machine, and of whoever writes filters. */

import { runApusCommand } from './apus/command.ts';

await runApusCommand();
