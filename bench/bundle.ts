import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Bundles and minifies a module as a user's build does. `@hearth` packages are those that this process resolves to. */
export async function bundle(source: string, external: readonly string[]): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: here, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    platform: 'node',
    external: [...external],
    write: false,
    plugins: [
      {
        name: 'hearth',
        setup({ onResolve }) {
          onResolve({ filter: /^@hearth\// }, ({ path }) => ({
            path: fileURLToPath(import.meta.resolve(path)),
          }));
        },
      },
    ],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('The bundler gave no file.');
  return file.contents;
}
