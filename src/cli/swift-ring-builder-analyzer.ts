import { runAnalyzer } from './ring-builder-analyzer/run.ts';
import { runTerminalCommand } from './terminal-command.ts';

await runTerminalCommand({ name: 'swift-ring-builder-analyzer', failureCode: 1 }, runAnalyzer);
