import { runGetNodes } from './get-nodes/run.ts';
import { runTerminalCommand } from './terminal-command.ts';

await runTerminalCommand({ name: 'swift-get-nodes', failureCode: 1 }, runGetNodes);
