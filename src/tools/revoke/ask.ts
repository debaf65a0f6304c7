/** Asks the admin listener of a running service to add, lift or list entries of the deny list in the store. */
import { type AdminAccess, askAdmin, jsonOf } from '../admin-client.ts';
import { NoAnswer, type OneResponse } from '../http-client.ts';

/** An entry, as the admin listener sends it. */
export interface SentRevocation {
  readonly id: string;
  readonly issuer: string;
  readonly jti?: string;
  readonly sub?: string;
  readonly sid?: string;
  readonly client_id?: string;
  readonly issuedBefore?: string;
  readonly note?: string;
  readonly added: string;
  readonly ends: string;
}

/** The list, as the admin listener sends it. */
export interface SentRevocations {
  readonly entries: readonly SentRevocation[];
  /** Entries that the service cannot read. */
  readonly unreadable: number;
  /** How long ago the service last knew that it has every entry; null if it never did. */
  readonly ageSeconds: number | null;
}

/** The action of the service. */
export type RevokeAction =
  | { readonly kind: 'revoke'; readonly entry: Readonly<Record<string, string | number>> }
  | { readonly kind: 'lift'; readonly id: string }
  | { readonly kind: 'list' };

/** The result of the action. */
export type RevokeResult =
  | { readonly kind: 'revoked' | 'lifted'; readonly entry: SentRevocation }
  | { readonly kind: 'list'; readonly list: SentRevocations };

/** Nothing was changed. The message says why. */
export class NothingChanged extends Error {}

/** A list of 10,000 entries with long values. */
const limits = { timeout: 15_000, maxBodyBytes: 32 * 1024 * 1024 };

/** Errors of a connection that was never made. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Asks the service.
 *
 * @throws NothingChanged if it refuses, or was not reached
 * @throws NoAnswer if it is not known whether it did what was asked
 */
export async function askRevocations(access: AdminAccess, action: RevokeAction): Promise<RevokeResult> {
  const response = await send(access, action);
  const isList = action.kind === 'list';
  if ([200, 201].includes(response.status)) {
    const answer = jsonOf(response, access, [200, 201]);
    if (isList && isListOf(answer)) return { kind: 'list', list: answer };
    if (!isList && isEntry(answer))
      return { kind: action.kind === 'revoke' ? 'revoked' : 'lifted', entry: answer };
    throw new NoAnswer(
      `${access.origin.origin} answers ${response.status} with other content; is it the admin listener of this version?`,
    );
  }
  const text = textOf(response, access);
  // The store of the service did not answer, so the service does not know.
  if (response.status === 504) throw new NoAnswer(text);
  throw new NothingChanged(text);
}

async function send(access: AdminAccess, action: RevokeAction): Promise<OneResponse> {
  try {
    if (action.kind === 'list') return await askAdmin(access, 'GET', '/revocations', undefined, limits);
    if (action.kind === 'lift') return await askAdmin(access, 'DELETE', `/revocations/${action.id}`);
    return await askAdmin(access, 'POST', '/revocations', JSON.stringify(action.entry));
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const { code } = (error.cause ?? {}) as { readonly code?: unknown };
    if (typeof code === 'string' && neverSent.has(code)) throw new NothingChanged(error.message);
    throw error;
  }
}

/** The text of another answer. `jsonOf` makes it safe for a terminal. */
function textOf(response: OneResponse, access: AdminAccess): string {
  try {
    jsonOf(response, access);
  } catch (error) {
    if (error instanceof NoAnswer) return error.message;
    throw error;
  }
  return `${access.origin.origin} answers ${response.status}`;
}

const texts = ['id', 'issuer', 'added', 'ends'] as const;
const optionalTexts = ['jti', 'sub', 'sid', 'client_id', 'issuedBefore', 'note'] as const;

function isEntry(value: unknown): value is SentRevocation {
  if (typeof value !== 'object' || value === null) return false;
  const members = value as Readonly<Record<string, unknown>>;
  return (
    texts.every((name) => typeof members[name] === 'string') &&
    optionalTexts.every((name) => ['string', 'undefined'].includes(typeof members[name]))
  );
}

function isListOf(value: unknown): value is SentRevocations {
  if (typeof value !== 'object' || value === null) return false;
  const { entries, unreadable, ageSeconds } = value as Readonly<Record<string, unknown>>;
  return (
    Array.isArray(entries) &&
    entries.every(isEntry) &&
    typeof unreadable === 'number' &&
    (ageSeconds === null || typeof ageSeconds === 'number')
  );
}
