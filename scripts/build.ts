/**
 * `npm run build`: writes the program into `dist/`, with the licenses and the bill of materials of its packages. The source maps go
 * into `source-maps/`, because neither the image nor the package contains them.
 */
import { fileURLToPath } from 'node:url';
import { writeBundle } from './bundle/write-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
await writeBundle(root, root);
