import { describe, expect, it } from 'vitest';
import { main } from '../packages/cli/src/main.ts';
import { read } from './sources.ts';

/** What `hearth` prints when it is asked for help. */
async function help(...words: readonly string[]): Promise<string> {
  let text = '';
  const stdout = { write: (more: string) => void (text += more) };
  const io = { stdout, stderr: stdout, env: {}, now: () => 0 };
  await main(['help', ...words], io);
  return text.trimEnd();
}

describe('docs/reference/cli.md', async () => {
  const page = read('docs/reference/cli.md');
  const names = [...(await help()).matchAll(/^ {2}hearth (\S+)/gm)].map((match) => match[1] ?? '');

  it.each(names)('shows the help of hearth %s', async (name) => {
    expect(page).toContain(`## hearth ${name}\n`);
    expect(page).toContain(await help(name));
  });

  it('explains every exit code', async () => {
    const codes = /Exit codes: (.*)/.exec(await help())?.[1]?.match(/\d/g) ?? [];
    expect(codes).not.toEqual([]);
    expect(codes.filter((code) => !page.includes(`| ${code} `))).toEqual([]);
  });
});
