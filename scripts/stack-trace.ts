/**
 * `npm run --silent stack-trace < FILE`: prints a log or a stack trace of the bundle with the places in the sources. It needs the
 * source maps of the same build in `source-maps/`, and names each file that has none.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { originalPlaces } from './bundle/original-places.ts';

const readMap = (name: string) => {
  const file = fileURLToPath(new URL(`../source-maps/${name}`, import.meta.url));
  if (existsSync(file)) return readFileSync(file, 'utf8');
  process.stderr.write(
    `no source map ${name} in source-maps/; build the version that wrote the stack trace\n`,
  );
  return undefined;
};
process.stdout.write(originalPlaces(readFileSync(0, 'utf8'), readMap));
