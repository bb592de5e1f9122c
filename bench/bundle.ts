import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** What a bundle needs at its top if something in it is CommonJS, such as pino; `const require` is what users write there. */
export const withRequire = `import { createRequire as makeRequire } from 'node:module';
const require = makeRequire(import.meta.url);`;

/**
 * Bundles and minifies a module as a user's build does. `@hearth` packages are those that this process resolves to; an external one is
 * left out with all of its doors.
 */
export async function bundle(
  source: string,
  external: readonly string[],
  banner = '',
): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: here, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    platform: 'node',
    external: [...external],
    banner: { js: banner },
    write: false,
    plugins: [
      {
        name: 'hearth',
        setup({ onResolve }) {
          onResolve({ filter: /^@hearth\// }, ({ path }) =>
            external.some((name) => path === name || path.startsWith(`${name}/`))
              ? { path, external: true }
              : { path: fileURLToPath(import.meta.resolve(path)) },
          );
        },
      },
    ],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('The bundler gave no file.');
  return file.contents;
}
