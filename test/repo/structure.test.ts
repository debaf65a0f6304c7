/** The structure of the source: imports between floors, one place for each library, no hidden state. */
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { generatedFiles } from '../../scripts/generated.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = globSync('src/**/*.ts', { cwd: root }).map((path) => ({
  path: path.replace(/^src\//, ''),
  text: readFileSync(join(root, path), 'utf8'),
}));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

/** Every import, static or dynamic. A relative one is a path below src. */
const imports: Import[] = files.flatMap(({ path, text }) =>
  [...text.matchAll(/^(?:import|export) (type )?[^;]*?from '([^']+)'|import\('([^']+)'\)/gms)].map(
    ([, isType, static_, dynamic]) => {
      const target = static_ ?? dynamic ?? '';
      const to = target.startsWith('.')
        ? relative(join(root, 'src'), join(root, 'src', path, '..', target))
        : target;
      return { from: path, to, isType: isType !== undefined };
    },
  ),
);

const floorOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : path);

test('finds the files and their imports', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(imports.length).toBeGreaterThan(200);
});

describe('floors', () => {
  // From top to bottom. docs/adr/0024-floors.md gives the purpose of each.
  const floors = [
    'main.ts',
    'cli',
    'tools',
    'service',
    'transport',
    'observe',
    'check',
    'login',
    'session',
    'state',
    'credential',
    'issuer',
    'config',
    'model',
    'runtime',
  ];
  const inside = imports.filter(({ to }) => to.endsWith('.ts'));

  test('contain every file', () => {
    expect([...new Set(files.map(({ path }) => floorOf(path)))].toSorted()).toEqual(floors.toSorted());
  });

  test('import only from their own floor and from floors below', () => {
    const upwards = inside.filter(
      ({ from, to }) => floors.indexOf(floorOf(to)) < floors.indexOf(floorOf(from)),
    );
    expect(upwards.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test('transport: http, grpc, admin, console and login import only themselves and shared', () => {
    const folderOf = (path: string) => path.split('/')[1] ?? '';
    const across = inside
      .filter(({ from, to }) => floorOf(from) === 'transport' && floorOf(to) === 'transport')
      .filter(({ from, to }) => folderOf(from) !== folderOf(to) && folderOf(to) !== 'shared');
    expect(across.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test('the model imports nothing', () => {
    expect(imports.filter(({ from, to }) => floorOf(from) === 'model' && floorOf(to) !== 'model')).toEqual(
      [],
    );
  });

  test('the check imports no library', () => {
    expect(imports.filter(({ from, to }) => floorOf(from) === 'check' && !/^node:|\.ts$/.test(to))).toEqual(
      [],
    );
  });

  test('no files import each other in a circle, types included', () => {
    const next = Map.groupBy(inside, ({ from }) => from);
    const reaches = (from: string, wanted: string, seen = new Set<string>()): boolean =>
      (next.get(from) ?? []).some(
        ({ to }) => to === wanted || (!seen.has(to) && reaches(to, wanted, seen.add(to))),
      );
    expect(files.map(({ path }) => path).filter((path) => reaches(path, path))).toEqual([]);
  });

  test('each folder of the configuration has less than 1,000 lines', () => {
    const folders = Map.groupBy(
      files.filter(({ path }) => floorOf(path) === 'config'),
      ({ path }) => path.split('/').slice(0, -1).join('/'),
    );
    const large = [...folders].filter(
      ([, members]) => members.reduce((sum, { text }) => sum + text.split('\n').length, 0) >= 1_000,
    );
    expect(large.map(([folder]) => folder)).toEqual([]);
  });
});

test.each([
  ['oauth2-proxy', ['flags', 'read', 'merge', 'translate', 'report']],
  ['apirule', ['read', 'translate', 'report']],
])('a folder of tools/migrate/%s imports only itself and folders before it', (kind, order) => {
  const prefix = `tools/migrate/${kind}/`;
  const folderOf = (path: string) => path.slice(prefix.length).split('/')[0] ?? '';
  const own = files.filter(({ path }) => path.startsWith(prefix)).map(({ path }) => folderOf(path));
  expect([...new Set(own)].toSorted()).toEqual([...order, 'migrate.ts'].toSorted());
  const backwards = imports
    .filter(({ from, to }) => from.startsWith(prefix) && to.startsWith(prefix))
    .filter(({ from }) => folderOf(from) !== 'migrate.ts')
    .filter(({ from, to }) => {
      const position = order.indexOf(folderOf(to));
      return position < 0 || position > order.indexOf(folderOf(from));
    });
  expect(backwards.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test('each library is imported in one place', () => {
  const places: Record<string, string[]> = {
    '@grpc/grpc-js': ['tools/explain/as-envoy-grpc.ts'],
    '@grpc/proto-loader': ['tools/explain/as-envoy-grpc.ts'],
    '@marcbachmann/cel-js': ['config/expression/expression.ts'],
    fastify: ['transport/console/server.ts', 'transport/login/server.ts'],
    ioredis: ['state/valkey/connect.ts'],
    jose: ['credential/cross-check/jose-verdict.ts', 'session/record.ts', 'session/seal-values.ts'],
    'lru-cache': ['credential/token/cache.ts', 'session/session-memory.ts', 'session/stored-memory.ts'],
    'openid-client': [
      'login/client/client-authentication.ts',
      'login/client/configuration.ts',
      'login/client/create-login-client.ts',
      'tools/canary/client-credentials.ts',
    ],
    pino: ['observe/logger.ts'],
    'prom-client': ['observe/metric-makers.ts', 'observe/metrics.ts', 'observe/worker-metrics.ts'],
    'smol-toml': ['tools/migrate/oauth2-proxy/read/toml.ts'],
    yaml: [
      'config/describe/yaml-text.ts',
      'config/load/file.ts',
      'config/load/node-at.ts',
      'tools/doctor/read/documents.ts',
    ],
    zod: [
      'config/describe/describe.ts',
      'config/load/deny-list.ts',
      'config/load/rule-tests.ts',
      'config/schema/to-zod.ts',
      'tools/migrate/apirule/read/apirule.ts',
      'tools/migrate/apirule/read/handlers.ts',
    ],
  };
  const used = imports.filter(({ to, isType }) => !isType && !/^node:|\.ts$|\.json$/.test(to));
  const found = Object.fromEntries(
    [...Map.groupBy(used, ({ to }) => to)].map(([library, from]) => [
      library,
      from.map((one) => one.from).toSorted(),
    ]),
  );
  expect(found).toEqual(places);
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const direct = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)];
  // The Node.js packages are programs.
  expect(direct.filter((name) => !name.startsWith('node-')).toSorted()).toEqual(
    Object.keys(places).toSorted(),
  );
});

describe('no file of the source', () => {
  const offending = (pattern: RegExp, allowed: readonly string[] = []) =>
    files.filter(({ path, text }) => pattern.test(text) && !allowed.includes(path)).map(({ path }) => path);

  test('has more than 300 lines', () => {
    expect(files.filter(({ text }) => text.split('\n').length > 300).map(({ path }) => path)).toEqual([]);
  });

  test('has state of its own', () => {
    expect(offending(/^(export )?let /m)).toEqual([]);
  });

  test('reads the clock or the environment directly', () => {
    expect(
      offending(/Date\.now|performance\.now|setTimeout\(|setInterval\(/, [
        'runtime/time/clock.ts',
        'cli/serve/run.ts',
        // The script runs in a browser.
        'transport/console/live-script.ts',
      ]),
    ).toEqual([]);
    expect(offending(/process\.env/, ['main.ts'])).toEqual([]);
    expect(offending(/Math\.random/, ['cli/serve/service.ts', 'cli/worker/start-worker.ts'])).toEqual([]);
  });

  test('begins without a comment on its purpose', () => {
    expect(files.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test('has an export without a docstring', () => {
    const undocumented = files.flatMap(({ path, text }) =>
      [...text.matchAll(/^(?<!\*\/\n)export (?:async )?(?:function|const|class|interface|type) (\w+)/gm)].map(
        ([, name]) => `${path}: ${name}`,
      ),
    );
    expect(undocumented).toEqual([]);
  });

  test('has an export that no other file imports', () => {
    const users = globSync('{src,test,scripts,bench,demo,tools}/**/*.ts', { cwd: root }).map((path) => ({
      path,
      names: importedNames(readFileSync(join(root, path), 'utf8')),
    }));
    const unused = files.flatMap(({ path, text }) => {
      const declarations = text.split(
        /^(?=(?:export )?(?:async )?(?:function|const|class|interface|type) )/m,
      );
      const isImported = (name: string) =>
        users.some((user) => user.path !== `src/${path}` && user.names.has(name));
      // A type can be a parameter or a result of an exported function.
      const isMentioned = (name: string, own: string) =>
        declarations.some(
          (other) => other !== own && other.startsWith('export ') && new RegExp(`\\b${name}\\b`).test(other),
        );
      return declarations.flatMap((own) => {
        const [, kind, name = ''] =
          /^export (?:async )?(function|const|class|interface|type) (\w+)/.exec(own) ?? [];
        if (kind === undefined || isImported(name)) return [];
        const isType = kind === 'interface' || kind === 'type';
        return isType && isMentioned(name, own) ? [] : [`${path}: ${name}`];
      });
    });
    expect(unused).toEqual([]);
  });
});

/** The names that a file imports, statically or dynamically, as their files export them. */
function importedNames(text: string): ReadonlySet<string> {
  const lists = [...text.matchAll(/\{([^{}]*)\}\s*(?:from\s|=\s*await import\()/g)];
  const names = lists.flatMap(([, list = '']) => list.split(','));
  return new Set(
    names.map((name) => /^(?:type )?(\w+)/.exec(name.trim())?.[1]).filter((name) => name !== undefined),
  );
}

test.each(await generatedFiles())('%s is up to date with `npm run generate`', (path, text) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(text);
});
