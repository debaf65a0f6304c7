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

/** Kyma serves v1beta1 with a definition that is not part of this project. */
const fixtures = readdirSync(folder).filter((fixture) => fixture !== 'K31-v1beta1');

/** The objects of all fixtures, without patches. One call of the validator takes as long as loading the definitions. */
function objectsIn(file: string): string {
  return fixtures
    .flatMap((fixture) => parseAllDocuments(readFileSync(join(folder, fixture, file), 'utf8')))
    .map((document) => document.toJS() as { readonly kind?: string })
    .filter(({ kind }) => kind !== undefined)
    .map((object) => stringify(object, { version: '1.1', aliasDuplicateObjects: false }))
    .join('---\n');
}

describeWith('an API server', validator, (program) => {
  test.each(['bad.yaml', 'fixed.yaml'])(
    'accepts each %s',
    async (file) => {
      const problems = await apiServerProblems(program, await fetchDefinitions(), objectsIn(file));
      expect(problems.filter((problem) => !ofThisProject.test(problem))).toEqual([]);
    },
    300_000,
  );
});
