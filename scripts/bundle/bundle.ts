/** Bundles the program and its packages with rolldown. docs/adr/0042-bundle.md gives the reasons. */
import { join } from 'node:path';
import { type OutputAsset, type OutputChunk, rolldown } from 'rolldown';
import { cheapBuiltins } from './cheap-builtins.ts';
import { withoutUnusedPackages } from './unused-packages.ts';

/** The chunk of what runs before the version of Node is known to be new enough. It must not load the others. */
const earlyRoots = /\/src\/cli\/find-command\.ts$/;

/** Each service loads these. All that these files import is in one chunk, so that a start reads few files. */
const serviceRoots = /\/src\/(?:cli\/serve|cli\/serve\/service|config\/load\/settings)\.ts$/;

/** A file of the bundle, below `dist/`. */
export interface BundleFile {
  readonly name: string;
  readonly text: string;
}

/** The files of a bundle, and what they contain. */
export interface Bundle {
  readonly chunks: readonly OutputChunk[];
  readonly files: readonly BundleFile[];
  /** The source maps by the name of their chunk, which does not refer to them. */
  readonly maps: readonly BundleFile[];
  /** Modules with code in the bundle, relative to the root, sorted. */
  readonly modules: readonly string[];
}

/**
 * Bundles `src/main.ts`. Each dynamic import becomes a chunk. The output depends only on the sources and the packages.
 *
 * @param root the folder of package.json
 */
export async function bundle(root: string): Promise<Bundle> {
  const build = await rolldown({
    cwd: root,
    // The second is loaded with require, so its name must be known.
    input: { main: 'src/main.ts', expression: 'src/config/expression/expression.ts' },
    platform: 'node',
    tsconfig: false,
    // A folder that is a link must not change the output.
    resolve: { symlinks: false },
    // Files are imported both lazily and at once, on purpose: a command needs at once what a service may not need.
    checks: { ineffectiveDynamicImport: false },
    onLog: (_, { message }) => {
      throw new Error(message);
    },
    plugins: [withoutUnusedPackages(), cheapBuiltins()],
  });
  const { output } = await build.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: 'hidden',
    // Names in logs and stack traces stay, and so do line breaks.
    minify: false,
    // V8 holds a file with one character beyond Latin-1 in two bytes for each of its characters.
    charset: 'ascii',
    comments: { legal: true, annotation: false, jsdoc: false },
    codeSplitting: {
      groups: [
        { name: 'command-line', test: earlyRoots, priority: 2 },
        { name: 'service', test: serviceRoots, priority: 1 },
        { name: 'config-file', test: /\/src\/config\/load\/file\.ts$/ },
      ],
    },
  });
  await build.close();
  const chunks = output.filter((one): one is OutputChunk => one.type === 'chunk');
  const maps = output
    .filter((one): one is OutputAsset => one.type === 'asset')
    .map(({ fileName, source }) => ({ name: fileName, text: String(source) }));
  const modules = chunks.flatMap(({ modules }) =>
    Object.entries(modules)
      .filter(([, { renderedLength }]) => renderedLength > 0)
      .map(([id]) => id.replace(join(root, '/'), '')),
  );
  return {
    chunks,
    files: chunks.map(({ fileName, code }) => ({ name: fileName, text: code })),
    maps,
    modules: [...new Set(modules)].toSorted(),
  };
}
