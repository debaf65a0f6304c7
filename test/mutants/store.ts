/** Mutants of the store that processes share. */
import type { Mutant } from './mutant.ts';

const link = ['test/state/valkey/link.test.ts'];
const run = ['test/state/valkey/run.test.ts'];
const feeds = ['test/state/valkey/feeds.test.ts'];
const nodes = ['test/state/valkey/nodes.test.ts'];

/** Each removes one limit of the store, or one step after a failure. */
export const storeMutants: readonly Mutant[] = [
  {
    name: 'an operation waits without end',
    file: 'src/state/valkey/run.ts',
    find: 'return bounded(answer, timeout, clock, () => silence.late(link, linked, sentAt));',
    replace: 'return answer;',
    tests: run,
  },
  {
    name: 'a late answer of a paused process does not count',
    file: 'src/state/valkey/bounded.ts',
    find: 'setImmediate(() => {',
    replace: '[0].forEach(() => {',
    tests: run,
  },
  {
    name: 'operations without an answer have no limit of number',
    file: 'src/state/valkey/run.ts',
    find: 'if (waiting >= maxWaiting)',
    replace: 'if (waiting < 0)',
    tests: run,
  },
  {
    name: 'a silent server is never left',
    file: 'src/state/valkey/silence.ts',
    find: "link.drop(linked, 'the store does not answer');",
    replace: 'return;',
    tests: run,
  },
  {
    name: 'a server that answers late is left',
    file: 'src/state/valkey/silence.ts',
    find: '(answeredAt.get(linked) ?? Number.NEGATIVE_INFINITY) < sentAt',
    replace: 'sentAt > Number.NEGATIVE_INFINITY',
    tests: run,
  },
  {
    name: 'the message of the server is repeated',
    file: 'src/state/valkey/failures.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the source
    find: '`${explanation} (${code})`',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a text of the source
    replace: '`${explanation} (${String(error)})`',
    tests: run,
  },
  {
    name: 'a replica stays connected',
    file: 'src/state/valkey/failures.ts',
    find: "new Set(['READONLY', ",
    replace: 'new Set([',
    tests: run,
  },
  {
    name: 'a command follows redirects without end',
    file: 'src/state/valkey/run.ts',
    find: ': send(other.link, command));',
    replace: ': send(other.link, command).catch(() => sendTo(key, command)));',
    tests: run,
  },
  {
    name: 'pauses between attempts do not grow',
    file: 'src/state/valkey/back-off.ts',
    find: 'first * 2 ** Math.min(failures, 10)',
    replace: 'first',
    tests: link,
  },
  {
    name: 'pauses between attempts have no limit',
    file: 'src/state/valkey/back-off.ts',
    find: 'Math.min(first * 2 ** Math.min(failures, 10), longest)',
    replace: 'first * 2 ** Math.min(failures, 10)',
    tests: link,
  },
  {
    name: 'pauses between attempts have no jitter',
    file: 'src/state/valkey/back-off.ts',
    find: '(0.5 + random / 2)',
    replace: '(1 + random * 0)',
    tests: link,
  },
  {
    name: 'an attempt to connect has no end',
    file: 'src/state/valkey/link.ts',
    find: "cancel = clock.after(attemptTimeout, () => fail('the store does not answer'));",
    replace: '',
    tests: link,
  },
  {
    name: 'a connection that is lost at once counts as a success',
    file: 'src/state/valkey/link.ts',
    find: 'if (clock.monotonic() - since >= stableAfter) failures = 0;',
    replace: 'failures = 0;',
    tests: link,
  },
  {
    name: 'an idle connection is not asked',
    file: 'src/state/valkey/heartbeat.ts',
    find: 'link.onReady(later);',
    replace: '',
    tests: link,
  },
  {
    name: 'after a reconnection, a feed is read from its last entry',
    file: 'src/state/valkey/feed-reader.ts',
    find: ' - rewindTime;',
    replace: ';',
    tests: feeds,
  },
  {
    name: 'a replica that is behind is not noticed',
    file: 'src/state/valkey/feed-reader.ts',
    find: 'Math.min(timeOf(position), timeOf(last[0]))',
    replace: 'timeOf(position)',
    tests: feeds,
  },
  {
    name: 'an entry that has ended counts',
    file: 'src/state/valkey/feed-reader.ts',
    find: 'if (left <= 0) return;',
    replace: '',
    tests: feeds,
  },
  {
    name: 'a feed is complete while entries wait',
    file: 'src/state/valkey/feed-reader.ts',
    find: 'if (isComplete) completeAt = startedAt;',
    replace: 'completeAt = startedAt;',
    tests: feeds,
  },
  {
    name: 'a feed is complete as of the answer, which can have waited in a paused process',
    file: 'src/state/valkey/feed-reader.ts',
    find: 'completeAt = startedAt;',
    replace: 'completeAt = clock.monotonic();',
    tests: feeds,
  },
  {
    name: 'a receiver that throws ends the feed',
    file: 'src/state/valkey/feed-reader.ts',
    find: 'onDefect(error);',
    replace: 'throw error;',
    tests: ['test/state/valkey/servers/outages.test.ts'],
    project: 'live',
  },
  {
    name: 'own entries are not written again',
    file: 'src/state/valkey/feeds.ts',
    find: 'nodes.onReady(own.writeAgain);',
    replace: '',
    tests: feeds,
  },
  {
    name: 'own entries are kept without a limit',
    file: 'src/state/valkey/own-entries.ts',
    find: 'if (entries.length >= maxEntries)',
    replace: 'if (entries.length < 0)',
    tests: feeds,
  },
  {
    name: 'a master that the sentinels no longer name stays connected',
    file: 'src/state/valkey/sentinel/sentinel-nodes.ts',
    find: "link.drop(linked, 'the sentinels name another master');",
    replace: 'return;',
    tests: nodes,
  },
  {
    name: 'a lost master of a cluster is looked for at the slow rate',
    file: 'src/state/valkey/cluster/cluster-nodes.ts',
    find: 'else if (wasReady) schedule();',
    replace: '',
    tests: nodes,
  },
  {
    name: 'the part of a key in braces does not count',
    file: 'src/state/valkey/cluster/slots.ts',
    find: 'close > open + 1 ? key.slice(open + 1, close) : key',
    replace: 'close > open + 1 ? key : key',
    tests: nodes,
  },
];
