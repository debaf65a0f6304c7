/** The turns of compressed messages, with inflations that the test ends, and the real inflation. */
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CompressedMessage,
  createInflater,
  type Inflations,
} from '../../../../src/transport/grpc/message/inflater.ts';
import type { CallFailure } from '../../../../src/transport/grpc/status.ts';

const nothing = Buffer.alloc(0);

/** An inflater whose inflations run until `end` is called. */
function inflater() {
  const running: { name: string; end: () => void }[] = [];
  const started: string[] = [];
  const ended: string[] = [];
  const { open } = createInflater(({ bytes }, onInflated) => {
    const name = bytes.toString();
    started.push(name);
    running.push({ name, end: () => onInflated(nothing) });
  });
  return {
    open,
    running,
    started,
    ended,
    add: (to: Inflations, name: string) => to.add(named(name), () => ended.push(name)),
    /** Ends the oldest running inflation, or the one at a place. */
    end: (place = 0) => running.splice(place, 1)[0]?.end(),
  };
}

function named(name: string): CompressedMessage {
  return { encoding: 'gzip', bytes: Buffer.from(name), add: () => undefined, finish: () => nothing };
}

describe('compressed messages', () => {
  test('of one connection are inflated one after the other, in order', () => {
    const { open, add, end, started, ended } = inflater();
    const connection = open();
    for (const name of ['a', 'b', 'c']) add(connection, name);
    expect(started).toEqual(['a']);
    end();
    expect([started, ended]).toEqual([['a', 'b'], ['a']]);
    end();
    end();
    expect([started, ended]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });

  test('of a connection start at once while another one has 100', () => {
    const { open, add, started } = inflater();
    const flood = open();
    for (let count = 0; count < 100; count++) add(flood, 'flood');
    add(open(), 'other');
    expect(started).toEqual(['flood', 'other']);
  });

  test('of a connection are the next while two others have 100 each', () => {
    const { open, add, end, started } = inflater();
    const floods = [open(), open()];
    for (let count = 0; count < 100; count++) for (const flood of floods) add(flood, 'flood');
    add(open(), 'other');
    expect(started).toEqual(['flood', 'flood']);
    end();
    expect(started).toEqual(['flood', 'flood', 'other']);
  });

  test('that are removed never start; a connection without any takes no turn', () => {
    const { open, add, end, started, ended } = inflater();
    const [first, second, third] = [open(), open(), open()];
    add(first, 'a');
    add(second, 'b');
    add(third, 'c')();
    const removeD = add(first, 'd');
    add(first, 'e');
    removeD();
    end();
    expect(started).toEqual(['a', 'b', 'e']);
    end();
    end();
    expect(ended).toEqual(['a', 'b', 'e']);
  });

  test('take fair turns, in any order of arrivals, ends and removals', () => {
    const action = fc.oneof(
      fc.record({ add: fc.nat(4) }),
      fc.record({ end: fc.nat(1) }),
      fc.record({ remove: fc.nat(200) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const { open, add, end, running, started } = inflater();
        const connections = Array.from({ length: 5 }, open);
        const added: { name: string; remove: () => void }[] = [];
        /** The names that wait, by connection. */
        const waiting = connections.map((): string[] => []);
        /** The connections that have started a message since each one began to wait. */
        const overtaken = connections.map(() => new Set<number>());
        let seen = 0;
        const check = () => {
          for (const name of started.slice(seen)) {
            const of = Number(name[0]);
            expect(waiting[of]?.shift()).toBe(name);
            overtaken[of]?.clear();
            for (const [other, by] of overtaken.entries()) {
              if (
                other === of ||
                waiting[other]?.length === 0 ||
                running.some((job) => job.name[0] === `${other}`)
              )
                continue;
              expect(by.has(of)).toBe(false);
              by.add(of);
            }
          }
          seen = started.length;
          const busy = running.map(({ name }) => name[0]);
          expect(busy.length).toBe(new Set(busy).size);
          const ready = waiting.filter((names, of) => names.length > 0 && !busy.includes(`${of}`));
          expect(busy.length === 2 || (busy.length < 2 && ready.length === 0)).toBe(true);
          for (const [of, names] of waiting.entries())
            if (names.length === 0 || busy.includes(`${of}`)) overtaken[of]?.clear();
        };
        for (const act of actions) {
          if ('add' in act) {
            const name = `${act.add} ${added.length}`;
            waiting[act.add]?.push(name);
            const connection = connections[act.add];
            if (connection !== undefined) added.push({ name, remove: add(connection, name) });
          } else if ('end' in act) end(act.end);
          else {
            const job = added[act.remove];
            job?.remove();
            for (const names of waiting)
              if (job && names.includes(job.name)) names.splice(names.indexOf(job.name), 1);
          }
          check();
        }
      }),
    );
  });
});

describe('the content of a message', () => {
  const tooLarge: CallFailure = { status: 8, message: 'too large' };

  /** Inflates bytes up to a size. Returns the result, and the bytes that arrived. */
  function inflate(encoding: 'gzip' | 'deflate', bytes: Buffer, most = Number.POSITIVE_INFINITY) {
    const pieces: Buffer[] = [];
    const whole = () => Buffer.concat(pieces);
    return new Promise<{ result: Buffer | CallFailure; arrived: number; pieces: number }>(
      (resolve, reject) => {
        let isDone = false;
        createInflater()
          .open()
          .add(
            {
              encoding,
              bytes,
              add: (piece) => {
                pieces.push(Buffer.from(piece));
                return whole().length > most ? tooLarge : undefined;
              },
              finish: whole,
            },
            (result) => {
              if (isDone) reject(new Error('called twice'));
              isDone = true;
              // A second call would come in the next turns of the event loop.
              setImmediate(() =>
                setImmediate(() => resolve({ result, arrived: whole().length, pieces: pieces.length })),
              );
            },
          );
      },
    );
  }

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const)('is what was compressed in %s', async (encoding, compress) => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index * index));
    expect((await inflate(encoding, compress(content))).result).toEqual(content);
    expect((await inflate(encoding, compress(nothing))).result).toEqual(nothing);
  });

  test('is not read any more after it failed', async () => {
    const { result, arrived } = await inflate('gzip', gzipSync(Buffer.alloc(50_000_000)), 200_000);
    expect(result).toBe(tooLarge);
    expect(arrived).toBeLessThan(300_000);
  });

  test('comes in pieces, so that none takes long', async () => {
    expect((await inflate('gzip', gzipSync(Buffer.alloc(4_000_000)))).pieces).toBeGreaterThan(40);
  });

  test.each([
    ['nothing', nothing],
    ['something else', Buffer.from('hello')],
    ['half a message', gzipSync('hello').subarray(0, 20)],
    ['a wrong checksum', Buffer.concat([gzipSync('hello').subarray(0, -8), Buffer.alloc(8)])],
  ])('fails for %s', async (_, bytes) => {
    expect((await inflate('gzip', bytes)).result).toMatchObject({ status: 13 });
  });

  test('of the next message is inflated after one that failed', async () => {
    const inflations = createInflater().open();
    const results: (Buffer | CallFailure)[] = [];
    await new Promise<void>((resolve) => {
      for (const bytes of [Buffer.from('x'), gzipSync('y')])
        inflations.add({ ...named(''), bytes, finish: () => bytes }, (result) => {
          if (results.push(result) === 2) resolve();
        });
    });
    expect(results).toMatchObject([{ status: 13 }, gzipSync('y')]);
  });
});
