import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesUnder, packageFolders, root } from './sources.ts';

/** One TypeScript code block of a page. `line` is that of its first line of code, counted from 1. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly code: string;
  readonly file: string;
  readonly isRun: boolean;
}

const fence = /^( *)(`{3,}|~{3,}) *ts\b([^\n`]*)\n([\s\S]*?)^\1\2 *$/gm;

/**
 * Gives the TypeScript blocks of a page of Markdown.
 *
 * A block opens with `ts`, then in any order `run` (the block is executed as well as type-checked) and `file=<name>` (the name under
 * which other blocks of the page import it; blocks of one name are one file, in the order of the page). A block that begins with
 * `// @nocheck: <reason>` is left out.
 */
export function blocksOf(page: string, text: string): readonly Block[] {
  return [...text.matchAll(fence)].flatMap((match) => {
    const [, indent = '', , info = '', body = ''] = match;
    const line = text.slice(0, match.index).split('\n').length + 1;
    const code = body
      .split('\n')
      .map((row) => row.slice(indent.length))
      .join('\n');
    if (/^\s*\/\/ @nocheck: \S/.test(code)) return [];
    const file = /(?:^|\s)file=(\S+)/.exec(info)?.[1] ?? `line-${line}.ts`;
    return [{ page, line, code, file, isRun: /(?:^|\s)run(?:\s|$)/.test(info) }];
  });
}

/** Gives the pages whose code is checked: the READMEs and everything under docs that is written by hand. */
export function pages(): readonly string[] {
  const readmes = ['README.md', ...packageFolders().map((name) => `packages/${name}/README.md`)];
  const written = filesUnder('docs', '.md').filter(
    (path) => !path.startsWith('docs/reference/api/'),
  );
  return [...readmes.filter((path) => existsSync(root + path)), ...written];
}

/** A folder that holds the blocks of all pages as files, inside `docs` so that their imports are found. */
export interface Extracted {
  readonly folder: string;
  pathOf(block: Block): string;
  remove(): void;
}

/** Writes blocks to files in which every line has the number that it has in its page. */
export function extract(blocks: readonly Block[]): Extracted {
  const folder = mkdtempSync(join(root, 'docs/.blocks-'));
  const pathOf = (block: Block): string =>
    join(folder, block.page.replace(/\.md$/, '').replaceAll('/', '.'), block.file);
  const texts = new Map<string, string>();
  for (const block of blocks) {
    const before = texts.get(pathOf(block)) ?? '';
    const missing = Math.max(0, block.line - before.split('\n').length);
    texts.set(pathOf(block), before + '\n'.repeat(missing) + block.code);
  }
  for (const [path, text] of texts) {
    mkdirSync(dirname(path), { recursive: true });
    // Without an import or export a file would be a script, and share its names with all other scripts.
    writeFileSync(path, /^(import|export)\b/m.test(text) ? text : `${text}\nexport {};\n`);
  }
  const config = { extends: '../../tsconfig.json', compilerOptions: { noUnusedLocals: false } };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ ...config, files: [...texts.keys()] }),
  );
  return { folder, pathOf, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
