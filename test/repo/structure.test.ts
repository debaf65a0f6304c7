/** The shape of the source, held as tests: who may import whom, one library one place, no hidden state. */
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

/** Every import, static or dynamic; a relative one as the path below src. */
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

const folderOf = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : path);

test('every file was found, and every import', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(imports.length).toBeGreaterThan(200);
});

describe('who may import whom', () => {
  // From the outermost to the innermost; each may import what stands below it, and the vocabulary of the check.
  const layers = [
    ['main.ts'],
    ['command'],
    ['migrate'],
    ['app.ts'],
    ['workers'],
    ['check-service.ts'],
    ['authorizer.ts'],
    ['http', 'grpc', 'admin'],
    ['observe'],
    ['shadow'],
    ['check'],
    ['proof', 'rules'],
    ['token'],
    ['issuer'],
    ['listener'],
    ['files'],
    ['time', 'config', 'version.ts', 'node-http.ts'],
  ];
  const level = (path: string) => layers.findIndex((layer) => layer.includes(folderOf(path)));
  const vocabulary = ['check/types.ts', 'check/reasons.ts'];

  test('every folder has its level', () => {
    expect(files.filter(({ path }) => level(path) < 0).map(({ path }) => path)).toEqual([]);
  });

  test('nothing imports what stands above or beside it', () => {
    const upwards = imports
      .filter(({ to }) => to.endsWith('.ts'))
      .filter(({ to }) => !vocabulary.includes(to))
      .filter(({ from, to }) => folderOf(from) !== folderOf(to) && level(to) <= level(from));
    expect(upwards.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test('the core knows no transport, no library and no process', () => {
    const outside = imports.filter(({ from, to }) => folderOf(from) === 'check' && !to.endsWith('.ts'));
    expect(outside).toEqual([]);
  });

  test('no two files import each other, by whichever way', () => {
    const next = Map.groupBy(
      imports.filter(({ to, isType }) => to.endsWith('.ts') && !isType),
      ({ from }) => from,
    );
    const reaches = (from: string, wanted: string, seen = new Set<string>()): boolean =>
      (next.get(from) ?? []).some(
        ({ to }) => to === wanted || (!seen.has(to) && reaches(to, wanted, seen.add(to))),
      );
    expect(files.map(({ path }) => path).filter((path) => reaches(path, path))).toEqual([]);
  });
});

test('each library is used in one place', () => {
  const places: Record<string, string[]> = {
    '@marcbachmann/cel-js': ['config/expression.ts'],
    'lru-cache': ['token/cache.ts'],
    pino: ['observe/logger.ts'],
    'prom-client': ['observe/metrics.ts', 'observe/reports.ts'],
    'smol-toml': ['migrate/oauth2-proxy/toml.ts'],
    yaml: ['config/file.ts', 'config/yaml-text.ts'],
    zod: [
      'config/binding-options.ts',
      'config/deny-list.ts',
      'config/describe.ts',
      'config/header-options.ts',
      'config/identity-options.ts',
      'config/issuer-options.ts',
      'config/kinds.ts',
      'config/options.ts',
      'config/rule-options.ts',
      'config/rule-tests.ts',
      'config/switch-options.ts',
      'migrate/apirule/handlers.ts',
      'migrate/apirule/read.ts',
    ],
  };
  const used = imports.filter(({ to, isType }) => !isType && !to.endsWith('.ts') && !to.startsWith('node:'));
  const found = Object.fromEntries(
    [...Map.groupBy(used, ({ to }) => to)].map(([library, from]) => [
      library,
      from.map((one) => one.from).toSorted(),
    ]),
  );
  expect(found).toEqual(places);
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(Object.keys(dependencies).toSorted()).toEqual(Object.keys(places).toSorted());
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

  test('reads the clock or the environment beside the ones that are passed in', () => {
    expect(
      offending(/Date\.now|performance\.now|setTimeout\(|setInterval\(/, ['time/clock.ts', 'main.ts']),
    ).toEqual([]);
    expect(offending(/process\.env/, ['main.ts'])).toEqual([]);
    expect(offending(/Math\.random/, ['command/serve.ts'])).toEqual([]);
  });

  test('begins without saying what it is', () => {
    expect(files.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test('exports something that it does not say the purpose of', () => {
    const silent = files.flatMap(({ path, text }) =>
      [...text.matchAll(/^(?<!\*\/\n)export (?:async )?(?:function|const|class|interface|type) (\w+)/gm)].map(
        ([, name]) => `${path}: ${name}`,
      ),
    );
    expect(silent).toEqual([]);
  });

  test('has an export that nobody imports', () => {
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
      // A type may stand for what an exported function takes or gives.
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

/** The names that a file imports, statically or dynamically, as they are called where they are exported. */
function importedNames(text: string): ReadonlySet<string> {
  const lists = [...text.matchAll(/\{([^{}]*)\}\s*(?:from\s|=\s*await import\()/g)];
  const names = lists.flatMap(([, list = '']) => list.split(','));
  return new Set(
    names.map((name) => /^(?:type )?(\w+)/.exec(name.trim())?.[1]).filter((name) => name !== undefined),
  );
}

test.each(await generatedFiles())('%s is what `npm run generate` would write', (path, text) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(text);
});
