/** The arithmetic of the benchmarks: ratios of rounds, and the share of others. */
import { describe, expect, test } from 'vitest';
import { ratios, spread } from '../../bench/measure.ts';
import { disturbanceBetween, isNoisy, readCpuCounters } from '../../bench/quiet.ts';
import { createMinimalVerifier } from '../../bench/servers/minimal.ts';
import { startMint } from '../../bench/tokens.ts';

test('a machine whose speed changes between rounds does not change the ratios', () => {
  const speeds = [1, 3, 1, 2, 3];
  const [own, base] = [speeds.map((speed) => 40 * speed), speeds.map((speed) => 20 * speed)];
  expect(spread(ratios(own, base))).toEqual({ median: 2, min: 2, max: 2 });
});

test('a round without a baseline has no ratio', () => {
  expect(ratios([1, 2], [1])).toEqual([1, Number.NaN]);
});

test.each([[[2, Number.NaN, 1]], [[]]])('the spread of %j is not a number', (figures) => {
  const none = { median: Number.NaN, min: Number.NaN, max: Number.NaN };
  expect(spread(figures)).toEqual(none);
});

test('the median of an even number of rounds is the higher one of the middle', () => {
  expect(spread([4, 1, 3, 2])).toEqual({ median: 3, min: 1, max: 4 });
});

describe('the disturbance', () => {
  const start = { total: 1_000, busy: 500, stolen: 10, own: 100 };

  test('is the CPU time that is not of this process or its children', () => {
    const end = { total: 1_200, busy: 660, stolen: 14, own: 230 };
    expect(disturbanceBetween(start, end)).toEqual({ others: 0.15, stolen: 0.02 });
  });

  test('is zero if the kernel has counted more for this process than for all', () => {
    expect(disturbanceBetween(start, { ...start, total: 1_100, own: 101 }).others).toBe(0);
  });

  test('is zero if no time has passed', () => {
    expect(disturbanceBetween(start, start)).toEqual({ others: 0, stolen: 0 });
  });

  test.each([
    [{ others: 0.05, stolen: 0.02 }, false],
    [{ others: 0.051, stolen: 0 }, true],
    [{ others: 0, stolen: 0.021 }, true],
  ])('%j is noisy: %s', (disturbance, expected) => {
    expect(isNoisy(disturbance)).toBe(expected);
  });

  test.runIf(process.platform === 'linux')('counts the CPU time of this process as its own', () => {
    const { user, system } = process.cpuUsage();
    const { own, busy, total } = readCpuCounters();
    const ticks = Math.floor((user + system) / 10_000);
    // The kernel rounds user and system time down, each.
    expect(own).toBeGreaterThanOrEqual(ticks - 2);
    expect(total).toBeGreaterThanOrEqual(busy);
  });
});

test('the minimal verifier allows valid tokens with four headers, and no forged one', async () => {
  const { mint, forge, jwks, issuer } = await startMint();
  await issuer.close();
  const verify = createMinimalVerifier(jwks, (headers) => headers);
  const [valid = ''] = mint(1);
  const [forged = ''] = forge(1);
  expect(verify(valid)?.map(([name]) => name)).toEqual(
    ['user', 'email', 'groups', 'preferred-username'].map((name) => `x-auth-request-${name}`),
  );
  expect(verify(valid)).toBe(verify(valid));
  for (const token of [forged, '', 'a.b.c'])
    expect(() => {
      if (verify(token) !== undefined) throw new Error('allowed');
    }, token).not.toThrow('allowed');
});
