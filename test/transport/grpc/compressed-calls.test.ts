/** Compressed calls that are large decompressed, from a peer that connects directly: Envoy does not compress checks. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { runApp, stopByClock, until } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import {
  type CallEnd,
  checkBytes,
  checkMessage,
  compressedMessage,
  makeCall,
  openSession,
} from '../../support/grpc-calls.ts';

const denied = { grpc: '0', code: 16, reset: 0 };
const gzip = { 'grpc-encoding': 'gzip' };
const compressed = (check: object) => compressedMessage(gzipSync(checkBytes(check)));

/** A service that reads 2,000 checks of 3.9 MB, with a clock that only the test advances. */
async function flooded() {
  const clock = createTestClock();
  const service = await runApp({ flags: ['--log-checks=none'], clock });
  stopByClock(service, clock);
  const [flood, other] = [openSession(service.grpcPort), openSession(service.grpcPort)];
  const bomb = compressed({ rawBody: Buffer.alloc(3_900_000) });
  const ends: CallEnd[] = [];
  for (let count = 0; count < 2_000; count++) void makeCall(flood, bomb, gzip).then((end) => ends.push(end));
  await until(() => ends.length > 0);
  return { clock, ends, other };
}

test.each([
  ['uncompressed', checkMessage({ headers: {} }), {}],
  ['compressed', compressed({ headers: {} }), gzip],
])(
  'large checks in gzip do not delay a check of another connection that is %s',
  async (_, message, headers) => {
    const { clock, ends, other } = await flooded();
    const between: number[] = [];
    for (let count = 0; count < 50; count++) {
      const before = ends.length;
      expect(await makeCall(other, message, headers)).toMatchObject(denied);
      between.push(ends.length - before);
    }
    // One of them takes at least 60 turns of the event loop, and the other check a few.
    expect(Math.max(...between)).toBeLessThan(5);
    await until(async () => {
      await clock.advance(250);
      return ends.length === 2_000;
    });
    const results = new Set(ends.map(({ grpc, reset, reason }) => `${grpc} ${reset} ${reason}`));
    expect(results).toEqual(new Set(['0 0 token_missing', '0 0 overloaded']));
  },
);
