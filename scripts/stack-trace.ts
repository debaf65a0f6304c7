/**
 * `npm run stack-trace < FILE`: prints a log or a stack trace of the bundle with the places in the sources. It needs the source maps
 * of the same build in `source-maps/`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { originalPlaces } from './bundle/original-places.ts';

const readMap = (name: string) => {
  const file = fileURLToPath(new URL(`../source-maps/${name}`, import.meta.url));
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};
process.stdout.write(originalPlaces(readFileSync(0, 'utf8'), readMap));
