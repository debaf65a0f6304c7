/** The words of the state page for problems that the service reports. */
import { expect, test } from 'vitest';
import { statePage } from '../../../src/transport/console/state-page.ts';
import { consoleContent } from '../../support/console.ts';

const now = Date.parse('2026-11-26T12:00:00Z');

test.each([
  [
    'configuration',
    'The configuration was not reloaded. The previous one has stayed in use since 2026-11-26 11:59:00 UTC (1 minute ago).',
  ],
  [
    'session keys',
    'The session keys were not reloaded. The previous ones have stayed in use since 2026-11-26 11:59:00 UTC (1 minute ago).',
  ],
  [
    'revocations',
    'The deny list of the store is not complete. Tokens that only the missing entries revoke have been allowed since 2026-11-26 11:59:00 UTC (1 minute ago).',
  ],
])('describes a problem of the %s', (what, expected) => {
  const problems = [{ what, files: [], problem: 'the cause', since: now - 60_000 }];
  const { markup } = statePage({ ...consoleContent().state(), problems }, now);
  expect(markup.replaceAll(/<[^>]*>/g, '')).toContain(expected);
});
