/** The text output of `revoke`, for a terminal. */
import { counted, shown } from '../../config/values/detail-text.ts';
import type { RevokeResult, SentRevocation, SentRevocations } from './ask.ts';

/** Claims in the order of the output. */
const claims = ['jti', 'sub', 'sid', 'client_id'] as const;

/** An age that shows that the service does not hear from the store, in seconds. */
const oldAge = 5;

/** Writes the result as text. */
export function revokeText(result: RevokeResult): string {
  const lines =
    result.kind === 'list'
      ? listLines(result.list)
      : result.kind === 'lifted'
        ? [`lifted ${line(result.entry)}`, 'Within 1 s, no replica uses this entry.']
        : [
            `added ${line(result.entry)}`,
            `Within 1 s, every replica denies tokens and sessions with exactly ${claimsOf(result.entry)}.`,
            'The service cannot tell whether there are any.',
            ...(result.entry.sub === undefined
              ? []
              : [
                  'At most issuers, `sub` is an ID, not the name of a person: docs/revocation.md says how to find it.',
                ]),
            ...(deniesNewTokens(result.entry)
              ? ['It also denies new tokens. To allow those of a new login, write --issued-before now.']
              : []),
            `To undo it: oidc-authz revoke --lift ${shown(result.entry.id)}, with the same --admin.`,
          ];
  return `${lines.join('\n')}\n`;
}

function listLines({ entries, unreadable, ageSeconds }: SentRevocations): string[] {
  return [
    ...entries.map(line),
    counted(entries.length, 'entry', 'entries'),
    ...(unreadable === 0
      ? []
      : [
          `${unreadable} more cannot be read: other keys sealed them. They have no effect in this replica; see /readyz.`,
        ]),
    ...(ageSeconds === null
      ? ['The service has never read the list from the store, so it may have more entries.']
      : ageSeconds > oldAge
        ? [
            `The service last heard from the store ${ageSeconds} s ago. Entries that were added since are missing.`,
          ]
        : []),
  ];
}

function line(entry: SentRevocation): string {
  const { id, issuer, issuedBefore, note, ends } = entry;
  const named = claims.flatMap((name) => {
    const value = entry[name];
    return value === undefined ? [] : [`${name} ${shown(value)}`];
  });
  return [
    `${shown(id)}: ${named.join(', ')} of ${shown(issuer)}`,
    ...(issuedBefore === undefined ? [] : [`issued before ${shown(issuedBefore)}`]),
    `until ${shown(ends)}`,
    ...(note === undefined ? [] : [`note ${shown(note)}`]),
  ].join(', ');
}

/** The claims that a token must have, such as `this sub`. */
function claimsOf(entry: SentRevocation): string {
  const named = claims.filter((name) => entry[name] !== undefined);
  return `this ${named.join(' and this ')}`;
}

/** Whether the issuer can make more tokens that match. */
function deniesNewTokens({ jti, sid, issuedBefore }: SentRevocation): boolean {
  return jti === undefined && sid === undefined && issuedBefore === undefined;
}
