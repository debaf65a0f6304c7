/** Writes allows from parts that many of them share. They equal those of the plain writer. */
import type { Decision } from '../../../model/decision.ts';
import type { Identity } from '../../../model/identity.ts';
import { reasons } from '../../../model/reasons.ts';
import { forgetOldest } from '../../../runtime/forget-oldest.ts';
import { type Frame, frameWritten, prefixBytes } from '../message/framing.ts';
import { createWriteDouble, utf8, type Written } from '../message/protobuf.ts';
import {
  afterHeader,
  beforeHeader,
  beforeText,
  verified,
  writeAllow,
  writeEntry,
  writeRemovals,
} from './check-response.ts';

/** Maximum number of parts of a kind that are stored. A token can have its own, for example a long list of scopes. */
const maxShared = 256;

/** A decision that allows. */
export type Allowed = Decision & { readonly outcome: 'allow' };

/** Writes an allow. @throws TypeError if the result does not allow */
export type WriteAllow = (decision: Allowed) => Frame;

/** Creates the writer of a configuration. @param join writes an allow of its parts */
export function createWriteAllow(join = writeAllow): WriteAllow {
  const removalsOf = shared(writeRemovals);
  const audiencesOf = shared((list: readonly string[]) => writeEntry('audiences', list));
  const scopesOf = shared((list: readonly string[]) => writeEntry('scopes', list));
  const issuerOf = shared((issuer: string) => writeEntry('issuer', issuer));
  const beforeSubject = shared((length: number) => beforeText('subject', length));
  const beforeValueOf = shared((name: string) => shared((length: number) => beforeHeader(name, length)));
  const reason = writeEntry('reason', 'allowed');
  const beforeExpiry = writeEntry('expires_at', 0).slice(0, -8);
  const doubleOf = createWriteDouble();

  const setHeader = (name: string, value: string): Written => {
    const written = utf8(value);
    return beforeValueOf(name)(written.length) + written + afterHeader;
  };
  const identityEntries = ({ issuer, subject, audiences, scopes, expiresAt }: Identity): Written => {
    let entries = issuerOf(issuer);
    if (subject !== undefined) {
      const written = utf8(subject);
      entries += beforeSubject(written.length) + written;
    }
    return entries + audiencesOf(audiences) + scopesOf(scopes) + beforeExpiry + doubleOf(expiresAt);
  };

  return ({ identity, forwarding, rule, policy, shadow }) => {
    let fields = '';
    for (const [name, value] of forwarding.set) fields += setHeader(name, value);
    let entries = reason;
    if (rule !== undefined) entries += writeEntry('rule', rule);
    if (policy !== undefined) entries += writeEntry('policy', policy);
    if (shadow !== undefined) entries += writeEntry('shadow', shadow);
    if (identity !== undefined) entries += identityEntries(identity);
    const allow = join(reasons.allowed.grpcCode, fields + removalsOf(forwarding.remove), entries);
    const answer = frameWritten(allow);
    verified(answer.frame, true, prefixBytes);
    return answer;
  };
}

/** Stores what a function returned for its last arguments. */
function shared<K, V>(make: (of: K) => V): (of: K) => V {
  const made = new Map<K, V>();
  return (of) => {
    const known = made.get(of);
    if (known !== undefined) return known;
    const value = make(of);
    made.set(of, value);
    forgetOldest(made, maxShared);
    return value;
  };
}
