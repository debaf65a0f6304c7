/** The fixtures of `doctor` are manifests that a real API server accepts: it cannot find these mistakes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { apiServerProblems, fetchDefinitions, findManifestValidator } from '../../tools/validators.ts';
import { describeWith } from '../support/real-servers.ts';

const folder = fileURLToPath(new URL('../tools/doctor/fixtures/', import.meta.url));
const validator = await findManifestValidator();

/** Problems that only this project's definition of the Istio resource and the linter for pods report. */
const ofThisProject = /Pod Security|spec\.config\.authorizers/;

/** The objects of a fixture; a patch and the values of a chart are not objects. */
function objectsIn(fixture: string, file: string): string {
  const documents = parseAllDocuments(readFileSync(join(folder, fixture, file), 'utf8'));
  return documents
    .map((document) => document.toJS() as { readonly kind?: string })
    .filter(({ kind }) => kind !== undefined)
    .map((object) => stringify(object, { version: '1.1', aliasDuplicateObjects: false }))
    .join('---\n');
}

describeWith('an API server', validator, (program) => {
  const cases = readdirSync(folder)
    // Kyma serves v1beta1 with a definition that is not part of this project.
    .filter((fixture) => fixture !== 'K31-v1beta1')
    .flatMap((fixture) => [
      [fixture, 'bad.yaml'],
      [fixture, 'fixed.yaml'],
    ]);

  test.each(cases)('accepts %s/%s', async (fixture = '', file = '') => {
    const objects = objectsIn(fixture, file);
    const problems =
      objects === '' ? [] : await apiServerProblems(program, await fetchDefinitions(), objects);
    expect(problems.filter((problem) => !ofThisProject.test(problem))).toEqual([]);
  });
});
