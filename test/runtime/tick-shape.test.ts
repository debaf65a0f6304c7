/** The shape of ticks, in V8's own log of its maps. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** How often V8 creates the last map of a tick, if major collections come between the ticks. */
function shapesOfTicks(setUp: string): number {
  const log = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'maps.log');
  const program = `${setUp}
    const tick = () => new Promise((resolve) => process.nextTick(() => setImmediate(resolve)));
    for (let round = 0; round < 20; round++) {
      await tick();
      gc();
    }`;
  const flags = ['--expose-gc', '--log-maps', '--no-logfile-per-isolate', `--logfile=${log}`];
  execFileSync(process.execPath, [...flags, '--input-type=module', '-e', program]);
  const transitions = readFileSync(log, 'utf8').matchAll(/^map,Transition,.*,(\d+),\d+,,callback$/gm);
  return Math.max(
    ...Object.values(Object.groupBy(transitions, ([, line = '']) => line)).map((all) => all?.length ?? 0),
  );
}

test('collections do not remove the shape of ticks', () => {
  const module = new URL('../../src/runtime/tick-shape.ts', import.meta.url);
  expect(shapesOfTicks('')).toBeGreaterThan(1);
  expect(
    shapesOfTicks(
      `import { keepTickShape } from '${module}'; keepTickShape(process.getBuiltinModule('node:async_hooks').executionAsyncResource);`,
    ),
  ).toBe(1);
});
