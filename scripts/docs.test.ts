import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { blocksOf, extract, pages } from './docs.ts';
import { read, root } from './sources.ts';

const texts = pages().map((page) => ({ page, text: read(page) }));
const blocks = texts.flatMap(({ page, text }) => blocksOf(page, text));
const extracted = extract(blocks);

afterAll(() => {
  extracted.remove();
});

/** Gives what the compiler says about the files in a folder, with paths relative to it. What they import is checked elsewhere. */
function compile(folder: string): string {
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return '';
  } catch (error) {
    const output = String((error as { readonly stdout?: unknown }).stdout);
    return output.replaceAll(/^\.\.\/.*\n(?: +.*\n)*/gm, '');
  }
}

describe('the code in the documentation', () => {
  it('type-checks', () => {
    expect(compile(extracted.folder)).toBe('');
  }, 90_000);

  it.each(blocks.filter((block) => block.isRun && !block.code.includes("from 'vitest'")))(
    'runs: $page:$line',
    async (block) => {
      // A failed assertion of the console says so, and nothing more.
      const assertion = vi.spyOn(console, 'assert');
      await expect(import(extracted.pathOf(block))).resolves.toBeDefined();
      expect(assertion.mock.calls.filter(([holds]) => holds !== true)).toEqual([]);
      assertion.mockRestore();
    },
  );

  for (const block of blocks.filter((one) => one.isRun && one.code.includes("from 'vitest'"))) {
    // The block calls `it` itself; its tests become tests of this suite.
    describe(`${block.page}:${block.line}`, async () => {
      await import(extracted.pathOf(block));
    });
  }
});

describe('the links in the documentation', () => {
  const link = /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)/g;
  const code = /^( *)(`{3,}|~{3,})[\s\S]*?^\1\2 *$/gm;
  // The reference of the API is generated, and absent until it is.
  const isGenerated = (target: string): boolean => target.includes('reference/api/');

  it.each(texts)('of $page lead to files', ({ page, text }) => {
    const targets = [...text.replaceAll(code, '').matchAll(link)].map((match) => match[1] ?? '');
    const missing = targets
      .filter((target) => !existsSync(join(root, dirname(page), target)))
      .filter((target) => !isGenerated(join(dirname(page), target)));
    expect(missing).toEqual([]);
  });
});

describe('blocksOf', () => {
  const fence = '```';

  it('takes TypeScript blocks only, with the line of their code', () => {
    const text = `# Page\n\n${fence}sh\nnpm test\n${fence}\n\n${fence}ts run\nexport {};\n${fence}\n`;
    expect(blocksOf('page.md', text)).toEqual([
      { page: 'page.md', line: 8, code: 'export {};\n', file: 'line-8.ts', isRun: true },
    ]);
  });

  it('leaves out a block that says why', () => {
    const text = `${fence}ts\n// @nocheck: only the shape matters\nlet x: Nonsense;\n${fence}\n`;
    expect(blocksOf('page.md', text)).toEqual([]);
  });

  it('keeps the name of a file', () => {
    const text = `${fence}ts file=home.ts\nexport const a = 1;\n${fence}\n`;
    expect(blocksOf('page.md', text)).toMatchObject([{ file: 'home.ts', isRun: false }]);
  });
});

describe('extract', () => {
  it('lets a fault be found at the line of its page', () => {
    const block = { page: 'page.md', file: 'a.ts', isRun: false };
    const made = extract([
      { ...block, line: 3, code: "import { b } from './b.ts';\nexport const a: string = b;\n" },
      { ...block, line: 9, file: 'b.ts', code: 'export const b = 1;\n' },
      { ...block, line: 12, code: 'export const c: boolean = a;\n' },
    ]);
    const output = compile(made.folder);
    made.remove();
    expect(output).toContain('page/a.ts(4,');
    expect(output).toContain('page/a.ts(12,');
  }, 90_000);
});
