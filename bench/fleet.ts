/**
 * `npm run bench:fleet`: a model of large installations with sessions in the store. It prints the table of docs/growth.md. Nothing is
 * measured: `npm run bench:sessions` measures a small installation.
 */
import { createRandom } from '../test/security/differential/random.ts';
import { type Installation, ratesOf } from './fleet-model/fleet.ts';

const sample = Number(process.env.BENCH_SAMPLE ?? 5_000);
const tokenLife = 300;
const sizes = [
  { sessions: 10_000, pods: 4, cacheEntries: 10_000 },
  { sessions: 100_000, pods: 20, cacheEntries: 10_000 },
  { sessions: 1_000_000, pods: 100, cacheEntries: 10_000 },
  { sessions: 1_000_000, pods: 100, cacheEntries: 200_000 },
  { sessions: 1_000_000, pods: 500, cacheEntries: 10_000 },
];
const installations: readonly Installation[] = sizes.flatMap((size) =>
  (['any', 'same'] as const).map((balancing) => ({ ...size, tokenLife, balancing })),
);

const number = (value: number) => Math.round(value).toLocaleString('en');
process.stdout.write(
  [
    '| sessions | pods | `maxEntries` | a request reaches | requests/s | without the store | reads/s | extensions/s | renewals/s | all operations/s | token requests/s |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    '',
  ].join('\n'),
);
for (const installation of installations) {
  const rates = ratesOf(installation, sample, createRandom(1).next);
  if (rates.reused > 0) throw new Error(`${rates.reused} refresh tokens were used twice`);
  const { sessions, pods, cacheEntries, balancing } = installation;
  const cells = [
    ...[number(sessions), number(pods), number(cacheEntries)],
    balancing === 'any' ? 'any pod' : 'the same pod',
    ...[number(rates.requests), `${Math.round(rates.withoutStore * 100)} %`, number(rates.get)],
    ...[number(rates.extend), number(rates.renewal), number(rates.operations), number(rates.tokenRequests)],
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
