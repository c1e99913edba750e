import { runRingBuilder } from './ring-builder/run.ts';
import { runTerminalCommand } from './terminal-command.ts';

await runTerminalCommand({ name: 'swift-ring-builder', failureCode: 2 }, (argv, terminal) =>
  runRingBuilder(argv, terminal),
);
