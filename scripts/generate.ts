/** `npm run generate`: writes what is derived from the declarations in the source. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated.ts';

for (const [path, text] of await generatedFiles()) {
  writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), text);
  process.stdout.write(`wrote ${path}\n`);
}
