import { SUCCESS, type Command } from './command.ts';

export const validate: Command = {
  kind: 'with builder',
  usage: [''],
  about: 'Checks that every partition is assigned, to devices that exist, to none twice.',
  leastWords: 0,
  async run(_session, builder) {
    builder.validate();
    return SUCCESS;
  },
};
