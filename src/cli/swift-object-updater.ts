import { runUpdaterCommand } from './updater-command.ts';

await runUpdaterCommand('object-updater');
