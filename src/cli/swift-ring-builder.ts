import { runRingBuilder } from './ring-builder/run.ts';
import { runTerminalCommand } from './terminal-command.ts';

await runTerminalCommand('swift-ring-builder', (argv, terminal) => runRingBuilder(argv, terminal));
