import { runComposer } from './ring-composer/run.ts';
import { runTerminalCommand } from './terminal-command.ts';

await runTerminalCommand({ name: 'swift-ring-composer', failureCode: 2 }, runComposer);
