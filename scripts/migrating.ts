/** docs/migrating-from-oauth2-proxy.md: what people wrote, with the tables that the code and the tests hold. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { comparisons } from '../src/model/incumbent.ts';
import { flagTableMarkdown } from '../src/tools/migrate/oauth2-proxy/flags/verdicts.ts';
import { migrateOauth2Proxy } from '../src/tools/migrate/oauth2-proxy/migrate.ts';
import { readOauth2Proxy } from '../src/tools/migrate/oauth2-proxy/read-installation.ts';
import { type Answer, dropped, type GoldenCase, goldenCases } from '../test/oauth2-proxy/golden.ts';
import { oauth2ProxyVersion } from '../tools/oauth2-proxy.ts';

/** The page. */
export function migratingMarkdown(): string {
  const file = fileURLToPath(new URL('migrating-from-oauth2-proxy.md', import.meta.url));
  const parts: Readonly<Record<string, string>> = {
    count: String(goldenCases.length),
    version: oauth2ProxyVersion,
    answers: answersTable(),
    comparisons: comparisonsTable(),
    flags: flagTableMarkdown(),
    seed: migratedSeed(),
  };
  return readFileSync(file, 'utf8').replaceAll(/\{\{(\w+)\}\}/g, (_, name) => parts[name] ?? '');
}

/** How two authorizers can compare, within a numbered step. */
function comparisonsTable(): string {
  const rows = Object.entries(comparisons).map(
    ([result, description]) => `| \`${result}\` | ${description} |`,
  );
  return ['| `result` | |', '| --- | --- |', ...rows].map((row) => `   ${row}`).join('\n');
}

/** What the values of the tutorial become. */
function migratedSeed(): string {
  const name = '../test/oauth2-proxy/installations/fixtures/seed/values.yaml';
  const text = readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
  const given = readOauth2Proxy({ files: [{ name: 'values.yaml', text }], commandLine: [], environment: {} });
  return migrateOauth2Proxy({ given, output: 'config', accept: [] }).output;
}

/** The cases whose answers differ, and why. */
function answersTable(): string {
  const rows = goldenCases.flatMap((one) =>
    one.ours === undefined
      ? []
      : [`| ${one.name} | ${shown(one.theirs)} | ${shownOurs(one, one.ours.answer)} | ${one.ours.because} |`],
  );
  return ['| case | oauth2-proxy | `compat` | why |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function shown(answer: Answer | typeof dropped): string {
  return answer === dropped ? 'no answer' : String(answer.status);
}

function shownOurs({ theirs }: GoldenCase, answer: Answer): string {
  const isOfHeadersAlone = theirs !== dropped && theirs.status === answer.status;
  return isOfHeadersAlone ? `${answer.status}, other headers` : String(answer.status);
}
