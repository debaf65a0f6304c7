/** Which content of a file is valid while it is replaced, written in chunks, or absent. The writers are models. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FileSystem, systemFiles } from '../../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../../src/runtime/files/follow.ts';
import { createTestClock } from '../../support/clock.ts';

/** A file system of one file, whose times and sizes do not show changes. */
function secretiveDisk(content: string) {
  const disk = { bytes: Buffer.from(content) };
  const files: FileSystem = {
    stat: () => ({ version: 'as ever', size: 1, isFile: true }),
    read: () => disk.bytes,
  };
  return { disk, files };
}

function follow(files: FileSystem, path = 'file') {
  const clock = createTestClock();
  const followed = followFiles(files, clock);
  const counted: string[] = [];
  const read = () => {
    try {
      return followed.read(path);
    } catch (error) {
      return `(${(error as { code?: string }).code ?? (error as Error).message})`;
    }
  };
  const following = followed.follow([path], () => counted.push(read()));
  return { clock, followed, following, counted, read };
}

describe('a file that is truncated and written in chunks', () => {
  test('is valid only when complete, even if its size and times do not change', async () => {
    const text = fc.string({ minLength: 2, maxLength: 30, unit: 'grapheme-ascii' });
    const write = fc.record({
      text,
      // The part of the file at each poll: more and more of it.
      pieces: fc.uniqueArray(fc.nat({ max: 29 }), { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(text, fc.array(write, { minLength: 1, maxLength: 4 }), async (first, writes) => {
        const { disk, files } = secretiveDisk(first);
        const { clock, read, following } = follow(files);
        let whole = first;
        for (const { text: next, pieces } of writes) {
          for (const length of pieces.filter((piece) => piece < next.length).sort((a, b) => a - b)) {
            disk.bytes = Buffer.from(next.slice(0, length));
            await clock.advance(1_000);
            expect(read()).toBe(whole);
          }
          disk.bytes = Buffer.from(next);
          await clock.advance(1_000);
          expect([whole, next]).toContain(read());
          await clock.advance(1_000);
          whole = next;
          expect(read()).toBe(whole);
        }
        following.stop();
      }),
      { numRuns: 60 },
    );
  });

  test('is never valid while truncated', async () => {
    const next = '[{"issuer": "https://a", "sub": "alice"},\n {"issuer": "https://a", "sub": "bob"}]\n';
    for (let length = 0; length < next.length; length++) {
      const { disk, files } = secretiveDisk('[]');
      const { clock, counted } = follow(files);
      disk.bytes = Buffer.from(next.slice(0, length));
      await clock.advance(1_000);
      disk.bytes = Buffer.from(next);
      await clock.advance(2_000);
      expect([length, counted]).toEqual([length, [next]]);
    }
  });

  test('is reported once, and not if its content returns to the previous one', async () => {
    const { disk, files } = secretiveDisk('one');
    const { clock, counted } = follow(files);
    disk.bytes = Buffer.from('');
    await clock.advance(1_000);
    disk.bytes = Buffer.from('one');
    await clock.advance(5_000);
    expect(counted).toEqual([]);
    disk.bytes = Buffer.from('two');
    await clock.advance(5_000);
    expect(counted).toEqual(['two']);
  });

  test('is valid if it stays truncated, because that cannot be detected', async () => {
    const { disk, files } = secretiveDisk('- one\n- two\n');
    const { clock, counted } = follow(files);
    disk.bytes = Buffer.from('- one\n');
    await clock.advance(2_000);
    expect(counted).toEqual(['- one\n']);
  });
});

describe('a large file', () => {
  /** A disk whose clock advances every `tick` writes, so some changes do not change the time. */
  function largeDisk() {
    const disk = { content: 'a'.repeat(300_000), version: 1, reads: 0 };
    const files: FileSystem = {
      stat: () => ({ version: String(disk.version), size: disk.content.length, isFile: true }),
      read: () => {
        disk.reads++;
        return Buffer.from(disk.content);
      },
    };
    return { disk, files };
  }

  test('is not read again while its version stays the same', async () => {
    const { disk, files } = largeDisk();
    const { clock, counted } = follow(files);
    await clock.advance(60_000);
    expect(disk.reads).toBe(2);
    disk.content = 'b'.repeat(300_000);
    disk.version++;
    await clock.advance(60_000);
    expect(counted.map((text) => text[0])).toEqual(['b']);
    expect(disk.reads).toBe(4);
  });

  test("that changes twice within a tick of the file system's clock gets its last content", async () => {
    const { disk, files } = largeDisk();
    const { clock, read } = follow(files);
    await clock.advance(10_000);
    disk.content = 'b'.repeat(300_000);
    disk.version++;
    await clock.advance(1_000);
    disk.content = 'c'.repeat(300_000);
    await clock.advance(3_000);
    expect(read()[0]).toBe('c');
  });
});

describe('several files together', () => {
  function pair() {
    const disk: Record<string, string> = { certificate: 'one', key: 'one' };
    const files: FileSystem = {
      stat: () => ({ version: '', size: 1, isFile: true }),
      read: (path) => Buffer.from(disk[path] ?? ''),
    };
    const clock = createTestClock();
    const followed = followFiles(files, clock);
    const reported: string[] = [];
    const following = followed.follow(['certificate', 'key'], () =>
      reported.push(`${followed.read('certificate')} ${followed.read('key')}`),
    );
    return { disk, clock, reported, following, followed };
  }

  test('are reported when none is being written', async () => {
    const { disk, clock, reported } = pair();
    disk.certificate = 'two';
    await clock.advance(1_000);
    disk.key = 'tw';
    await clock.advance(1_000);
    disk.key = 'two';
    await clock.advance(1_000);
    expect(reported).toEqual([]);
    await clock.advance(1_000);
    expect(reported).toEqual(['two two']);
  });

  test('settle at that time', async () => {
    const { disk, clock, reported, following } = pair();
    let settled: boolean | undefined;
    const wait = async () => {
      settled = await following.settled();
    };
    void wait();
    await clock.advance(1_000);
    expect(settled).toBeUndefined();
    await clock.advance(1_000);
    expect(settled).toBe(false);
    expect(await following.settled()).toBe(false);
    disk.key = 'tw';
    settled = undefined;
    void wait();
    await clock.advance(1_000);
    disk.key = 'two';
    await clock.advance(1_000);
    expect(settled).toBeUndefined();
    await clock.advance(1_000);
    expect([settled, reported]).toEqual([true, ['one two']]);
  });

  test('that keep changing are waited for for one minute', async () => {
    const { disk, clock, following, reported } = pair();
    const settled = following.settled();
    const failure = expect(settled).rejects.toThrow(/keeps changing/);
    for (let second = 0; second < 70; second++) {
      disk.key = String(second);
      await clock.advance(1_000);
    }
    await failure;
    expect(reported).toEqual([]);
  });

  test('have the same content for all readers', async () => {
    const { disk, clock, followed } = pair();
    const other = followed.follow(['key'], () => {});
    disk.key = 'two';
    expect(followed.read('key')).toBe('one');
    await clock.advance(1_000);
    expect(followed.read('key')).toBe('one');
    await clock.advance(1_000);
    expect(followed.read('key')).toBe('two');
    other.stop();
    disk.key = 'three';
    await clock.advance(2_000);
    expect(followed.read('key')).toBe('three');
  });

  test('are not polled without a follower', async () => {
    const { disk, clock, reported, following, followed } = pair();
    following.stop();
    disk.key = 'two';
    await clock.advance(5_000);
    expect([reported, followed.read('key')]).toEqual([[], 'two']);
  });
});

describe('on a disk', () => {
  function onDisk() {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-follow-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'file');
    writeFileSync(file, 'one');
    return { folder, file };
  }

  test('reports a file that is replaced, or rewritten with the same size and time', async () => {
    const { file } = onDisk();
    utimesSync(file, 1_000, 1_000);
    const { clock, counted } = follow(systemFiles, file);
    await clock.advance(5_000);
    writeFileSync(file, 'two');
    utimesSync(file, 1_000, 1_000);
    await clock.advance(5_000);
    writeFileSync(`${file}.new`, 'three');
    renameSync(`${file}.new`, file);
    await clock.advance(5_000);
    expect(counted).toEqual(['two', 'three']);
  });

  test('reports a change between the first read and the first poll', async () => {
    const { file } = onDisk();
    const { clock, counted, read } = follow(systemFiles, file);
    expect(read()).toBe('one');
    writeFileSync(file, 'two');
    await clock.advance(5_000);
    expect(counted).toEqual(['two']);
  });

  test('reports a link that is swapped two levels above, as Kubernetes does for a ConfigMap', async () => {
    const { folder, file } = onDisk();
    rmSync(file);
    const publish = (version: string) => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'file'), version);
      symlinkSync(version, join(folder, '..next'));
      renameSync(join(folder, '..next'), join(folder, '..data'));
    };
    publish('..1');
    symlinkSync('..data/file', file);
    const { clock, counted } = follow(systemFiles, file);
    publish('..2');
    await clock.advance(3_000);
    expect(counted).toEqual(['..2']);
  });

  test.each<[string, (file: string) => void, string]>([
    ['a missing file', () => {}, '(ENOENT)'],
    ['a folder', (file) => mkdirSync(file), '(it is not a file)'],
    ['a pipe', (file) => execFileSync('mkfifo', [file]), '(it is not a file)'],
    ['a link to itself', (file) => symlinkSync('file', file), '(ELOOP)'],
    ['a link to a missing file', (file) => symlinkSync('nothing', file), '(ENOENT)'],
  ])('reports %s in its place once, and its return once', async (_, put, reported) => {
    const { file } = onDisk();
    const { clock, counted } = follow(systemFiles, file);
    await clock.advance(3_000);
    rmSync(file);
    put(file);
    await clock.advance(5_000);
    expect(counted).toEqual([reported]);
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, 'one');
    await clock.advance(5_000);
    expect(counted).toEqual([reported, 'one']);
  });

  test('reports a second problem too', async () => {
    const { file } = onDisk();
    const { clock, counted } = follow(systemFiles, file);
    rmSync(file);
    await clock.advance(3_000);
    mkdirSync(file);
    await clock.advance(3_000);
    expect(counted).toEqual(['(ENOENT)', '(it is not a file)']);
  });

  test('does not report a file that is absent for one poll', async () => {
    const { file } = onDisk();
    const { clock, counted } = follow(systemFiles, file);
    rmSync(file);
    await clock.advance(1_000);
    writeFileSync(file, 'one');
    await clock.advance(5_000);
    expect(counted).toEqual([]);
  });

  test('reads a large file again when it changes in place', async () => {
    const { file } = onDisk();
    writeFileSync(file, 'a'.repeat(1_000_000));
    const { clock, counted } = follow(systemFiles, file);
    await clock.advance(5_000);
    truncateSync(file, 0);
    await clock.advance(1_000);
    writeFileSync(file, 'b'.repeat(1_000_000));
    await clock.advance(5_000);
    expect(counted).toEqual(['b'.repeat(1_000_000)]);
  });

  test('reads a pipe once, and reports no change', async () => {
    const { folder } = onDisk();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reads: string[] = [];
    const files: FileSystem = {
      stat: systemFiles.stat,
      read: (path) => {
        reads.push(path);
        return Buffer.from('from the pipe');
      },
    };
    const { clock, counted, read } = follow(files, pipe);
    await clock.advance(5_000);
    expect([read(), counted, reads]).toEqual(['from the pipe', [], [pipe]]);
  });
});
