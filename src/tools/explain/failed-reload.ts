/** A failed reload of the service, as a note and as a fix of an explanation. */
import type { ServiceState } from '../../model/explanation.ts';

type FailedReload = ServiceState['failedReloads'][number];

/** The note: the failed reload, and the content that is in use. */
export function reloadNote({ what, files, problem, since }: FailedReload): string {
  const from = new Date(since).toISOString();
  const cause = problem.replaceAll(/\s*\n\s*/g, ' ');
  // The deny list of the store has no file that could be invalid.
  if (what === 'revocations') return `the deny list of the store is not complete since ${from}: ${cause}`;
  const isPlural = what.endsWith('s');
  return `the ${what}${files.length === 0 ? '' : ` (${files.join(', ')})`} ${isPlural ? 'have changed but are' : 'has changed but is'} invalid since ${from}: the service still uses the old ${isPlural ? 'ones' : 'one'}. ${cause}`;
}

/** The fixes: none for the deny list of the store, which denies nothing that is missing. */
export function reloadFixes({ what, files }: FailedReload): readonly string[] {
  return what === 'revocations'
    ? []
    : [
        `Correct ${files.length === 0 ? `the ${what}` : files.join(', ')} first. The service then loads it without a restart, with your last changes.`,
      ];
}
