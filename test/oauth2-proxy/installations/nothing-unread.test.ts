/**
 * Every part of the input is read or reported: removing any part of a fixture, one at a time, changes the output. A
 * part whose removal changes nothing was not read.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { migrate } from '../../../src/cli/migrate.ts';
import { installations, refusedInstallations } from './installations.ts';
import { deletions, type Location, replacements, rewritten, type Texts } from './mutations.ts';
import { wrapped } from './wrapped.ts';

interface Files {
  readonly name: string;
  readonly files: readonly string[];
  readonly flags?: readonly string[];
}

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));

function textsOf({ name, files }: Files): Texts {
  return Object.fromEntries(files.map((file) => [file, readFileSync(`${fixtures}${name}/${file}`, 'utf8')]));
}

async function run(texts: Texts, flags: readonly string[], accept: readonly string[] = []) {
  const result = await migrate({
    argv: [
      'oauth2-proxy',
      ...Object.keys(texts),
      ...accept.map((name) => `--accept=${name}`),
      ...(flags.length === 0 ? [] : ['--', ...flags]),
    ],
    environment: {},
    readFile: (path) => texts[path] ?? readFileSync(path, 'utf8'),
    readInput: () => '',
  });
  // Locations change with the text before them.
  const text = `${result.exitCode}\n${result.output}\n${result.report}`.replaceAll(
    /(:\d+)+(?=[\s),;]|$)/gm,
    '',
  );
  return { ...result, text };
}

const everything: readonly Files[] = [
  ...installations,
  ...refusedInstallations,
  ...wrapped.filter(({ code }) => code !== 2),
];

/** Objects that are reported as a whole, since they do not belong to oauth2-proxy. */
const reportedAsWhole =
  /: (has no meaning here|refused) because .*(it is not read|makes it and is read|it runs the same as|it runs the pod of|its parameters|the chart of oidc-authz|sets where|it is a source of|stays in the cluster)/;

/** Names of chart values that are settings or contain them. */
const settings = [
  ...['alphaConfig', 'authenticatedEmailsFile', 'config', 'configuration', 'envFrom', 'extraArgs'],
  ...['extraEnv', 'extraEnvVars', 'htpasswdFile', 'sessionStorage'],
];

/**
 * Parts that do not concern oauth2-proxy: names, labels, the status, and everything below a field that is reported as a
 * whole.
 */
function isSilent(report: string): (location: Location) => boolean {
  const lines = report.split('\n');
  return ({ file, document, path }) => {
    const [object, inner] = objectAt(document, path);
    const at = inner.join('.');
    if (asItIsAnyway.test(path.join('.')) || isOfNoValue(document, path)) return true;
    if (isReportedAbove(file, path, lines)) return true;
    if (object === undefined) return isOtherValue(inner, lines);
    if (/^(metadata|status|apiVersion|kind|type|immutable)\b/.test(at)) return true;
    if (/^(data|stringData)\.(client|cookie)[-_]secret$/.test(at)) return true;
    if (/\.selector\.|\.fieldPath$/.test(at)) return true;
    if (/\.metadata\.|\.(defaultMode|readOnly|namespace)$/.test(at)) return true;
    if (/\.(ports|livenessProbe|readinessProbe|resources|securityContext|workloadRef)\./.test(at))
      return true;
    const own = lines.filter((line) => line.startsWith(`${object.kind}/${object.metadata?.name ?? ''} (`));
    if (own.some((line) => reportedAsWhole.test(line) && !/apart from/.test(line))) return true;
    if (isOtherContainer(object, inner, lines)) return true;
    if (isRelease(object.kind)) return /^spec\.(?!values|.*helm\.|.*(valuesContent|set)\b)/.test(at);
    // Below a field that is reported by its name.
    const isPod = /^spec\.(template|jobTemplate|containers|initContainers|volumes)\b/.test(at);
    return inner[0] === 'spec' && inner.length > 2 && !isPod;
  };
}

/** Parts whose absence has the same value, and names that nothing refers to. */
const asItIsAnyway =
  /audienceClaims\.0$|upstreams\.0\.(path|staticCode)$|\.id$|^htpasswdFile\.|^authenticatedEmailsFile\.persistence$/;

/** Empty values, secrets whose value has no effect, and mounts of the cluster itself. */
function isOfNoValue(document: unknown, path: Location['path']): boolean {
  const values = path.map((_, index) => valueAt(document, path.slice(0, index + 1)));
  const names = values.map((value) => (value as { name?: unknown } | null | undefined)?.name);
  return (
    values.at(-1) === '' ||
    names.some((name) => /^kube-api-access-|_(CLIENT|COOKIE)_SECRET$|^AWS_REGION$/.test(String(name ?? '')))
  );
}

function valueAt(document: unknown, path: Location['path']): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<string | number, unknown> | null)?.[part],
    document,
  );
}

/** Whether a parent is reported as a whole: replaced, or not read. */
function isReportedAbove(file: string, path: Location['path'], lines: readonly string[]): boolean {
  return path.some((part, index) => {
    const above = [path.slice(0, index + 1).join('.'), `container.${part}`];
    return (
      index < path.length - 1 &&
      lines.some(
        (line) =>
          above.some((name) => line.startsWith(`${name} (${file}`)) &&
          /replaces it|it is not read/.test(line),
      )
    );
  });
}

interface KubernetesObject {
  readonly kind: string;
  readonly metadata?: { readonly name?: string };
}

const isRelease = (kind: string) =>
  ['HelmRelease', 'Application', 'ApplicationSet', 'HelmChart', 'HelmChartConfig'].includes(kind);

/** The object that contains a path, and the rest of the path. */
function objectAt(
  document: unknown,
  path: Location['path'],
): [KubernetesObject | undefined, Location['path']] {
  const top = document as { kind?: string; items?: unknown[]; objects?: unknown[] };
  if (typeof top !== 'object' || top === null || typeof top.kind !== 'string') return [undefined, path];
  if ((path[0] === 'items' || path[0] === 'objects') && typeof path[1] === 'number') {
    const item = (top[path[0]] ?? [])[path[1]] as KubernetesObject;
    return [{ ...item, kind: item.kind ?? top.kind.replace(/List$/, '') }, path.slice(2)];
  }
  return [top as KubernetesObject, path];
}

/** Whether it belongs to a container that runs another program. */
function isOtherContainer(object: unknown, path: Location['path'], lines: readonly string[]): boolean {
  let value: unknown = object;
  for (const [index, part] of path.entries()) {
    value = (value as Record<string | number, unknown>)?.[part];
    const list = path[index - 1];
    const { name } = (value ?? {}) as { name?: unknown };
    if ((list === 'containers' || list === 'initContainers') && typeof name === 'string')
      return lines.some((line) => line.startsWith(`container/${name} (`));
  }
  return false;
}

/** Whether it is below a chart value or a docker compose service that is reported as a whole. */
function isOtherValue(path: Location['path'], lines: readonly string[]): boolean {
  const isReported = (name: string) =>
    lines.some((line) => line.startsWith(`${name} (`)) ||
    lines.some(
      (line) =>
        / they are empty, disabled, or only set how pods run: /.test(line) &&
        new RegExp(`[ ,]${name}(,|$)`).test(line),
    );
  const names = path.map(String);
  if (names[0] === 'services')
    return names[2] === undefined || !['command', 'environment', 'env_file', 'entrypoint'].includes(names[2]);
  const index = names.findIndex((name) => !/^(oauth2-proxy|gate|platform)$/.test(name));
  const name = names[index] ?? '';
  return !settings.includes(name) && isReported(name) && names.length > index + 1;
}

describe.each(everything.map((one) => [one.name, one] as const))('%s', (_, one) => {
  const { flags = [] } = one;

  test('every removed part changes the output', async () => {
    const texts = rewritten(textsOf(one));
    const strict = await run(texts, flags);
    const refused = [...strict.report.matchAll(/--accept (\S+)/g)].map(([, name = '']) =>
      name.replaceAll("'", ''),
    );
    // Refused settings are accepted, so their removal must change the output too.
    const base = await run(texts, flags, refused);
    expect(['0', '2']).toContain(String(base.exitCode));
    const mutations = deletions(texts, isSilent(base.report));
    expect(mutations.length + flags.length).toBeGreaterThan(4);
    const lost: string[] = [];
    for (const { name, texts: mutated } of mutations)
      if ((await run(mutated, flags, refused)).text === base.text) lost.push(name);
    for (const flag of flags)
      if (
        (
          await run(
            texts,
            flags.filter((other) => other !== flag),
            refused,
          )
        ).text === base.text
      )
        lost.push(flag);
    expect(lost.filter((name) => !replaced.includes(name))).toEqual([]);
  });
});

/** Lines of a text that another one replaces, and names of files that are not used. */
const replaced = [
  'all.yaml spec.template.spec.volumes.0.projected.sources.1.secret.items.0.key',
  'all.yaml spec.template.spec.volumes.0.projected.sources.1.secret.items.0.path',
  'values.yaml authenticatedEmailsFile.restricted_access line 1: anybody@evil.example',
  'values.yaml configuration.content line 1: email_domains = ["*"]',
  'values.yaml configuration.content line 2: skip_auth_routes = ["/"]',
  'chart.yaml spec.valuesContent line 6: email_domains = ["*"]',
  'chart.yaml spec.valuesContent line 7: upstreams = ["static://200"]',
];

const words = {
  'email_domains = ["shop': 'email_domains = ["other',
  '=shop.example': '=other.example',
  clerks: 'admins',
  'orders-batch': 'others',
  'orders-api': 'others',
};

test.each(wrapped.filter(({ code }) => code === 0).map((one) => [one.name, one] as const))(
  '%s: another value of an access restriction makes another configuration',
  async (_, one) => {
    const texts = rewritten(textsOf(one));
    const base = await run(texts, []);
    expect(base.exitCode).toBe(0);
    const mutations = replacements(texts, words, isSilent(base.report));
    expect(mutations.length).toBeGreaterThan(2);
    const lost: string[] = [];
    for (const { name, texts: mutated } of mutations) {
      const { exitCode, output } = await run(mutated, []);
      if (exitCode === 0 && output === base.output) lost.push(name);
    }
    expect(lost).toEqual([]);
  },
);
