/** `npm run sbom`: prints the CycloneDX bill of materials that the build puts into `dist/`. */
import { fileURLToPath } from 'node:url';
import { billOfMaterials } from './bundle/bill-of-materials.ts';
import { bundle } from './bundle/bundle.ts';
import { bundledPackages } from './bundle/bundled-packages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { modules } = await bundle(root);
process.stdout.write(billOfMaterials(root, bundledPackages(root, modules)));
