/** Mutants of `explain`: its outputs, its exit codes and its limits. */
import type { Mutant } from './mutant.ts';

const command = ['test/cli/explain.test.ts'];
const service = ['test/service/explain.test.ts'];

/** The mutants. */
export const explainMutants: readonly Mutant[] = [
  {
    name: 'a failed reload is not the first fix',
    file: 'src/tools/explain/explain.ts',
    find: 'fix: [...failedReloads.flatMap(reloadFixes), ...help.fix]',
    replace: 'fix: [...help.fix, ...failedReloads.flatMap(reloadFixes)]',
    tests: service,
    project: 'live',
  },
  {
    name: 'an explanation shows the claims of a token that is not verified',
    file: 'src/tools/explain/explain.ts',
    find: 'showsClaims && isVerified ?',
    replace: 'showsClaims ?',
    tests: command,
  },
  {
    name: 'an explanation shows the query',
    file: 'src/tools/explain/result.ts',
    find: "path.split('?', 1)[0] ?? ''",
    replace: 'path',
    tests: command,
  },
  {
    name: 'an explanation repeats a token that is in the path',
    file: 'src/tools/explain/output.ts',
    find: "cleaned.replaceAll(secret, '<hidden>')",
    replace: 'cleaned',
    tests: command,
  },
  {
    name: 'a token on the command line is accepted',
    file: 'src/cli/explain/read-request.ts',
    find: "if (name.toLowerCase() === 'authorization')",
    replace: 'if (false)',
    tests: command,
  },
  {
    name: 'a service is asked although the command line has a configuration',
    file: 'src/cli/explain/read-command.ts',
    find: "...(mode === '--config' ? [] : configProblems(others, mode, sources)),",
    replace: '',
    tests: command,
  },
  {
    name: 'the number of explanations has no limit',
    file: 'src/service/explain/route.ts',
    find: 'running >= maxRunning || !bucket.take(clock.monotonic())',
    replace: 'false',
    tests: service,
    project: 'live',
  },
  {
    name: 'a web page can request an explanation',
    file: 'src/service/explain/route.ts',
    find: 'return otherType;',
    replace: 'return await answer(body);',
    tests: service,
    project: 'live',
  },
  {
    name: 'every client can request an explanation',
    file: 'src/service/explain/route.ts',
    find: 'guarded: true',
    replace: 'guarded: false',
    tests: service,
    project: 'live',
  },
];
