import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeSection, renderOptions, type Sample } from './options-document.ts';

const golden = new URL('../../golden/options.json', import.meta.url);
const samples = JSON.parse(readFileSync(golden, 'utf8')) as Sample[];

test("docs/options.md tells of every option of Debian's sample configs what the modules here say", async () => {
  await expect(await renderOptions(samples)).toMatchFileSnapshot('../../../docs/options.md');
});

test('every section of the samples and every option in it stands in the document once', async () => {
  const text = await renderOptions(samples);
  for (const { file, sections } of samples) {
    const part = text
      .slice(text.indexOf(`## ${file}\n`))
      .slice(1)
      .split('\n## ', 1)[0] as string;
    for (const { section, options } of sections) {
      const from = part.indexOf(`### \`[${section}]\``);
      expect(from, `${file} ${section}`).toBeGreaterThan(0);
      const own = part.slice(from + 3).split('\n### ', 1)[0] as string;
      for (const option of options) expect(own.split(`\`${option}\``), `${file} ${section} ${option}`).toHaveLength(2);
    }
  }
});

test('options that a module reads are told as working, others are not', async () => {
  const proxy = samples.find(({ file }) => file === 'proxy-server.conf') as Sample;
  const status = async (section: string, option: string): Promise<string | undefined> => {
    const found = proxy.sections.find((each) => each.section === section);
    return (await describeSection(proxy.file, found!)).find((each) => each.option === option)?.status;
  };
  expect(await status('DEFAULT', 'bind_port')).toBe('works');
  expect(await status('DEFAULT', 'eventlet_debug')).toBe('no meaning');
  expect(await status('filter:healthcheck', 'disable_path')).toBe('works');
  expect(await status('filter:s3api', 'use')).toBe('not yet');
});
