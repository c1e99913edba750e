import { runUpdaterCommand } from './updater-command.ts';

await runUpdaterCommand('container-updater');
