import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

// Some packages that are bundled are CommonJS, and ask for Node's own modules by `require`.
const js =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
const module = { format: 'esm', banner: { js } } satisfies BuildOptions;
const script = { format: 'cjs' } satisfies BuildOptions;

/** What is built, by its place under `dist`; the SDKs are in it. */
export const bundles: Readonly<Record<string, BuildOptions & { readonly from: string }>> = {
  'aws/aws.mjs': { from: 'aws.ts', ...module },
  // The host's worker brings this one.
  'azure/azure.cjs': { from: 'azure.ts', ...script, external: ['@azure/functions-core'] },
  'gcp/gcp.cjs': { from: 'gcp.ts', ...script },
  'knative/home.mjs': { from: 'knative.ts', ...module, external: ['pg-native'] },
  'knative/dead-letters.mjs': { from: 'dead-letters.ts', ...module, external: ['pg-native'] },
  'gateway/gateway.mjs': { from: 'gateway.ts', ...module },
};

/** A file that was built, with its size in bytes. */
export interface Built {
  readonly file: string;
  readonly bytes: number;
  readonly gzippedBytes: number;
}

/**
 * Builds the files of these clouds, `aws` for instance, each in a folder of its own in `into`, which is emptied, with what its host reads
 * besides.
 */
export async function buildFor(
  clouds: readonly string[],
  into = join(here, 'dist'),
): Promise<readonly Built[]> {
  const wanted = Object.entries(bundles).filter(([file]) => clouds.includes(dirname(file)));
  for (const cloud of clouds) rmSync(join(into, cloud), { recursive: true, force: true });
  const built = await Promise.all(
    wanted.map(([file, how]) => buildOne(join(into, file), file, how)),
  );
  if (clouds.includes('azure')) {
    copyFileSync(join(here, 'azure/host.json'), join(into, 'azure/host.json'));
    writeFileSync(join(into, 'azure/package.json'), '{ "main": "azure.cjs" }\n');
  }
  return built;
}

async function buildOne(
  outfile: string,
  file: string,
  { from, ...how }: (typeof bundles)[string],
): Promise<Built> {
  await build({
    bundle: true,
    minify: true,
    // Node shows the line of an error that nobody has caught.
    lineLimit: 1000,
    platform: 'node',
    target: 'node22',
    logLevel: 'error',
    ...how,
    entryPoints: [join(here, from)],
    outfile,
  });
  const content = readFileSync(outfile);
  return { file, bytes: content.length, gzippedBytes: gzipSync(content).length };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const clouds = new Set(Object.keys(bundles).map(dirname));
  for (const { file, bytes, gzippedBytes } of await buildFor([...clouds])) {
    const [kB, gzipped] = [bytes, gzippedBytes].map((size) => Math.round(size / 1000));
    console.log(`dist/${file}: ${kB} kB, ${gzipped} kB gzipped`);
  }
}
